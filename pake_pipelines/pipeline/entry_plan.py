"""The plan for the entries of one body: which become versions in force, in which partition, and how others count."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from pake_pipelines.model.entry import Entry
from pake_pipelines.model.identity import pake_id
from pake_pipelines.store.entries import CurrentVersion


@dataclass(frozen=True, slots=True)
class EntryPlan:
    """Which of the entries of one body are to be stored, and how the others count."""

    save: Mapping[UUID, Entry]
    new: int
    updated: int
    unchanged: int
    left_over: int


def plan_entries(
    source: str,
    found: Iterable[Entry],
    known: Mapping[UUID, CurrentVersion],
    fetched_at: datetime,
    limit: int,
) -> EntryPlan:
    """Decide which entries become versions in force: those unknown and those that differ, at most `limit`.

    A version never yields to one that was fetched earlier, so that a replay of the archive cannot undo the present.
    """
    save: dict[UUID, Entry] = {}
    new = updated = unchanged = left_over = 0
    for entry in found:
        identity = pake_id(source, entry.key)
        current = known.get(identity)
        if current and (current.entry_hash == entry.entry_hash or current.fetched_at > fetched_at):
            unchanged += 1
        elif len(save) >= limit:
            left_over += 1
        else:
            save[identity] = entry
            new, updated = (new, updated + 1) if current else (new + 1, updated)
    return EntryPlan(save, new, updated, unchanged, left_over)


def partition_of(modified_at: datetime | None, run_day: date, first_day: date) -> date:
    """Return the day that a new entry belongs to: the day its origin is dated by, else the day of the run.

    What has no date, is older than the first partition or is dated after the run's day belongs to the run's day.
    """
    if modified_at is None or not first_day <= modified_at.date() <= run_day:
        return run_day
    return modified_at.date()
