"""The log files of a project, read the newest first and no further than there is time for.

Only our own files are read, those that were renamed and packed among them; `errors.log` repeats what the others have.
"""

import os
import re
import stat
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from gzip import BadGzipFile, GzipFile
from pathlib import Path
from typing import IO, Final

from pake_pipelines.reports.log.lines import Tally, stamp, tally
from pake_pipelines.telemetry.logs import FILES

MOST_BYTES: Final = 100_000_000
"""Unpacked; about a second of reading."""

_COPIES: Final = frozenset({"errors.log"})
_OURS: Final = re.compile(
    rf"({'|'.join(re.escape(name) for name in FILES if name not in _COPIES)})(?:\.\d{{4}}-\d\d-\d\d(?:\.\d+)?)?(\.gz)?"
)
_MOST_PACKED: Final = 1032
_CHUNK: Final = 1 << 20
_LONGEST_LINE: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class LogFile:
    """A file of ours: `bytes` unpacked, as far as a packed file tells."""

    path: Path
    name: str
    packed: bool
    bytes: int
    written_at: datetime


@dataclass(frozen=True, slots=True)
class ReadFile:
    """How much of a file was read, in bytes, and what was wrong with it."""

    file: LogFile
    read: int
    fault: str = ""


@dataclass(frozen=True, slots=True)
class LogReading:
    """What the lines came to. `whole_since` is since when no line is missing that should have been read."""

    tally: Tally
    files: tuple[ReadFile, ...]
    whole_since: datetime | None

    @property
    def bytes(self) -> int:
        """What there was to be read."""
        return sum(one.file.bytes for one in self.files)

    @property
    def read(self) -> int:
        """What was read of it."""
        return sum(one.read for one in self.files)


def read_logs(
    logs: Path, since: datetime, middle: datetime, until: datetime, most_bytes: int = MOST_BYTES
) -> LogReading:
    """Count the lines written from `since` until before `until`; files that end before that are not opened.

    No more than `most_bytes` are read, of the newest files and of the ends of files: what was left out is told by
    `whole_since`. A file that cannot be read is told of, and stops no other.
    """
    found, files, whole_since = tally(since, middle, until), [], stamp(since)
    for file in sorted(_files(logs), key=lambda one: one.written_at, reverse=True):
        if file.written_at < since:
            continue
        before, found.oldest = found.oldest, None
        one = _read(file, found, most_bytes)
        if one.read < file.bytes or one.fault:
            # lines older than the oldest that was read may be missing; of a file of which none was read, all may be
            whole_since = max(whole_since, found.oldest or stamp(min(file.written_at, until)))
        found.oldest = min((at for at in (before, found.oldest) if at is not None), default=None)
        files.append(one)
        most_bytes -= one.read
    if found.oldest is None:
        return LogReading(found, tuple(files), None)
    return LogReading(found, tuple(files), datetime.fromisoformat(max(whole_since, found.oldest)))


def _files(logs: Path) -> Iterator[LogFile]:
    for path in (*_in(logs), *_in(logs / "security")):
        name = str(path.relative_to(logs))
        known = _OURS.fullmatch(name)
        if known is None:
            continue
        try:
            status = path.lstat()
        except FileNotFoundError:
            continue
        if stat.S_ISREG(status.st_mode):
            packed = known[2] is not None
            size = _unpacked(path, status.st_size) if packed else status.st_size
            yield LogFile(path, name, packed, size, datetime.fromtimestamp(status.st_mtime, UTC))


def _in(directory: Path) -> list[Path]:
    try:
        return list(directory.iterdir())
    except (FileNotFoundError, NotADirectoryError):
        return []


def _unpacked(path: Path, packed: int) -> int:
    """Return the size that a packed file says it has unpacked (RFC 1952: its last four bytes, modulo 2^32).

    One that says more than deflate can pack is broken, and is tried.
    """
    try:
        with path.open("rb") as file:
            file.seek(max(0, packed - 4))
            told = int.from_bytes(file.read(4), "little")
    except OSError:
        return packed
    return told if told <= _MOST_PACKED * packed else packed


def _read(file: LogFile, found: Tally, most_bytes: int) -> ReadFile:
    if most_bytes <= 0 or (file.packed and file.bytes > most_bytes):
        # the end of a packed file, which is what would be wanted, cannot be read without all before it
        return ReadFile(file, 0)
    read = 0
    try:
        for lines, size in _lines(file, most_bytes):
            read += size
            for line in lines:
                found.count(line)
    except (OSError, EOFError, zlib.error, BadGzipFile) as error:
        return ReadFile(file, read, (error.strerror if isinstance(error, OSError) else None) or str(error))
    return ReadFile(file, read)


def _lines(file: LogFile, most_bytes: int) -> Iterator[tuple[list[bytes], int]]:
    """Yield some whole lines at a time, with the bytes that were read for them."""
    with os.fdopen(os.open(file.path, os.O_RDONLY | os.O_NOFOLLOW), "rb") as opened:
        if file.packed:
            with GzipFile(fileobj=opened) as unpacked:
                yield from _chunks(unpacked, most_bytes)
            return
        start = max(0, file.bytes - most_bytes)
        opened.seek(start)
        if start:
            opened.readline(_LONGEST_LINE)
        yield from _chunks(opened, file.bytes - start)


def _chunks(file: "IO[bytes] | GzipFile", most_bytes: int) -> Iterator[tuple[list[bytes], int]]:
    rest = b""
    while most_bytes > 0 and (chunk := file.read(min(_CHUNK, most_bytes))):
        most_bytes -= len(chunk)
        lines = chunk.split(b"\n")
        lines[0] = rest + lines[0]
        rest = lines.pop()[:_LONGEST_LINE]
        yield lines, len(chunk)
    yield [rest], 0
