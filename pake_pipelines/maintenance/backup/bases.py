"""Base backups as they lie there: below the point-in-time directory, a directory for each cluster, with its log.

    <directory>/<system identifier>/wal/000000010000000000000007.gz
    <directory>/<system identifier>/base/base-20261122T013000Z/{base.json, base.tar.gz, backup_manifest}

A cluster that is set up anew counts its segments from the beginning; that is why each has a place of its own.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

import orjson
from pydantic import TypeAdapter, ValidationError

from pake_pipelines.maintenance.errors import MaintenanceError
from pake_pipelines.store.archiving import Archiving
from pake_pipelines.store.wal_segments import Segment

FILE: Final = "base.json"
_NAME: Final = re.compile(r"base-\d{8}T\d{6}Z")


@dataclass(frozen=True, slots=True)
class Base:
    """A base backup of the cluster `system`, by the server's clock; the state at `finished_at` and later can be had.

    `role` took it and is there in what is recovered. `bytes` are packed, `unpacked_bytes` what a recovery needs.
    """

    name: str
    system: int
    major: int
    role: str
    timeline: int
    start_lsn: str
    end_lsn: str
    started_at: datetime
    finished_at: datetime
    bytes: int
    unpacked_bytes: int

    @property
    def first_segment(self) -> Segment:
        """The first segment of the log that a recovery from it reads."""
        return Segment.at(self.timeline, self.start_lsn)

    @property
    def last_segment(self) -> Segment:
        """The last segment that it needs to be consistent."""
        return Segment.at(self.timeline, self.end_lsn)


@dataclass(frozen=True, slots=True)
class House:
    """The place of one cluster below the point-in-time directory."""

    directory: Path
    system: int

    @property
    def wal(self) -> Path:
        """Where its log is archived."""
        return Archiving(self.directory).of(self.system)

    @property
    def bases(self) -> Path:
        """Where its base backups are."""
        return self.directory / str(self.system) / "base"

    def path(self, base: Base) -> Path:
        """Return the directory of a base backup."""
        return self.bases / base.name


_FORM: Final = TypeAdapter(Base)


def to_json(base: Base) -> bytes:
    """Return what is known of a base backup as JSON."""
    return orjson.dumps(_FORM.dump_python(base, mode="json"), option=orjson.OPT_INDENT_2)


def houses(directory: Path) -> list[House]:
    """Return the places of all clusters below `directory`."""
    if not directory.is_dir():
        return []
    return [House(directory, int(path.name)) for path in sorted(directory.iterdir()) if path.name.isdecimal()]


def bases_in(house: House) -> list[Base]:
    """Return the base backups of a cluster, oldest first. Raises MaintenanceError for one that cannot be read."""
    found = [_read(path / FILE) for path in sorted(house.bases.glob("base-*")) if _NAME.fullmatch(path.name)]
    return sorted(found, key=lambda base: base.finished_at)


def newest(bases: Sequence[Base]) -> Base | None:
    """Return the newest of `bases`."""
    return max(bases, key=lambda base: base.finished_at, default=None)


def _read(path: Path) -> Base:
    try:
        return _FORM.validate_json(path.read_bytes())
    except (OSError, ValidationError) as error:
        why = str(error).splitlines()[0]
        raise MaintenanceError(f"{path} cannot be read: {why}; move its directory away") from error
