"""Typed form of `backup` in `maintenance.yaml`: where backups go, how long they stay, how they are proved."""

from typing import Literal

from pydantic import Field

from pake_pipelines.config.section import Section


class PointInTime(Section):
    """Recovery to any moment: base backups and the archive of the write-ahead log.

    The embedded server is told to archive when it starts; a server of one's own has to be told by its owner.
    """

    enabled: bool = False
    directory: str | None = Field(
        None, description="a local directory, best on another disk; without it the data directory's `point-in-time`"
    )
    archive_timeout_seconds: int = Field(300, ge=30, description="at most so much is lost: a segment is closed then")
    base_every_days: int = Field(7, ge=1)
    keep_days: int = Field(14, ge=1)


class Proof(Section):
    """How a backup is proved: restored into a scratch server and compared row by row."""

    enabled: bool = True
    amcheck: bool = Field(True, description="check the restored indexes, where the server offers amcheck")
    jobs: int = Field(2, ge=1, description="processes that restore at once")


class Backups(Section):
    """Backups: a directory `backup-%Y%m%dT%H%M%SZ` each, below `target` (C-24, C-25)."""

    target: str | None = Field(None, description="a directory or fsspec URL; without it the data directory's `backups`")
    databases: tuple[Literal["knowledge", "dagster"], ...] = Field(("knowledge", "dagster"), min_length=1)
    files: tuple[Literal["archive", "lake"], ...] = Field(
        ("archive",), description="files copied beside the backups: archives of items, raw bytes"
    )
    keep_days: int = Field(90, ge=1)
    keep_proven: int = Field(1, ge=1, description="so many proven backups stay, however old")
    redundancy: int = Field(2, ge=1, description="with fewer backups a check warns")
    max_age_hours: float = Field(26, gt=0, description="when the newest is older, a check warns")
    shrink_warning: float = Field(
        0.5, ge=0, le=1, description="a backup smaller than this share of the one before warns"
    )
    compress_level: int = Field(1, ge=0, le=9)
    encrypt: bool = False
    key_env: str = Field("PAKE_BACKUP_KEY", description="variable with an age identity (AGE-SECRET-KEY-1...)")
    point_in_time: PointInTime = PointInTime()
    proof: Proof = Proof()
