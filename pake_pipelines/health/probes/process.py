"""A process: the one that we started, or any with a certain command line."""

import os
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from pake_pipelines.config.services import ProcessService
from pake_pipelines.health import blocking, own_process
from pake_pipelines.health.probes.answer import Answer, Facts, healthy, unhealthy
from pake_pipelines.health.surroundings import Surroundings
from pake_pipelines.model.health import OwnProcess

if TYPE_CHECKING:
    import psutil

_MEGABYTE: Final = 1024 * 1024


async def probe(name: str, service: ProcessService, surroundings: Surroundings) -> Answer:
    """Look for the process of `service`, which is called `name`."""
    own = surroundings.processes.get(name)
    return await blocking.ask(("process", name, own, service.command_line), lambda: _look(service.command_line, own))


def _look(command_line: Sequence[str], own: OwnProcess | None) -> Answer:
    import psutil

    if command_line:
        process = _with_command_line(command_line)
        absent = "no process has this command line"
    else:
        process = own_process.find(own) if own is not None else None
        absent = "it was not started by us" if own is None else f"process {own.pid}, which we started, is gone"
    try:
        return unhealthy(absent) if process is None else _judge(process)
    except psutil.NoSuchProcess:
        return unhealthy(f"process {process.pid if process else ''} has just ended")


def _with_command_line(parts: Sequence[str]) -> "psutil.Process | None":
    """Return the first process that we may see whose command line holds all of `parts`, other than this one.

    One that runs is preferred to one that is stopped.
    """
    import psutil

    found = []
    for process in psutil.process_iter(["cmdline", "status"]):
        line = " ".join(process.info["cmdline"] or ())
        if process.pid != os.getpid() and line and all(part in line for part in parts):
            found.append(process)
    return min(found, key=lambda one: one.info["status"] == psutil.STATUS_STOPPED, default=None)


def _judge(process: "psutil.Process") -> Answer:
    import psutil

    with process.oneshot():
        status = process.status()
        facts: Facts = {
            "pid": process.pid,
            "status": str(status),
            "uptime_seconds": round(max(time.time() - process.create_time(), 0)),
        }
        if status in {psutil.STATUS_ZOMBIE, psutil.STATUS_DEAD}:
            return unhealthy(f"process {process.pid} has ended", facts=facts)
        if status in {psutil.STATUS_STOPPED, psutil.STATUS_TRACING_STOP}:
            return unhealthy(f"process {process.pid} was stopped by a signal and does nothing", facts=facts)
        memory = round(process.memory_info().rss / _MEGABYTE, 1)
    return healthy(f"process {process.pid} runs", facts={**facts, "memory_mb": memory})
