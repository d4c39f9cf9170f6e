"""Ending the programs of a service: politely, then not (SVC-16)."""

import asyncio
import os
import signal
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from pake_pipelines.health import own_process
from pake_pipelines.model.health import OwnProcess
from pake_pipelines.services.errors import ServiceError
from pake_pipelines.services.spawn import MARK, mark_of
from pake_pipelines.settings import Settings

if TYPE_CHECKING:
    import psutil

_KILL_SECONDS: Final = 5


async def end_programs(name: str, recorded: OwnProcess | None, seconds: float, settings: Settings) -> int:
    """End everything that we started for `name`: TERM, and KILL after `seconds`; return how many processes that were.

    A pid that belongs to somebody else by now is left alone. Raises ServiceError when something cannot be ended.
    """
    found = programs_of(name, recorded, settings)
    _tell(found, signal.SIGTERM)
    # one that is stopped hears of it only once it goes on
    _tell(found, signal.SIGCONT)
    if not await _gone(name, recorded, seconds, settings):
        _tell(programs_of(name, recorded, settings), signal.SIGKILL)
        if not await _gone(name, recorded, _KILL_SECONDS, settings):
            left = ", ".join(str(one.pid) for one in programs_of(name, recorded, settings))
            raise ServiceError(f"{name} cannot be stopped: process {left} outlives even KILL; look at it with `ps`")
    return len(found)


def programs_of(name: str, recorded: OwnProcess | None, settings: Settings) -> "list[psutil.Process]":
    """Return the running processes of the service `name`: those that bear its mark, and the recorded one's group."""
    leader = own_process.find(recorded) if recorded else None
    group = leader.pid if leader else None
    return [one for one in _running() if _bears(one, mark_of(name, settings)) or (group and _group(one) == group)]


def _running() -> "list[psutil.Process]":
    import psutil

    own = os.getpid()
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if process.pid != own and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
    return found


def _bears(process: "psutil.Process", mark: str) -> bool:
    import psutil

    try:
        return process.environ().get(MARK) == mark
    except (psutil.Error, OSError):
        return False  # somebody else's, or gone


def _group(process: "psutil.Process") -> int | None:
    with suppress(OSError):
        return os.getpgid(process.pid)
    return None


def _tell(found: "list[psutil.Process]", what: signal.Signals) -> None:
    import psutil

    for process in found:
        with suppress(psutil.Error):
            process.send_signal(what)


async def _gone(name: str, recorded: OwnProcess | None, seconds: float, settings: Settings) -> bool:
    loop = asyncio.get_running_loop()
    deadline, pause = loop.time() + seconds, 0.02
    while programs_of(name, recorded, settings):
        if loop.time() >= deadline:
            return False
        await asyncio.sleep(pause)
        pause = min(2 * pause, 0.5)
    return True
