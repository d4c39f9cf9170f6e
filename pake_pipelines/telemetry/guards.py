"""Gates that redact what a process says by itself: every record of every logger, and what it prints to stderr.

Records are redacted when they are made, and so for all handlers: Dagster's own print to files that we do not write.
"""

import logging
import sys
import threading
from collections.abc import Callable
from types import TracebackType
from typing import IO, Any, Final

from pake_pipelines.redaction import redact, redacted_traceback

_Factory = Callable[..., logging.LogRecord]
_log: Final = logging.getLogger("pake_pipelines.process")


def guard_records() -> None:
    """Redact every record of this process from now on."""
    factory = logging.getLogRecordFactory()
    if not isinstance(factory, _Redacting):
        logging.setLogRecordFactory(_Redacting(factory))


def release_records() -> None:
    """Undo `guard_records`."""
    factory = logging.getLogRecordFactory()
    if isinstance(factory, _Redacting):
        logging.setLogRecordFactory(factory.inner)


class _Redacting:
    """Makes records whose message, traceback and stack hold no secret."""

    def __init__(self, inner: _Factory) -> None:
        self.inner = inner

    def __call__(self, *args: Any, **kwargs: Any) -> logging.LogRecord:
        record = self.inner(*args, **kwargs)
        _redact_message(record)
        error = record.exc_info[1] if record.exc_info else None
        if error is not None:
            # formatters of the standard library use this text instead of making one
            record.exc_text = redacted_traceback(error)
        if record.stack_info:
            record.stack_info = redact(record.stack_info)
        return record


def _redact_message(record: logging.LogRecord) -> None:
    try:
        said = record.getMessage()
    except Exception:  # noqa: BLE001  # Python would print message and arguments as they are
        record.msg, record.args = redact(f"{record.msg} {record.args}"), ()
        return
    clean = redact(said)
    if clean == said:
        return
    if isinstance(record.args, tuple) and isinstance(record.msg, str):
        # some formatters look at the arguments: uvicorn's takes the address of a request from them
        record.args = tuple(redact(one) if isinstance(one, str) else one for one in record.args)
        if record.args and record.getMessage() == clean:
            return
    record.msg, record.args = clean, ()


class RedactedStream:
    """A text stream that redacts line by line; everything else is the stream behind it."""

    def __init__(self, stream: IO[str]) -> None:
        """Write to `stream`."""
        self._stream = stream
        self._line = ""
        self._lock = threading.RLock()

    def write(self, text: str) -> int:
        """Write the lines that are whole, and keep the rest until its end comes or the stream is flushed."""
        with self._lock:
            whole, ending, self._line = (self._line + text).rpartition("\n")
            if ending:
                self._stream.write(redact(whole) + ending)
        return len(text)

    def writelines(self, lines: "list[str]") -> None:
        """Write `lines`."""
        self.write("".join(lines))

    def flush(self) -> None:
        """Write what is left, too."""
        with self._lock:
            rest, self._line = self._line, ""
            if rest:
                self._stream.write(redact(rest))
            self._stream.flush()

    def __getattr__(self, name: str) -> Any:
        """Return what the stream behind has."""
        return getattr(self._stream, name)


def guard_output() -> None:
    """Redact what this process prints from now on, tracebacks of errors that nobody handles among it."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is not None and not isinstance(stream, RedactedStream):
            setattr(sys, name, RedactedStream(stream))


def log_unhandled() -> None:
    """Log the error that ends this process or one of its threads, and print it redacted."""
    sys.excepthook = _unhandled
    threading.excepthook = _unhandled_in_thread


def _unhandled(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    if not isinstance(error, KeyboardInterrupt):
        _log.critical("an error ended the process", exc_info=(kind, error, trace), extra={"printed": True})
    sys.stderr.write(redacted_traceback(error) + "\n")


def _unhandled_in_thread(given: threading.ExceptHookArgs) -> None:
    error = given.exc_value
    if error is None or isinstance(error, SystemExit):
        return
    name = given.thread.name if given.thread else "of unknown name"
    _log.error("an error ended the thread %s", name, exc_info=(given.exc_type, error, given.exc_traceback))
    sys.stderr.write(redacted_traceback(error) + "\n")
