"""Files below a directory: listed and read through descriptors, so that no link leads out and nothing hangs."""

import errno
import itertools
import os
import stat
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path, PurePosixPath
from typing import Final

from pake_pipelines.sources.protocol import SourceError
from pake_pipelines.sources.scrub import scrub

# the name is the item's key, and PostgreSQL indexes no key of more than 2,704 bytes
_LONGEST_NAME: Final = 1000
_PASSED_OVER: Final = (".", "~$")  # hidden names, and the locks that office programs put beside an open document
_MOST_NAMES: Final = 200_000
_DEEPEST: Final = 32
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_EARLIEST: Final = datetime(1, 1, 1, tzinfo=UTC)
_LATEST: Final = datetime(9999, 12, 31, tzinfo=UTC)
_DIRECTORY: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
# without O_NONBLOCK, opening a pipe that took a file's place would wait for its writer
_FILE: Final = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC
# what opening a name says when another has taken its place since it was listed
_MOVED: Final = frozenset({errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.ENXIO})


@dataclass(frozen=True, slots=True)
class FileSeen:
    """A regular file of a listing: its path below the root with slashes, its modification time, its size in bytes."""

    name: str
    modified_ns: int
    size: int

    @property
    def modified_at(self) -> datetime:
        """The modification time in whole microseconds, as PostgreSQL keeps it; out of range the nearest there is."""
        try:
            return _EPOCH + timedelta(microseconds=self.modified_ns // 1000)
        except OverflowError:
            return _LATEST if self.modified_ns > 0 else _EARLIEST


@dataclass(frozen=True, slots=True)
class Refused:
    """A name that is there and is not read."""

    name: str
    reason: str
    detail: str


@dataclass(frozen=True, slots=True)
class Listing:
    """What is below a directory, in order of names.

    `unlisted` are the directories that could not be looked into: whether their files are still there is not known.
    """

    files: list[FileSeen] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)
    unlisted: list[str] = field(default_factory=list)


def list_files(root: Path, suffixes: frozenset[str], *, most: int = _MOST_NAMES, deepest: int = _DEEPEST) -> Listing:
    """List the files below `root` whose suffix, in lower case, is one of `suffixes`.

    Hidden names and the locks of office programs (`~$report.docx`) are passed over; links are refused, except that
    `root` itself may be one. Raises SourceError: missing, unreadable, or too_large beyond `most` names of any kind.
    """
    walk = _Walk(root, suffixes, most, deepest)
    while walk.directories:
        walk.look_into(walk.directories.pop())
    for found in (walk.listing.files, walk.listing.refused):
        found.sort(key=lambda one: one.name)
    return walk.listing


def read_file(root: Path, seen: FileSeen) -> bytes | Refused | None:
    """Read a listed file; None when it is no longer what was listed or changes while it is read."""
    try:
        with _opened(root, seen.name, _FILE) as descriptor:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                return None
            with os.fdopen(descriptor, "rb", closefd=False) as file:
                body = file.read(seen.size + 1)
            found = os.fstat(descriptor)
    except OSError as error:
        return None if error.errno in _MOVED else Refused(seen.name, "unreadable", error.strerror or str(error))
    same = (found.st_mtime_ns, found.st_size) == (seen.modified_ns, seen.size) and len(body) == seen.size
    return body if same else None


class _Walk:
    """A walk through directories from the top; a directory's place is its path below the root."""

    def __init__(self, root: Path, suffixes: frozenset[str], most: int, deepest: int) -> None:
        self.listing = Listing()
        self.directories = [""]
        self._root = root
        self._suffixes = suffixes
        self._most = self._left = most
        self._deepest = deepest

    def look_into(self, directory: str) -> None:
        """Sort in everything that is in `directory`."""
        try:
            with _opened(self._root, directory, _DIRECTORY) as descriptor, os.scandir(descriptor) as entries:
                for entry in self._all_of(entries):
                    if not entry.name.startswith(_PASSED_OVER):
                        self._sort_in(f"{directory}/{entry.name}" if directory else entry.name, entry)
        except OSError as error:
            if not directory:
                raise _no_folder(self._root, error) from error
            if error.errno not in _MOVED:
                self._leave(directory, "unreadable", error.strerror or str(error))

    def _all_of(self, entries: Iterable[os.DirEntry[str]]) -> list[os.DirEntry[str]]:
        found = list(itertools.islice(entries, self._left + 1))
        self._left -= len(found)
        if self._left < 0:
            raise SourceError("too_large", f"{self._root}: more than {self._most} names in it; read its sub-folders")
        return found

    def _sort_in(self, path: str, entry: os.DirEntry[str]) -> None:
        readable = PurePosixPath(path).suffix.lower() in self._suffixes
        if entry.is_dir(follow_symlinks=False):
            self._sort_in_directory(path)
        elif readable and not _is_storable(path):
            self._refuse(path, "name", "its name is not valid UTF-8 or too long")
        elif readable:
            self._sort_in_file(path, entry)

    def _sort_in_directory(self, path: str) -> None:
        if not _is_storable(path):
            self._leave(path, "name", "its name is not valid UTF-8 or too long")
        elif path.count("/") >= self._deepest:
            self._leave(path, "too_deep", f"folders are read {self._deepest} levels deep")
        else:
            self.directories.append(path)

    def _sort_in_file(self, path: str, entry: os.DirEntry[str]) -> None:
        try:
            found = entry.stat(follow_symlinks=False)
        except FileNotFoundError:
            return
        except OSError as error:
            self._refuse(path, "unreadable", error.strerror or str(error))
            return
        if stat.S_ISREG(found.st_mode):
            self.listing.files.append(FileSeen(path, found.st_mtime_ns, found.st_size))
        elif stat.S_ISLNK(found.st_mode):
            self._refuse(path, "outside", "a link that may lead out of the folder is not followed")
        else:
            self._refuse(path, "not_a_file", "it is a pipe, a socket or a device, not a file")

    def _leave(self, directory: str, reason: str, detail: str) -> None:
        self.listing.unlisted.append(directory)
        self._refuse(directory, reason, detail)

    def _refuse(self, path: str, reason: str, detail: str) -> None:
        self.listing.refused.append(Refused(scrub(path)[:_LONGEST_NAME], reason, detail))


def _is_storable(path: str) -> bool:
    return path == scrub(path) and len(path.encode()) <= _LONGEST_NAME


def _no_folder(root: Path, error: OSError) -> SourceError:
    if error.errno in {errno.ENOENT, errno.ENOTDIR}:
        return SourceError("missing", f"{root}: no such folder")
    return SourceError("unreadable", f"{root}: {error.strerror or error}")


@contextmanager
def _opened(root: Path, path: str, flags: int) -> Iterator[int]:
    """Open `path` below `root` step by step, each step from the directory before it and through no link."""
    steps: Sequence[str] = path.split("/") if path else ()
    descriptor = os.open(root, flags if not steps else _DIRECTORY)
    try:
        for number, step in enumerate(steps, start=1):
            how = flags if number == len(steps) else _DIRECTORY
            inner = os.open(step, how | os.O_NOFOLLOW, dir_fd=descriptor)
            os.close(descriptor)
            descriptor = inner
        yield descriptor
    finally:
        os.close(descriptor)
