"""The log files of the data directory, and what goes into which (LOG-01, SEC-04)."""

import logging
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from pake_pipelines.config.loading import ConfigError, load_maintenance
from pake_pipelines.config.retention import Logs
from pake_pipelines.telemetry import guards
from pake_pipelines.telemetry.events import AUDIT, PERFORMANCE, SECURITY
from pake_pipelines.telemetry.files import LogFile
from pake_pipelines.telemetry.lines import Lines

if TYPE_CHECKING:
    from pake_pipelines.settings import Settings

_PACKAGE: Final = "pake_pipelines"
_KINDS: Final = frozenset({AUDIT, PERFORMANCE, SECURITY})
LEVELS: Final = ("DEBUG", "INFO", "WARNING", "ERROR")
FORMATS: Final = ("json", "text")

Wanted = Callable[[logging.LogRecord], bool]


def _only(logger: str) -> Wanted:
    return lambda record: record.name == logger


# below the directory `logs`; what has a file of its own is not repeated in the application's, errors are
FILES: Final[Mapping[str, Wanted]] = {
    "application.log": lambda record: record.name not in _KINDS,
    "errors.log": lambda record: record.levelno >= logging.ERROR,
    "audit.log": _only(AUDIT),
    "performance.log": _only(PERFORMANCE),
    "security/security.log": _only(SECURITY),
}


@dataclass(frozen=True, slots=True)
class _SetUp:
    directory: Path
    handlers: tuple[logging.Handler, ...]


_done: _SetUp | None = None


def set_up_logging(settings: "Settings", process: str, environ: Mapping[str, str] | None = None) -> None:
    """Have this process log into the files of `settings`, and redact whatever any of its loggers says.

    `process` says what it is (cli, dagster). Of other packages' loggers warnings and errors are kept. The files are
    opened for the first line. `LOG_LEVEL` and `LOG_FORMAT` win over `logs` in maintenance.yaml (LOG-05). A second call
    for the same directory changes nothing, one for another replaces the first.
    """
    global _done  # noqa: PLW0603  # logging is one per process
    directory = settings.data / "logs"
    if _done is not None and _done.directory == directory:
        return
    close_logging()
    logs, faults = _configured(settings, os.environ if environ is None else environ)
    _done = _SetUp(
        directory, tuple(_handler(directory / name, wanted, logs, process) for name, wanted in FILES.items())
    )
    for handler in _done.handlers:
        logging.getLogger().addHandler(handler)
    logging.getLogger(_PACKAGE).setLevel(logs.level)
    logging.getLogger("pake").setLevel(logging.INFO)
    guards.guard_records()
    for fault in faults:
        logging.getLogger(__name__).warning(fault)


def close_logging() -> None:
    """Undo `set_up_logging`."""
    global _done  # noqa: PLW0603  # logging is one per process
    if _done is None:
        return
    for handler in _done.handlers:
        logging.getLogger().removeHandler(handler)
        handler.close()
    for name in (_PACKAGE, "pake"):
        logging.getLogger(name).setLevel(logging.NOTSET)
    guards.release_records()
    _done = None


def _handler(path: Path, wanted: Wanted, logs: Logs, process: str) -> LogFile:
    handler = LogFile(path)
    handler.addFilter(wanted)
    handler.setFormatter(Lines(logs.format, process))
    return handler


def _configured(settings: "Settings", environ: Mapping[str, str]) -> tuple[Logs, list[str]]:
    """Return what the configuration and the environment say, and what is wrong with them."""
    faults = []
    try:
        logs = load_maintenance(settings.configs).logs
    except ConfigError as error:
        logs = Logs()
        faults.append(f"the logs are kept as if nothing were configured: {error}")
    chosen = {}
    for field, variable, known in (("level", "LOG_LEVEL", LEVELS), ("format", "LOG_FORMAT", FORMATS)):
        given = environ.get(variable, "").strip()
        fits = next((one for one in known if one.lower() == given.lower()), None)
        if fits is not None:
            chosen[field] = fits
        elif given:
            faults.append(f"{variable} is {given!r} and should be one of {', '.join(known)}")
    return logs.model_copy(update=chosen), faults
