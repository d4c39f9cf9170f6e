"""The plan for the entries of one body: which become versions in force, in which partition, and how others count."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from pake_pipelines.model.entry import Entry
from pake_pipelines.model.identity import pake_id
from pake_pipelines.store.entries import CurrentVersion


@dataclass(frozen=True, slots=True)
class EntryPlan:
    """Which of the entries of one body are to be stored, with the versions they follow, and how the others count."""

    save: Sequence[tuple[Entry, CurrentVersion | None]]
    unchanged: int
    left_over: int

    @property
    def new(self) -> int:
        """How many items are new."""
        return sum(current is None for _, current in self.save)

    @property
    def updated(self) -> int:
        """How many items get another version."""
        return len(self.save) - self.new


def plan_entries(
    found: Iterable[Entry], known: Mapping[str, CurrentVersion], fetched_at: datetime, limit: int
) -> EntryPlan:
    """Decide which entries become versions in force: those unknown and those that differ, at most `limit`.

    `known` maps keys to the versions in force. A version never yields to one that was fetched earlier, so that a
    replay of the archive cannot undo the present; an item that its source had lost comes back as a new version.
    """
    save: list[tuple[Entry, CurrentVersion | None]] = []
    unchanged = left_over = 0
    for entry in found:
        current = known.get(entry.key)
        if current and not _follows(entry, current, fetched_at):
            unchanged += 1
        elif len(save) >= limit:
            left_over += 1
        else:
            save.append((entry, current))
    return EntryPlan(save, unchanged, left_over)


def _follows(entry: Entry, current: CurrentVersion, fetched_at: datetime) -> bool:
    return current.fetched_at <= fetched_at and (current.gone or current.entry_hash != entry.entry_hash)


def partition_of(dated: datetime | None, run_day: date, first_day: date) -> date:
    """Return the day that a new entry belongs to: the day its origin is dated by, else the day of the run.

    What has no date, is older than the first partition or is dated after the run's day belongs to the run's day.
    """
    if dated is None or not first_day <= dated.date() <= run_day:
        return run_day
    return dated.date()


def identity_of(source: str, key: str, attempt: int) -> UUID:
    """Return the id of a new item: at the first attempt its usual one.

    That is taken when an item that once had this key goes on under another; further attempts give others.
    """
    return pake_id(source, key if attempt == 1 else f"{key}\n{attempt}")
