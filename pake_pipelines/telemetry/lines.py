"""A record as one line: JSON, or text for people; redacted, with the run that it belongs to (LOG-05, LOG-06)."""

import logging
import os
from collections.abc import MutableMapping
from datetime import UTC, datetime
from typing import Any, Final, Literal

from pake_pipelines.redaction import redact_value, redacted_traceback
from pake_pipelines.telemetry.context import correlation
from pake_pipelines.telemetry.events import fields_of

Format = Literal["json", "text"]
# more than any sensible message; an error may quote a whole page
_LONGEST: Final = 20_000
_FIRST: Final = ("timestamp", "level", "component", "event")
_TRACEBACK: Final = "traceback"

_Event = MutableMapping[str, Any]


class Lines(logging.Formatter):
    """Renders records with structlog, which is imported for the first of them: many processes never log anything."""

    def __init__(self, form: Format, process: str) -> None:
        """Render in `form` what `process` (cli, run, daemon ...) logs."""
        super().__init__()
        self._form = form
        self._process = process
        self._formatter: logging.Formatter | None = None

    def format(self, record: logging.LogRecord) -> str:
        """Return `record` as one line of JSON; as text a traceback follows on lines of its own."""
        if self._formatter is None:
            self._formatter = self._made()
        return self._formatter.format(record)

    def _made(self) -> logging.Formatter:
        import orjson
        from structlog.processors import JSONRenderer
        from structlog.stdlib import ProcessorFormatter

        def serialised(event: Any, **_: Any) -> str:
            return orjson.dumps(event, default=str, option=orjson.OPT_NON_STR_KEYS).decode()

        return ProcessorFormatter(
            foreign_pre_chain=[self._fields],
            processors=[
                ProcessorFormatter.remove_processors_meta,
                _redacted,
                JSONRenderer(serialised) if self._form == "json" else _text,
            ],
        )

    def _fields(self, _: Any, __: str, event: _Event) -> _Event:
        record: logging.LogRecord = event["_record"]
        found: _Event = {
            "timestamp": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "component": record.name,
            "event": event["event"],
            **correlation(),
            **fields_of(record),
            "process": self._process,
            "pid": os.getpid(),
        }
        error = record.exc_info[1] if record.exc_info else None
        if error is not None:
            found["error"] = type(error).__name__
            found["error_message"] = str(error)
            found[_TRACEBACK] = redacted_traceback(error)
        elif record.exc_text or record.stack_info:
            found[_TRACEBACK] = record.exc_text or record.stack_info
        return {**found, **{name: event[name] for name in ("_record", "_from_structlog")}}


def _redacted(_: Any, __: str, event: _Event) -> _Event:
    clean: _Event = redact_value(event)
    return {name: _cut(value) for name, value in clean.items()}


def _cut(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    # half of a pair, as broken mail has them, is nothing that JSON can hold
    value = value if value.isascii() else value.encode(errors="backslashreplace").decode()
    return f"{value[:_LONGEST]}… ({len(value)} characters)" if len(value) > _LONGEST else value


def _text(_: Any, __: str, event: _Event) -> str:
    timestamp, level, component, said = (_one_line(event[name]) for name in _FIRST)
    rest = " ".join(f"{name}={_one_line(one)!r}" for name, one in event.items() if name not in {*_FIRST, _TRACEBACK})
    below = "".join(f"\n    | {line}" for line in str(event.get(_TRACEBACK, "")).splitlines())
    return f"{timestamp} {level.upper()} {component}: {said} {rest}{below}"


def _one_line(value: Any) -> str:
    """Return `value` without line ends and control characters, so that no message can forge a line."""
    return "".join(one if one.isprintable() else f"\\x{ord(one):02x}" for one in str(value))
