"""Temporary files and directories of ours in the data directory (MNT-33): what a killed process left behind.

Only names that we give to what is unfinished count, and the directory `tmp`. PostgreSQL's files, and scratch servers,
which remove their own leftovers, are not looked at.
"""

import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from pake_pipelines.maintenance.cleanup.files import OpenFiles, below

_PARTIAL: Final = re.compile(r"\.(backup|config|base)-\d{8}T\d{6}Z\.(partial|removing)")
_TEMPORARY: Final = ".tmp"
# the lake and the archive of the write-ahead log have their own keepers; the others are PostgreSQL's
_ELSEWHERE: Final = frozenset({"postgres", "postgres.new", "lake", "point-in-time", "tmp", "run"})
_SCRATCH: Final = ("scratch-", ".scratch-")


@dataclass(frozen=True, slots=True)
class Leftover:
    """A file or directory that nobody works on any more: path relative to the data directory, bytes, last change."""

    path: str
    bytes: int
    changed_at: datetime


def old(data: Path, now: datetime, hours: float, held: OpenFiles) -> list[Leftover]:
    """Return the leftovers that nobody has changed for `hours` and nobody has open."""
    limit = now - timedelta(hours=hours)
    return [one for one in _candidates(data) if one.changed_at < limit and not held.has(data / one.path)]


def remove(data: Path, leftovers: list[Leftover]) -> list[dict[str, str]]:
    """Remove `leftovers`; return what could not be removed, and why."""
    failed = []
    for one in leftovers:
        path = data / one.path
        try:
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)
        except OSError as error:
            failed.append({"file": one.path, "because": error.strerror or str(error)})
    return failed


def _candidates(data: Path) -> Iterator[Leftover]:
    if data.is_symlink() or not data.is_dir():
        return
    for one in below(data, without=_ELSEWHERE):
        inside = [part for part in Path(one.path).parts[:-1] if _PARTIAL.fullmatch(part)]
        if one.path.endswith(_TEMPORARY) and not inside:
            yield Leftover(one.path, one.bytes, one.modified_at)
    for pattern in ("*", "*/*"):
        for path in data.glob(pattern):
            if _PARTIAL.fullmatch(path.name) and path.is_dir() and path.parent.name not in _ELSEWHERE:
                yield _measured(data, path)
    working = data / "tmp"
    if working.is_dir() and not working.is_symlink():
        for path in sorted(working.iterdir()):
            if not path.name.startswith(_SCRATCH):
                yield _measured(data, path)


def _measured(data: Path, path: Path) -> Leftover:
    """Return a file or a whole directory; it changed when anything in it did."""
    status = path.lstat()
    inside = list(below(path)) if path.is_dir() else []
    own = 0 if path.is_dir() else status.st_size
    changed = [datetime.fromtimestamp(status.st_mtime, UTC), *(one.modified_at for one in inside)]
    return Leftover(str(path.relative_to(data)), own + sum(one.bytes for one in inside), max(changed))
