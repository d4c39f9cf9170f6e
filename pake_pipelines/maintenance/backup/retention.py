"""Removing old backups (BAK-14): by manifest and proof, after a look at whether those that stay are still whole."""

import asyncio
from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from pake_pipelines import crash
from pake_pipelines.crash import CrashPoint
from pake_pipelines.maintenance.backup import holding, survey
from pake_pipelines.maintenance.backup.keeping import Decision, Plan, plan
from pake_pipelines.maintenance.backup.standing import Known
from pake_pipelines.maintenance.backup.targets import Target, named_time, target_of
from pake_pipelines.maintenance.workplace import Workplace
from pake_pipelines.model.maintenance import Outcome, ProofState, TaskState
from pake_pipelines.store import backups


async def run(place: Workplace) -> Outcome:
    """Remove the backups that are older than `backup.keep_days`, and packed configurations of that age.

    Raises MaintenanceError and StoreError. A dry run says what would go.
    """
    target = target_of(place)
    with target.told():
        known = await asyncio.to_thread(survey.survey, target)
        decided = await asyncio.to_thread(_guarded, place, target, known)
        configs = _old_configurations(place, target)
    removed = [*decided.remove, *configs]
    if not place.dry_run:
        for one in removed:
            await _remove(place, target, one)
        await _note_the_lost(place, target)
    return _outcome(place, known, decided, removed)


def _guarded(place: Workplace, target: Target, known: Sequence[Known]) -> Plan:
    """Return a plan all of whose guards still are, byte for byte, what was proved. Raises OSError."""
    rules, now = place.config.backup, place.clock()
    while True:
        decided = plan(known, now, rules.keep_days, rules.keep_proven)
        rotten = {name for name in decided.guards if decided.remove and _faults(place, target, name)}
        if not rotten:
            return decided
        for name in sorted(rotten):
            place.say(f"{name} was proven, and is damaged since: it does not count any more")
        known = [replace(one, state=ProofState.DAMAGED) if one.name in rotten else one for one in known]


def _faults(place: Workplace, target: Target, name: str) -> list[str]:
    manifest = target.read_manifest(name)
    work = place.settings.data / "tmp"
    work.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix="guard-", dir=work) as directory:
        return holding.faults(holding.fetched(target, manifest, Path(directory)), manifest)


def _old_configurations(place: Workplace, target: Target) -> list[Decision]:
    """Return the packed configurations that lie by themselves and are too old; the newest stays."""
    days = place.config.backup.keep_days
    before = place.clock() - timedelta(days=days)
    names = target.names("config")[:-1]
    return [Decision(name, f"a configuration older than {days} days") for name in names if named_time(name) < before]


async def _remove(place: Workplace, target: Target, one: Decision) -> None:
    with target.told():
        await asyncio.to_thread(target.remove, one.name)
    crash.point(CrashPoint.BACKUP_REMOVED)
    place.say(f"removed {one.name}: {one.reason}")
    async with place.open() as database, database.transaction() as connection:
        await backups.set_removed(connection, [one.name], place.clock(), one.reason)


async def _note_the_lost(place: Workplace, target: Target) -> None:
    """Write down what was removed by a run that was killed before it could, or by hand."""
    with target.told():
        there = set(await asyncio.to_thread(target.names))
    async with place.open() as database, database.transaction() as connection:
        rows = await backups.listed(connection)
        lost = [row.name for row in rows if row.target == target.shown and row.name not in there]
        if lost:
            await backups.set_removed(connection, lost, place.clock(), "no longer in the target")


def _outcome(place: Workplace, known: Sequence[Known], decided: Plan, removed: Sequence[Decision]) -> Outcome:
    sizes = {one.name: one.bytes for one in known}
    freed = sum(sizes.get(one.name, 0) for one in removed)
    what = "would be removed" if place.dry_run else "removed"
    return Outcome(
        TaskState.DONE,
        f"{len(decided.keep)} backups kept, {len(removed)} {what}",
        {
            "kept": len(decided.keep),
            "removed": len(removed),
            "bytes_freed": freed,
            "guards": list(decided.guards),
            "keep": [asdict(one) for one in decided.keep],
            "remove": [asdict(one) for one in removed],
        },
    )
