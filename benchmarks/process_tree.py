"""What a tree of processes has used and holds: CPU time with that of ended children, memory as PSS (Linux)."""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

import psutil

_PARTS: Final = (  # the first that fits the command line; every tree has these parts and what is around them
    ("postgres", "postgres"),
    ("daemon", "dagster._daemon"),
    ("webserver", "dagster_webserver"),
    ("code server", "code-server"),
    ("code", "api grpc"),
)


class ProcessTree:
    """Some processes and all of their descendants, whoever they are at the moment."""

    def __init__(self, roots: Iterable[int]) -> None:
        """Watch the tree below the pids `roots`."""
        self._roots = [psutil.Process(pid) for pid in roots]

    def cpu_seconds(self) -> dict[str, float]:
        """Return user and system seconds per part since its start, those of ended children with their parent.

        A child that ended before its parent asked for it is missed until it is asked for.
        """
        used: dict[str, float] = {}
        for process, part in self._members():
            with suppress(psutil.NoSuchProcess):
                times = process.cpu_times()
                used[part] = used.get(part, 0) + times.user + times.system
                used[part] += times.children_user + times.children_system
        return used

    def pss_mb(self) -> dict[str, float]:
        """Return the memory per part: pages shared by n processes count 1/n with each of them."""
        held: dict[str, float] = {}
        for process, part in self._members():
            with suppress(FileNotFoundError, ProcessLookupError):
                held[part] = held.get(part, 0) + _pss_kb(process.pid) / 1024
        return held

    def _members(self) -> Iterator[tuple[psutil.Process, str]]:
        for root in self._roots:
            with suppress(psutil.NoSuchProcess):
                for process in (root, *root.children(recursive=True)):
                    with suppress(psutil.NoSuchProcess):
                        yield process, _part(process)


def _part(process: psutil.Process) -> str:
    command = " ".join(process.cmdline()) or process.name()
    return next((part for part, words in _PARTS if words in command), "others")


def _pss_kb(pid: int) -> int:
    rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
    return next((int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Pss:")), 0)
