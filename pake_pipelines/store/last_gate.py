"""The last gate before Dagster's storage: nothing is written into its database before secrets are taken out of it.

Events, errors with their causes, ticks, heartbeats, tags and cursors all end as parameters of a statement. There they
are redacted, whichever part of Dagster wrote them. What reads them back finds the mask: a run whose own configuration
holds a secret would be launched without it, so secrets belong into the environment.
"""

import json
from typing import Any, Final

import sqlalchemy as db
from sqlalchemy.engine import Connection, make_url

from pake_pipelines.redaction import redact, redact_value

_guarded: Final[set[str | None]] = set()
_WRITES: Final = frozenset({"INSERT", "UPDATE"})


def guard(url: str) -> None:
    """Redact what this process writes into the database at `url`, over whichever engine."""
    if not _guarded:
        # the webserver makes engines of its own later on
        db.event.listen(db.Engine, "before_cursor_execute", _before, retval=True)
    _guarded.add(make_url(url).database)


def release() -> None:
    """Undo `guard`."""
    if _guarded:
        db.event.remove(db.Engine, "before_cursor_execute", _before)
    _guarded.clear()


def _before(
    connection: Connection, _: Any, statement: str, parameters: Any, __: Any, executemany: bool
) -> tuple[str, Any]:
    if connection.engine.url.database in _guarded and statement.lstrip()[:6].upper() in _WRITES:
        # an insert of many rows in one statement counts as `executemany`, and still has one set of parameters
        several = executemany and isinstance(parameters, list)
        parameters = [_cleaned(one) for one in parameters] if several else _cleaned(parameters)
    return statement, parameters


def _cleaned(parameters: Any) -> Any:
    if isinstance(parameters, dict):
        return {name: _clean(value) for name, value in parameters.items()}
    return tuple(_clean(value) for value in parameters or ())


def _clean(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    if value[:1] in {"{", "["}:
        try:
            read = json.loads(value)
        except ValueError:
            return redact(value)
        clean = redact_value(read)
        # a serialised object stays as it was written wherever nothing was found
        return value if clean == read else json.dumps(clean)
    return redact(value)
