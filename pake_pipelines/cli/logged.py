"""The command line's own log: into the project's files, and warnings on stderr."""

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import typer

from pake_pipelines.redaction import redact, redacted_traceback
from pake_pipelines.settings import SettingsError, get_settings
from pake_pipelines.telemetry import tracing
from pake_pipelines.telemetry.logs import close_logging, set_up_logging

_log: Final = logging.getLogger(__name__)
_EXPECTED: Final = "pake_pipelines."


@contextmanager
def logged() -> Iterator[None]:
    """Log what a command does; an error that nobody expects is logged and shown without secrets, and ends with 1."""
    try:
        set_up_logging(get_settings(), "cli")
    except SettingsError:
        # the command says so itself, if it needs any settings
        yield
        return
    shown = _Shown()
    logging.getLogger().addHandler(shown)
    try:
        yield
    except Exception as error:
        if type(error).__module__.startswith(_EXPECTED) or isinstance(error, typer.Exit | typer.Abort):
            raise
        _log.critical("%s ended by an error", " ".join(sys.argv[1:2]) or "pake", exc_info=error)
        sys.stderr.write(redacted_traceback(error) + "\n")
        raise SystemExit(1) from None
    finally:
        tracing.flush()
        logging.getLogger().removeHandler(shown)
        close_logging()


class _Shown(logging.Handler):
    """Prints warnings and errors of ours, as Python does where nobody logs."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)

    def emit(self, record: logging.LogRecord) -> None:
        """Print the message of `record`, unless it stands in a log of its own or is shown in full anyway."""
        if not record.name.startswith("pake.") and record.name != __name__:
            sys.stderr.write(redact(record.getMessage()) + "\n")
