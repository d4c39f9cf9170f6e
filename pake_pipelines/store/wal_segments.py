"""Segments of the write-ahead log by their names, and what an archive of them holds.

A name is three numbers of eight hexadecimal digits: timeline, and the segment's number in two parts.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from pake_pipelines.store.wal_archiver import SUFFIX

# of 16 MB each, which initdb makes unless it is told otherwise: so many share the second number
_PER_LOG: Final = 0x100
_SEGMENT_BYTES: Final = 16 * 1024 * 1024
_NAME: Final = re.compile(r"([0-9A-F]{8})([0-9A-F]{8})([0-9A-F]{8})")


@dataclass(frozen=True, slots=True, order=True)
class Segment:
    """A segment: `number` counts from the beginning of the log."""

    timeline: int
    number: int

    @property
    def name(self) -> str:
        """Return its name as the server writes it."""
        return f"{self.timeline:08X}{self.number // _PER_LOG:08X}{self.number % _PER_LOG:08X}"

    @classmethod
    def of(cls, name: str) -> "Segment | None":
        """Return the segment called `name`; None for histories and notes."""
        found = _NAME.fullmatch(name)
        if found is None:
            return None
        timeline, high, low = (int(part, 16) for part in found.groups())
        return cls(timeline, high * _PER_LOG + low)

    @classmethod
    def at(cls, timeline: int, lsn: str) -> "Segment":
        """Return the segment that holds the byte at `lsn` (`high/low`, hexadecimal)."""
        high, _, low = lsn.partition("/")
        return cls(timeline, ((int(high, 16) << 32) + int(low, 16)) // _SEGMENT_BYTES)


@dataclass(frozen=True, slots=True)
class Archived:
    """A segment in the archive: its packed size in bytes, and when it was closed."""

    segment: Segment
    bytes: int
    closed_at: datetime


def archived(directory: Path) -> list[Archived]:
    """Return the segments in the archive `directory`, in order; an archive that is not there holds none."""
    found = []
    for path in directory.glob(f"*{SUFFIX}"):
        segment = Segment.of(path.name.removesuffix(SUFFIX))
        if segment is not None:
            found.append(Archived(segment, path.stat().st_size, _closed_at(path)))
    return sorted(found, key=lambda one: one.segment)


def _closed_at(path: Path) -> datetime:
    """Return when a segment was closed: the file's time; where a copy lost it, the whole seconds in gzip's header."""
    with path.open("rb") as file:
        header = file.read(8)
    noted, seen = int.from_bytes(header[4:8], "little"), path.stat().st_mtime
    return datetime.fromtimestamp(seen if int(seen) == noted else noted, UTC)


def first_gap(first: Segment, held: Iterable[Segment]) -> Segment | None:
    """Return the first segment from `first` on that is missing before the last of its timeline in `held`."""
    numbers = {segment.number for segment in held if segment.timeline == first.timeline}
    last = max(numbers, default=first.number)
    missing = (number for number in range(first.number, last + 1) if number not in numbers)
    number = next(missing, None)
    return None if number is None else Segment(first.timeline, number)
