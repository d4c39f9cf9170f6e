"""Telling a process that we started from another one that has got its pid since."""

from typing import TYPE_CHECKING, Final

from pake_pipelines.model.health import OwnProcess

if TYPE_CHECKING:
    import psutil

# the start of the system is told in whole seconds, and no pid comes round again as fast
_SAME_SECONDS: Final = 2.0


def identify(pid: int) -> OwnProcess | None:
    """Return what tells the running process `pid` from all others, None when there is none."""
    import psutil

    try:
        return OwnProcess(pid, _since_boot(psutil.Process(pid)))
    except psutil.NoSuchProcess:
        return None


def find(own: OwnProcess) -> "psutil.Process | None":
    """Return the process `own` if it is still there (a zombie is, too), and None if its pid is free or another's."""
    import psutil

    try:
        process = psutil.Process(own.pid)
        return process if abs(_since_boot(process) - own.created_at) <= _SAME_SECONDS else None
    except psutil.NoSuchProcess:
        return None


def _since_boot(process: "psutil.Process") -> float:
    """Return when `process` was made, in seconds since the system's start.

    psutil adds the moment of that start, which moves whenever the clock is set; taken off again, it does not matter.
    """
    import psutil

    return process.create_time() - psutil.boot_time()
