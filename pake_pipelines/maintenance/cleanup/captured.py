"""The output of runs that Dagster captures in `dagster/<run id>/compute_logs`.

A run that is under way writes to its own, or has done so lately: run monitoring ends what takes longer than two hours,
and retention is in days. What a process has open is left alone all the same.
"""

import re
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from pake_pipelines.maintenance.cleanup.files import OpenFiles, below, size_of

_RUN: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_OUTPUT: Final = "compute_logs"


@dataclass(frozen=True, slots=True)
class Output:
    """What a run wrote, in bytes, and when it last did."""

    run_id: str
    bytes: int
    written_at: datetime


def old(directory: Path, now: datetime, days: float, held: OpenFiles) -> list[Output]:
    """Return the output of runs that wrote nothing for `days` and that nobody writes to."""
    limit = now - timedelta(days=days)
    return [one for one in _outputs(directory) if one.written_at < limit and not held.has(directory / one.run_id)]


def remove(directory: Path, outputs: Sequence[Output]) -> list[dict[str, str]]:
    """Delete `outputs`; return what could not be deleted, and why. Other files of a run stay."""
    failed = []
    for one in outputs:
        try:
            shutil.rmtree(directory / one.run_id / _OUTPUT)
            if not any((directory / one.run_id).iterdir()):
                (directory / one.run_id).rmdir()
        except OSError as error:
            failed.append({"file": one.run_id, "because": error.strerror or str(error)})
    return failed


def size(directory: Path) -> int:
    """Return the bytes of all captured output."""
    return sum(size_of(one / _OUTPUT) for one in _runs(directory))


def _outputs(directory: Path) -> Iterator[Output]:
    for run in _runs(directory):
        files = list(below(run / _OUTPUT))
        if files:
            yield Output(run.name, sum(one.bytes for one in files), max(one.modified_at for one in files))


def _runs(directory: Path) -> list[Path]:
    if not directory.is_dir():
        return []
    return sorted(
        one for one in directory.iterdir()
        if _RUN.fullmatch(one.name) and not one.is_symlink() and (one / _OUTPUT).is_dir()
        and not (one / _OUTPUT).is_symlink()
    )  # fmt: skip
