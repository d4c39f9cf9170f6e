"""What has a log of its own: audit, performance and security events (LOG-01, SEC-04).

Their loggers stand beside the package's, so that Dagster does not show them among the events of a run as well.
"""

import logging
from typing import Any, Final

AUDIT: Final = "pake.audit"
PERFORMANCE: Final = "pake.performance"
SECURITY: Final = "pake.security"
FIELDS: Final = "pake_fields"

# without log files these events go nowhere; Python would print them to stderr instead
logging.getLogger("pake").addHandler(logging.NullHandler())


def audit_event(action: str, **fields: Any) -> None:
    """Note what somebody did: `actor`, `subject` and what is special to the action."""
    logging.getLogger(AUDIT).info(action, extra={FIELDS: fields})


def performance_event(operation: str, seconds: float, **fields: Any) -> None:
    """Note how long something took, with its counts."""
    logging.getLogger(PERFORMANCE).info(operation, extra={FIELDS: {"seconds": round(seconds, 3), **fields}})


def security_event(kind: str, **fields: Any) -> None:
    """Note something that somebody should look at in its own right: a refused address, refused credentials."""
    logging.getLogger(SECURITY).warning(kind, extra={FIELDS: {"security_event": kind, **fields}})


def fields_of(record: logging.LogRecord) -> dict[str, Any]:
    """Return the fields that one of the functions above gave to `record`."""
    return dict(getattr(record, FIELDS, {}))
