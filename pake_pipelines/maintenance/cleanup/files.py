"""Files below a directory as clean-up sees them, and who has them open. Symbolic links are not followed."""

import os
import stat
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Found:
    """A regular file: `path` relative to the directory, when it was last written, whether it has another name."""

    path: str
    bytes: int
    modified_at: datetime
    linked: bool = False


@dataclass(frozen=True, slots=True)
class OpenFiles:
    """Which files processes have open for writing, and how many processes could not be looked at."""

    paths: frozenset[str]
    unseen: int = 0

    def has(self, path: Path) -> bool:
        """Tell whether a process that could be looked at writes to `path`, or to a file below it."""
        wanted = os.path.realpath(path)
        return wanted in self.paths or any(one.startswith(f"{wanted}{os.sep}") for one in self.paths)


def below(directory: Path, without: Collection[str] = ()) -> Iterator[Found]:
    """Yield the regular files below `directory`, by path; not those in its own directories `without`.

    Nothing for a directory that is a symbolic link itself: what lies elsewhere is not ours to clean.
    """
    if directory.is_symlink():
        return
    for root, directories, names in os.walk(directory, followlinks=False):
        here = Path(root)
        directories[:] = sorted(name for name in directories if here != directory or name not in without)
        for name in sorted(names):
            try:
                status = (here / name).lstat()
            except FileNotFoundError:
                continue
            if stat.S_ISREG(status.st_mode):
                modified = datetime.fromtimestamp(status.st_mtime, UTC)
                path = str((here / name).relative_to(directory))
                yield Found(path, status.st_size, modified, status.st_nlink > 1)


def open_files(directory: Path) -> OpenFiles:
    """Return which files below `directory` a process has open for writing, this one included."""
    import psutil

    prefix, paths, unseen = os.path.realpath(directory) + os.sep, set(), 0
    for process in psutil.process_iter():
        try:
            for one in process.open_files():
                # only Linux tells how a file was opened; elsewhere any way counts
                if one.path.startswith(prefix) and getattr(one, "mode", "w") != "r":
                    paths.add(one.path)
        except psutil.NoSuchProcess:
            continue
        except (psutil.AccessDenied, OSError):
            unseen += 1
    return OpenFiles(frozenset(paths), unseen)


def size_of(directory: Path) -> int:
    """Return the bytes of all regular files below `directory` (LOG-07)."""
    return sum(one.bytes for one in below(directory))
