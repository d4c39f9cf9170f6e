"""The archive of the write-ahead log: where it is, whether it works, and what of it nobody needs any more."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from pake_pipelines.config.backups import PointInTime
from pake_pipelines.config.maintenance import MaintenanceConfig
from pake_pipelines.maintenance.backup.bases import Base
from pake_pipelines.settings import Settings
from pake_pipelines.store.archiving import Archiving
from pake_pipelines.store.wal import WalStanding, wal_standing
from pake_pipelines.store.wal_segments import Archived

__all__ = ["WalStanding", "archiving", "directory_of", "fault", "is_past", "outdated", "wal_standing"]

# closing a segment when it is due and packing it takes seconds; somebody who waits longer waits for something
_GRACE: Final = timedelta(minutes=5)


def directory_of(settings: Settings, rules: PointInTime) -> Path:
    """Return the point-in-time directory; a relative one is below the project."""
    if rules.directory is None:
        return settings.data / "point-in-time"
    return settings.home / Path(rules.directory).expanduser()


def archiving(settings: Settings, config: MaintenanceConfig) -> Archiving | None:
    """Return how the embedded server shall keep its log, None where that is switched off."""
    rules = config.backup.point_in_time
    return Archiving(directory_of(settings, rules), rules.archive_timeout_seconds) if rules.enabled else None


def fault(standing: WalStanding, rules: PointInTime) -> str | None:
    """Return in one sentence what is wrong with archiving; None when nothing is, or it is not wanted."""
    if not rules.enabled:
        return None
    if not standing.on:
        return "the server archives no log yet: restart it with `pake down` and `pake up`"
    if standing.failing:
        return (
            f"archiving fails since {standing.last_failed_at:%Y-%m-%d %H:%M} UTC at segment {standing.last_failed} "
            f"({standing.failed_count} attempts in all): data/logs/postgres.log has the reason"
        )
    bound = timedelta(seconds=rules.archive_timeout_seconds) + _GRACE
    if standing.waiting and standing.age is not None and standing.age > bound:
        minutes = standing.age.total_seconds() / 60
        return f"{standing.waiting} segments wait to be archived, the last success was {minutes:.0f} minutes ago"
    return None


@dataclass(frozen=True, slots=True)
class Outdated:
    """What of a cluster's archive may go."""

    bases: tuple[Base, ...]
    segments: tuple[Archived, ...]


def outdated(bases: Sequence[Base], segments: Sequence[Archived], now: datetime, keep_days: int) -> Outdated:
    """Decide what may go so that every moment of the last `keep_days` can still be had, as far as it can be had now.

    The newest base backup stays, however old, and so does the one from which the first of those days begins. Of the
    log goes what lies before the oldest base backup that stays; without any base backup all of it stays.
    """
    begin = now - timedelta(days=keep_days)
    ordered = sorted(bases, key=lambda base: base.finished_at)
    before = [base for base in ordered if base.finished_at <= begin]
    kept = ordered[max(len(before) - 1, 0) :]
    if not kept:
        return Outdated((), ())
    first = min(base.first_segment for base in kept)
    old = tuple(one for one in segments if one.segment.timeline <= first.timeline and one.segment.number < first.number)
    return Outdated(tuple(ordered[: len(ordered) - len(kept)]), old)


def is_past(bases: Sequence[Base], segments: Sequence[Archived], now: datetime, keep_days: int) -> bool:
    """Tell whether a cluster that no longer runs has nothing left of the last `keep_days`."""
    begin = now - timedelta(days=keep_days)
    moments = (*(base.finished_at for base in bases), *(one.closed_at for one in segments))
    return all(moment < begin for moment in moments)
