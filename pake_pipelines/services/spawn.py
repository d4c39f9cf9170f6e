"""Starting programs of services: argument lists without a shell, in a session of their own, their output in a file.

A program outlives whoever started it. Each bears the name of its service in its environment, as do all that it starts:
by that they are found even where nothing was written down, because the starter was killed.
"""

import asyncio
import os
import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from pake_pipelines.config.services import Command, Service
from pake_pipelines.crash import VARIABLE as CRASH_VARIABLE
from pake_pipelines.health import own_process
from pake_pipelines.model.health import OwnProcess
from pake_pipelines.services.errors import ServiceError
from pake_pipelines.settings import Settings, environment_for_children

MARK: Final = "PAKE_SERVICE"
_LONGEST_LOG: Final = 5_000_000
_LAST_BYTES: Final = 4096
_LAST_LINES: Final = 5
_LONGEST_WORDS: Final = 500
_SECRET: Final = re.compile(r"PASS|SECRET|TOKEN|KEY|CREDENTIAL|_URL$", re.IGNORECASE)
# a shorter value stands in many words, and hiding it hides nothing
_SHORTEST_SECRET: Final = 4

# Popen complains when it is forgotten before its program has ended, and only who started a program can reap it
_started: "set[subprocess.Popen[bytes]]" = set()


@dataclass(frozen=True)
class Program:
    """A running program of a service, the file of its output, and how much of that is older than the program."""

    command: Command
    process: "subprocess.Popen[bytes]"
    own: OwnProcess | None
    log: Path
    log_start: int
    secrets: tuple[str, ...] = field(default=(), repr=False)

    def last_words(self) -> str:
        """Return the last lines of its output in one line, without the secrets of its environment."""
        try:
            with self.log.open("rb") as file:
                size = file.seek(0, os.SEEK_END)
                file.seek(max(self.log_start, size - _LAST_BYTES))
                text = file.read(_LAST_BYTES).decode(errors="replace")
        except OSError as error:
            # somebody has tidied up: that must not hide how the program ended
            return f"unknown ({error.strerror})"
        lines = [line.strip() for line in text.splitlines() if line.strip()]
        words = " | ".join("".join(filter(str.isprintable, line)) for line in lines[-_LAST_LINES:])
        for secret in self.secrets:
            words = words.replace(secret, "***")
        return re.sub(r"(://[^/\s:@]*):[^/\s@]*@", r"\1:***@", words)[-_LONGEST_WORDS:] or "it said nothing"

    def how_it_ended(self) -> str | None:
        """Return how the program ended, with its last words; None while it runs and when it ended well."""
        code = self.process.poll()
        if not code:
            return None
        how = f"ended with exit code {code}" if code > 0 else f"was ended by signal {-code}"
        return f"`{self.command[0]}` {how}: {self.last_words()} (log: {self.log})"


def log_file(settings: Settings, name: str) -> Path:
    """Return the file that the output of `name` goes to."""
    return settings.data / "logs" / "services" / f"{name}.log"


def spawn(name: str, service: Service, command: Command, settings: Settings, environ: Mapping[str, str]) -> Program:
    """Start `command` for the service `name`. Raises ServiceError when it cannot be started.

    It runs in `working_directory` (from home; home itself without one), in the environment `environ`.
    """
    _reap()
    directory = settings.home / (service.working_directory or "")
    if not directory.is_dir():
        raise ServiceError(f"{name} cannot be started: {directory} is no directory (working_directory)")
    log = log_file(settings, name)
    log.parent.mkdir(parents=True, exist_ok=True)
    if log.exists() and log.stat().st_size > _LONGEST_LOG:
        log.replace(log.with_suffix(".log.1"))
    with os.fdopen(os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "ab") as sink:
        start = sink.tell()
        try:
            process = subprocess.Popen(
                command,
                cwd=directory,
                env=_environment(name, settings, environ),
                stdin=subprocess.DEVNULL,
                stdout=sink,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        except OSError as error:
            raise ServiceError(
                f"{name} cannot be started: `{command[0]}`: {error.strerror}; "
                f"see services.{name} in configs/monitoring.yaml (no shell reads it: one element for each argument)"
            ) from error
    _started.add(process)
    return Program(command, process, own_process.identify(process.pid), log, start, _secrets(environ))


async def ended(program: Program, seconds: float) -> bool:
    """Wait at most `seconds` for `program` to end; return whether it has."""
    loop = asyncio.get_running_loop()
    deadline, pause = loop.time() + seconds, 0.02
    while program.process.poll() is None:
        if loop.time() >= deadline:
            return False
        await asyncio.sleep(pause)
        pause = min(2 * pause, 0.5)
    return True


def mark_of(name: str, settings: Settings) -> str:
    """Return what the environment of every program of the service `name` of this project has under `MARK`."""
    return f"{settings.home}:{name}"


def _environment(name: str, settings: Settings, environ: Mapping[str, str]) -> dict[str, str]:
    inherited = {**environ, **{key: environment_for_children(settings)[key] for key in ("PAKE_HOME", "PAKE_DATA_DIR")}}
    inherited.pop(CRASH_VARIABLE, None)
    return {**inherited, MARK: mark_of(name, settings)}


def _secrets(environ: Mapping[str, str]) -> tuple[str, ...]:
    """Return the values that are secret by the names of their variables, the longest first."""
    found = {value for name, value in environ.items() if _SECRET.search(name) and len(value) >= _SHORTEST_SECRET}
    return tuple(sorted(found, key=len, reverse=True))


def _reap() -> None:
    _started.difference_update([process for process in _started if process.poll() is not None])
