"""Upkeep of Dagster's own database: it keeps every event for ever unless somebody prunes them (MNT-22).

Materializations, observations and check results stay, and whatever the UI needs to say how anything stands now. Only
what sensors report at a rhythm is thinned out, to so many of each asset or check and day.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from pake_pipelines.config.upkeep import DagsterRetention
from pake_pipelines.maintenance.upkeep.plan import Action, table_steps
from pake_pipelines.maintenance.workplace import Workplace
from pake_pipelines.model.maintenance import Outcome, TaskState
from pake_pipelines.store import dagster_events, dagster_records, upkeep_tables
from pake_pipelines.store.dagster_events import Before, Removed
from pake_pipelines.store.dagster_records import RefusedError
from pake_pipelines.store.database import Connection, Patience, addresses
from pake_pipelines.store.errors import MissingDatabaseError


def ages(rules: DagsterRetention, now: datetime) -> Before:
    """Return up to when what may go at the moment `now`."""
    return Before(
        debug=now - timedelta(days=rules.debug_days),
        event=now - timedelta(days=rules.event_days),
        transitory=now - timedelta(days=rules.transitory_days),
        reported=now - timedelta(days=rules.reported_days),
        tick=now - timedelta(days=rules.tick_days),
        run=now - timedelta(days=rules.run_days),
    )


@dataclass(frozen=True, slots=True)
class _Standing:
    events: int
    bytes: int


async def run(place: Workplace) -> Outcome:
    """Prune, then vacuum what was pruned; nothing is touched in tables of a form that is not known.

    Raises StoreError when the server cannot be reached, or somebody holds a lock there.
    """
    settings = place.settings
    patience = Patience(settings.connect_attempts, settings.connect_retry_seconds)
    wait = place.config.upkeep.lock_timeout_ms
    try:
        async with dagster_records.opened(addresses(settings).dagster, patience, wait) as connection:
            form = await dagster_records.form(connection)
            if form.unknown is not None:
                return Outcome(TaskState.UNAVAILABLE, f"{form.unknown}: nothing was touched")
            return await _prune(connection, form.schema, place)
    except (MissingDatabaseError, RefusedError) as error:
        return Outcome(TaskState.UNAVAILABLE, str(error))


async def _prune(connection: Connection, schema: str, place: Workplace) -> Outcome:
    before = await _standing(connection)
    removed = await _removed(connection, place)
    after = before if place.dry_run else await _standing(connection)
    details: dict[str, Any] = {
        "rows": sum(removed.rows.values()),
        "bytes": sum(removed.bytes.values()),
        "events_before": before.events,
        "events_after": after.events,
        "tables_bytes_before": before.bytes,
        "kinds": _kinds(removed),
    }
    if not place.dry_run:
        details |= await _vacuum(connection, schema, place)
        details["tables_bytes_after"] = (await _standing(connection)).bytes
    would = "would be " if place.dry_run else ""
    summary = f"{details['rows']:,} records {would}removed, {details['bytes'] / 1e6:,.1f} MB"
    return Outcome(TaskState.DONE, summary, details)


async def _removed(connection: Connection, place: Workplace) -> Removed:
    rules, dry = place.config.dagster, place.dry_run
    before = ages(rules, place.clock())
    parts = [
        await dagster_events.remove_events(connection, before, rules.batch, dry_run=dry),
        await dagster_events.thin_reports(
            connection, rules.reported_assets, before, rules.reported_per_day, rules.batch, dry_run=dry
        ),
        await dagster_records.remove_runs(connection, before, rules.batch, dry_run=dry),
        await dagster_records.remove_ticks(connection, before, rules.batch, dry_run=dry),
        await dagster_records.remove_backfills(connection, before, rules.batch, dry_run=dry),
        await dagster_records.remove_event_tags(connection, rules.batch, dry_run=dry),
    ]
    whole = Removed()
    for part in parts:
        whole.rows.update(part.rows)
        whole.bytes.update(part.bytes)
    return whole


async def _standing(connection: Connection) -> _Standing:
    return _Standing(await dagster_events.count(connection), await upkeep_tables.database_bytes(connection))


def _kinds(removed: Removed) -> list[Mapping[str, Any]]:
    return [
        {"kind": kind, "rows": rows, "bytes": removed.bytes[kind]} for kind, rows in removed.rows.most_common() if rows
    ]


async def _vacuum(connection: Connection, schema: str, place: Workplace) -> dict[str, Any]:
    """Make the space of removed rows free for new ones, by the rules that hold for the knowledge database."""
    done, left, wait = [], [], place.config.upkeep.lock_timeout_ms
    await upkeep_tables.settle(connection)
    for step in table_steps(await upkeep_tables.table_facts(connection, schema), (), place.config.upkeep):
        why = step.why_not
        if why is None:
            freeze = step.action is Action.FREEZE
            why = (await upkeep_tables.vacuum(connection, schema, step.target, wait, freeze=freeze)).why_not
        if why is None:
            done.append({"table": step.target, "reason": step.reason})
        else:
            left.append({"table": step.target, "why": why})
    return {"vacuumed": done, "left": left}
