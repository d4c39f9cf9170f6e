"""Upkeep of the knowledge database, in three levels: see docs/upkeep.md (DB-16, MNT-13, MNT-30).

Nothing is locked that a reader or writer needs: VACUUM leaves the end of a table alone, indexes are rebuilt beside
their use, and whatever somebody else holds is left to them, with the reason.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final

from pake_pipelines.maintenance.errors import MaintenanceError
from pake_pipelines.maintenance.upkeep.plan import NOT_OURS, Action, IndexView, Level, Step, index_steps, table_steps
from pake_pipelines.maintenance.upkeep.report import closing_report
from pake_pipelines.maintenance.workplace import Workplace
from pake_pipelines.model.maintenance import Outcome, ProofState, TaskState
from pake_pipelines.store import backups, relief, upkeep_indexes, upkeep_tables
from pake_pipelines.store.database import Database
from pake_pipelines.store.vector_index import recall_or_reason

SCHEMA: Final = "pake"
TASKS: Final = ("full_optimization", "deep_optimization")


@dataclass(slots=True)
class _Record:
    """What was done, with figures, and what was left, with reasons."""

    done: list[Mapping[str, Any]] = field(default_factory=list)
    left: list[Mapping[str, str]] = field(default_factory=list)
    rebuilt: list[Mapping[str, Any]] = field(default_factory=list)
    planned: list[Mapping[str, str]] = field(default_factory=list)

    def leave(self, step: Step, why: str) -> None:
        self.left.append({"action": step.action.value, "target": step.target, "why": why})


async def run(place: Workplace) -> Outcome:
    """Do what tables and indexes need at the level that option `level` names.

    Raises MaintenanceError for `deep` without a fresh proven backup, unless option `without_backup` is set, and
    StoreError when somebody locks a table against all use while it is looked at.
    """
    level = Level(place.options.get("level", Level.LIGHT))
    record = _Record()
    async with place.open() as database:
        if level is Level.DEEP and not place.options.get("without_backup"):
            await _require_proof(database, place)
        before = await _database_bytes(database)
        async with database.connection() as connection, upkeep_tables.patience(connection, _wait(place)):
            stopped = await upkeep_tables.stopped_tables(connection, SCHEMA)
            tables = await upkeep_tables.table_facts(connection, SCHEMA)
            stale = await relief.stale_tables(connection)
        record.left += [{"action": "look", "target": name, "why": f"{who} has it"} for name, who in stopped.items()]
        await _carry_out(database, place, table_steps(tables, stale, place.config.upkeep), record)
        view = await _look_at_indexes(database, place, level)
        await _carry_out(database, place, index_steps(view, place.config.upkeep, level), record)
        details = await closing_report(database, place, view)
        after = await _database_bytes(database)
    details |= {"level": level.value, "database_bytes_before": before, "database_bytes_after": after}
    details |= {"planned": record.planned} if place.dry_run else {"done": record.done, "rebuilt": record.rebuilt}
    return _outcome(record, {**details, "left": record.left}, dry_run=place.dry_run)


def _wait(place: Workplace) -> int:
    return place.config.upkeep.lock_timeout_ms


async def _require_proof(database: Database, place: Workplace) -> None:
    """Raise MaintenanceError unless a backup that was made lately has been restored and found equal (BAK-15)."""
    oldest = place.clock() - timedelta(days=place.config.upkeep.proof_days)
    async with database.connection() as connection:
        kept = await backups.listed(connection)
    if not any(one.state is ProofState.PROVEN and one.created_at >= oldest for one in kept):
        newest = f"that of {kept[0].created_at:%Y-%m-%d %H:%M} UTC is {kept[0].state}" if kept else "there is none"
        raise MaintenanceError(
            f"deep upkeep wants a proven backup of the last {place.config.upkeep.proof_days:g} days, and {newest}: run "
            "`pake backup create && pake backup verify --latest` first, or set the option `without_backup`"
        )


async def _database_bytes(database: Database) -> int:
    async with database.connection() as connection:
        return await upkeep_tables.database_bytes(connection)


async def _look_at_indexes(database: Database, place: Workplace, level: Level) -> IndexView:
    sample = 0 if level is Level.LIGHT else place.config.upkeep.recall_sample
    recall = await recall_or_reason(database, sample) if sample else None
    async with database.connection() as connection, upkeep_tables.patience(connection, _wait(place)):
        indexes = await upkeep_indexes.index_facts(connection, SCHEMA)
        rebuilt = await upkeep_indexes.last_rebuilds(connection, TASKS)
    return IndexView(indexes, rebuilt, recall)


async def _carry_out(database: Database, place: Workplace, steps: Sequence[Step], record: _Record) -> None:
    for step in steps:
        if step.why_not is not None:
            record.leave(step, step.why_not)
        elif place.dry_run:
            record.planned.append({"action": step.action.value, "target": step.target, "reason": step.reason})
        else:
            place.say(f"{step.action}: {step.target} ({step.reason})")
            await _ACTS[step.action](database, place, step, record)


async def _vacuum(database: Database, place: Workplace, step: Step, record: _Record) -> None:
    freeze, wait = step.action is Action.FREEZE, _wait(place)
    async with database.connection() as connection:
        attempt = await upkeep_tables.vacuum(connection, SCHEMA, step.target, wait, freeze=freeze)
    if attempt.why_not:
        record.leave(step, attempt.why_not)
    else:
        record.done.append({"action": step.action.value, "target": step.target, "reason": step.reason})


async def _analyze(database: Database, place: Workplace, step: Step, record: _Record) -> None:
    async with database.transaction() as connection:
        done = await relief.analyze(connection, step.target, _wait(place))
    if done:
        record.done.append({"action": step.action.value, "target": step.target, "reason": step.reason})
    else:
        record.leave(step, "another session holds a lock on it")


async def _drop(database: Database, place: Workplace, step: Step, record: _Record) -> None:
    async with database.connection() as connection:
        done = await relief.drop_index(connection, step.target, _wait(place))
    if done:
        record.done.append({"action": step.action.value, "target": step.target, "reason": step.reason})
    else:
        record.leave(step, "another session holds a lock on its table, or it is gone")


async def _rebuild(database: Database, place: Workplace, step: Step, record: _Record) -> None:
    wait = round(place.config.upkeep.rebuild_wait_seconds * 1000)
    async with database.connection() as connection:
        before = await upkeep_indexes.size(connection, step.target)
        known = await relief.invalid_indexes(connection)
        attempt = await upkeep_indexes.rebuild(connection, step.target, wait)
        after = await upkeep_indexes.size(connection, step.target)
        rows = await upkeep_indexes.rows(connection, step.target)
        behind = (await relief.invalid_indexes(connection)).keys() - known.keys()
        dropped = {one for one in behind if await relief.drop_index(connection, one, _wait(place))}
    if attempt.why_not:
        rest = f"; {', '.join(sorted(behind - dropped))} stays until the next upkeep" if behind - dropped else ""
        record.leave(step, attempt.why_not + rest)
        return
    record.done.append({"action": step.action.value, "target": step.target, "reason": step.reason})
    record.rebuilt.append({"index": step.target, "bytes_before": before, "bytes_after": after, "rows": rows})


_ACTS: Final = {
    Action.VACUUM: _vacuum,
    Action.FREEZE: _vacuum,
    Action.ANALYZE: _analyze,
    Action.DROP: _drop,
    Action.REBUILD: _rebuild,
}


def _outcome(record: _Record, details: Mapping[str, Any], *, dry_run: bool) -> Outcome:
    worked_on = record.planned if dry_run else record.done
    if record.left and not worked_on and all(one["why"] == NOT_OURS for one in record.left):
        said = f"{len(record.left)} tables and indexes need upkeep, and this role owns none of them"
        return Outcome(TaskState.UNAVAILABLE, said, details)
    counts = ", ".join(
        f"{sum(one['action'] == action.value for one in worked_on)} {word}"
        for action, word in _WORDS.items()
        if any(one["action"] == action.value for one in worked_on)
    )
    said = f"{'would do: ' if dry_run else ''}{counts}" if counts else "nothing needs upkeep"
    if record.left:
        said += f"; {len(record.left)} left to others"
    return Outcome(TaskState.DONE, said, details)


_WORDS: Final = {
    Action.VACUUM: "tables vacuumed",
    Action.FREEZE: "tables frozen",
    Action.ANALYZE: "tables analyzed",
    Action.DROP: "leftovers dropped",
    Action.REBUILD: "indexes rebuilt",
}
