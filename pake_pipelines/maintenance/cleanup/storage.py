"""The task `storage_cleanup` (MNT-33): leftovers in the data directory, and bodies of the lake that nothing names."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from pake_pipelines.maintenance.cleanup import leftovers
from pake_pipelines.maintenance.cleanup.files import open_files
from pake_pipelines.maintenance.cleanup.lake_plan import LakeDay, LakeStep, plan_day
from pake_pipelines.maintenance.cleanup.leftovers import Leftover
from pake_pipelines.maintenance.workplace import Workplace
from pake_pipelines.model.maintenance import Outcome, TaskState
from pake_pipelines.store import lake_claims
from pake_pipelines.store.database import Database
from pake_pipelines.store.lake import Lake

# a crash leaves some bodies; more is another database, or another lake, and not for us to throw away
_FEW: Final = 20
_SHARE: Final = 0.1
_NAMED: Final = 20


@dataclass(frozen=True, slots=True)
class _Lake:
    """What was found in the lake; `broken` says why it could not be looked at."""

    steps: Sequence[LakeStep] = ()
    missing: Sequence[str] = ()
    bodies: int = 0
    retired: int = 0
    broken: str = ""

    @property
    def too_many(self) -> bool:
        """Whether more bodies are without a row than crashes leave."""
        unclaimed = sum(step.deed == "set_aside" for step in self.steps) - self.retired
        return unclaimed > max(_FEW, _SHARE * self.bodies)


async def run(place: Workplace) -> Outcome:
    """Remove what is left over; put bodies aside that nothing refers to, and remove those put aside a day ago."""
    data, rules, now = place.settings.data, place.config.retention, place.clock()
    held = await asyncio.to_thread(open_files, data)
    left = await asyncio.to_thread(leftovers.old, data, now, rules.temp_hours, held)
    failed = [] if place.dry_run else await asyncio.to_thread(leftovers.remove, data, left)
    async with place.open() as database:
        found = await _lake(database, Lake(place.settings.lake), place)
    if not (place.dry_run or found.too_many):
        failed += await asyncio.to_thread(_carry_out, Lake(place.settings.lake), found.steps)
    return _outcome(left, found, failed, held.unseen, dry_run=place.dry_run)


async def _lake(database: Database, lake: Lake, place: Workplace) -> _Lake:
    rules, now = place.config.retention, place.clock()
    retired: list[str] = []
    if rules.lake_days is not None:
        async with database.transaction(keep=not place.dry_run) as connection:
            retired = await lake_claims.unneeded(connection, now - timedelta(days=rules.lake_days))
            await lake_claims.mark_removed(connection, retired, now)
    try:
        days = [one async for one in _days(database, lake, now, rules.temp_hours, frozenset(retired))]
    except OSError as error:
        return _Lake(broken=str(error) or type(error).__name__)
    steps = [step for day in days for step in day.steps]
    return _Lake(
        steps,
        [path for day in days for path in day.missing],
        sum(day.bodies for day in days),
        len({step.path for step in steps}.intersection(retired)),
    )


async def _days(
    database: Database, lake: Lake, now: datetime, hours: float, retired: frozenset[str]
) -> AsyncIterator[LakeDay]:
    async with database.connection() as connection:
        for day in sorted({*await asyncio.to_thread(lake.days), *await lake_claims.days(connection)}):
            # files first: a body has its row only after it was written
            files = await asyncio.to_thread(lake.files, day)
            claimed = await lake_claims.claimed(connection, day) - retired
            yield plan_day(files, claimed, now, timedelta(hours=hours))


def _carry_out(lake: Lake, steps: Sequence[LakeStep]) -> list[dict[str, str]]:
    failed = []
    for step in steps:
        try:
            if step.deed == "remove":
                lake.remove(step.path)
            else:
                lake.move(step.path, step.target)
        except OSError as error:
            failed.append({"file": step.path, "because": str(error) or type(error).__name__})
    return failed


def _outcome(
    left: Sequence[Leftover], found: _Lake, failed: list[dict[str, str]], unseen: int, *, dry_run: bool
) -> Outcome:
    undone = {one["file"] for one in failed}
    steps = [] if found.too_many else [step for step in found.steps if step.path not in undone]
    gone = [one for one in left if one.path not in undone]
    counts = Counter(step.deed for step in steps)
    freed = sum(one.bytes for one in gone) + sum(step.bytes for step in steps if step.deed == "remove")
    would = "would be " if dry_run else ""
    said = [
        f"{len(gone)} leftovers and {counts['remove']} bodies {would}removed ({freed:,} bytes)",
        f"{counts['set_aside']} bodies {would}set aside",
    ]
    if counts["put_back"]:
        said.append(f"{counts['put_back']} {would}put back")
    if found.missing:
        said.append(f"{len(found.missing)} bodies are missing from the lake")
    if found.too_many:
        said.insert(0, "more bodies are without a row than crashes leave: is this the database of this lake?")
    if found.broken:
        said.insert(0, f"the lake cannot be looked at: {found.broken}")
    if failed:
        said.append(f"{len(failed)} could not be done")
    details: dict[str, Any] = {
        "bytes_freed": freed,
        "leftovers_removed": len(gone),
        "bodies": found.bodies,
        "bodies_removed": counts["remove"],
        "bodies_set_aside": counts["set_aside"],
        "bodies_put_back": counts["put_back"],
        "bodies_retired": found.retired,
        "bodies_missing": len(found.missing),
        "missing": [{"body": path} for path in found.missing[:_NAMED]],
        "leftovers": [{"file": one.path, "bytes": one.bytes} for one in left],
        "failed": failed,
        "processes_unseen": unseen,
    }
    return Outcome(_state(found, failed), "; ".join(said), details)


def _state(found: _Lake, failed: Sequence[object]) -> TaskState:
    if found.broken:
        return TaskState.UNAVAILABLE
    return TaskState.FAILED if failed or found.too_many else TaskState.DONE
