"""The task `retention_sweep` (ING-16, MNT-41): what is old moves into archive files, histories lose their old rows."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from pake_pipelines.config.loading import load_quality
from pake_pipelines.config.retention import Retention
from pake_pipelines.maintenance.retention import histories
from pake_pipelines.maintenance.retention.moving import DIRECTORY, Moved, Mover
from pake_pipelines.maintenance.retention.plan import AGE, NUMBER, Move, batches, plan
from pake_pipelines.maintenance.workplace import Workplace
from pake_pipelines.model.maintenance import Outcome, TaskState
from pake_pipelines.store import retention
from pake_pipelines.store.database import Database
from pake_pipelines.store.retention import StoredArchive


async def run(place: Workplace) -> Outcome:
    """Bring to an end what an earlier sweep left, move what is due, prune histories.

    Raises MaintenanceError when an archive file does not hold what was written to it; no row goes for it then.
    """
    rules, now = place.config.retention, place.clock()
    if not rules.enabled:
        return Outcome(TaskState.SKIPPED, "retention.enabled is off: everything stays in the tables")
    directory = place.settings.data / DIRECTORY
    async with place.open() as database:
        if place.dry_run:
            moves = await due(database, rules, now)
            pruned = await histories.prune(database, now, rules.days, keep=False)
            done: list[Moved] = []
        else:
            limit = load_quality(place.settings.configs).connections.max_entity_documents
            mover = Mover(database, directory, place.run_id, limit)
            done = await mover.finish_begun(now)
            moves = await due(database, rules, now)
            for batch in batches(moves, rules.batch):
                done.append(await mover.move(batch, now))
                place.say(f"{sum(one.items for one in done):,} of {len(moves):,} items moved")
            pruned = await histories.prune(database, now, rules.days, keep=True)
        async with database.connection() as connection:
            lost = missing(await retention.archives(connection), directory)
    return _outcome(moves, done, pruned, lost, dry_run=place.dry_run)


async def due(database: Database, rules: Retention, now: datetime) -> list[Move]:
    """Return the items that have to leave at `now`."""
    async with database.connection() as connection:
        in_force = await retention.counts_in_force(connection)
        crowded = [source for source, items in in_force.items() if items > rules.max_items_per_source]
        before = retention.age_limit(now, rules.days)
        return plan(await retention.candidates(connection, before, crowded), in_force, rules, now)


def missing(archives: Sequence[StoredArchive], directory: Path) -> list[str]:
    """Return the archives that hold rows nobody else has and whose file is gone or of another size."""
    return [
        one.path
        for one in archives
        if one.state == "removed" and one.items and _size(directory / one.path) != one.bytes
    ]


def _size(path: Path) -> int | None:
    return path.stat().st_size if path.is_file() else None


def _outcome(
    moves: Sequence[Move], done: Sequence[Moved], pruned: dict[str, int], lost: list[str], *, dry_run: bool
) -> Outcome:
    reasons, by_source = Counter(move.reason for move in moves), Counter(move.source for move in moves)
    items, left = sum(one.items for one in done), sum(one.left for one in done)
    would = "would be " if dry_run else ""
    summary = f"{len(moves) if dry_run else items:,} items {would}moved into archive files"
    summary += f", {sum(pruned.values()):,} old rows of histories {would}pruned"
    if left:
        summary += f"; {left:,} items changed meanwhile and stay until the next time"
    if lost:
        summary = f"{len(lost)} archive files are missing or of another size: {', '.join(lost[:3])}; {summary}"
    details: dict[str, Any] = {
        "due_by_age": reasons[AGE],
        "due_by_number": reasons[NUMBER],
        "items_moved": items,
        "rows_moved": sum(one.rows for one in done),
        "archives_written": sum(one.items > 0 for one in done),
        "archive_bytes": sum(one.bytes for one in done),
        "items_left": left,
        "archives_missing": len(lost),
        "due_by_source": [{"source": source, "items": items} for source, items in sorted(by_source.items())],
        "pruned": [{"table": table, "rows": rows} for table, rows in sorted(pruned.items())],
    }
    return Outcome(TaskState.FAILED if lost else TaskState.DONE, summary, details)
