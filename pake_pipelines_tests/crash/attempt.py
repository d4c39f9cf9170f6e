"""An attempt at a run, and the process that makes it."""

import multiprocessing
from dataclasses import dataclass
from multiprocessing.connection import wait
from pathlib import Path
from threading import Lock
from typing import Final

from pake_pipelines.crash import CrashPoint

_LONGEST_RUN: Final = 60

# starting a process also asks after all others, and the answer to that is given only once
_one_at_a_time = Lock()
_forks = multiprocessing.get_context("forkserver")
_forks.set_forkserver_preload(["pake_pipelines_tests.crash.child"])


@dataclass(frozen=True)
class Attempt:
    """A run of one day's partition: on which project, and at which reach of which crash point it dies, if at all."""

    home: Path
    data: Path
    database_url: str
    day: str
    crash_at: CrashPoint | None = None
    reach: int = 1
    plant: str | None = None

    @property
    def trace(self) -> Path:
        """File with one line for each crash point that the run came by."""
        return self.data / "trace"

    @property
    def output(self) -> Path:
        """File with what the run printed."""
        return self.data / "output"


def carry_out(attempt: Attempt) -> int | None:
    """Make `attempt` in a process of its own; return how that ended, as `Popen.returncode` says it."""
    process = _forks.Process(target=_in_child, args=(attempt,))
    with _one_at_a_time:
        process.start()
    ended = wait([process.sentinel], _LONGEST_RUN)
    with _one_at_a_time:
        if not ended:
            process.kill()
        process.join()
    assert ended, f"a run took longer than {_LONGEST_RUN} s:\n{attempt.output.read_text()[-4000:]}"
    return process.exitcode


def _in_child(attempt: Attempt) -> None:
    # only the fork server has imported this, and all that hangs on it, before
    from pake_pipelines_tests.crash.child import ingest

    ingest(attempt)
