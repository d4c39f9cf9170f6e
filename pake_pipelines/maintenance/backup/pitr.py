"""Recovery to a moment, on demand: into a scratch server, compared with what is there now, and kept if wanted."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from pydantic import SecretStr

from pake_pipelines.maintenance.backup import create, wal
from pake_pipelines.maintenance.backup.bases import House
from pake_pipelines.maintenance.backup.comparison import TableChange, changes
from pake_pipelines.maintenance.backup.manifest import DatabaseManifest, TableEntry
from pake_pipelines.maintenance.backup.recovery import NotArchivedError, Plan, Recovered, plan_for, recovered
from pake_pipelines.maintenance.errors import MaintenanceError
from pake_pipelines.maintenance.workplace import Workplace
from pake_pipelines.model.maintenance import Outcome, TaskState
from pake_pipelines.store.database import addresses
from pake_pipelines.store.errors import StoreError
from pake_pipelines.store.examination import Examination, examine
from pake_pipelines.store.wal import close_segment, server_facts, wal_standing
from pake_pipelines.store.wal_archiver import SUFFIX

_ARCHIVE_SECONDS: Final = 60.0
_POLL_SECONDS: Final = 0.1

Look = Callable[[Recovered, Outcome], Awaitable[None]]


async def recover(place: Workplace, to: datetime, *, into: Path | None = None, look: Look | None = None) -> Outcome:
    """Recover what was committed at `to` into a scratch server and say in which tables it differs from now.

    With `into` a backup of it is made in that directory, which `pake backup restore` can put in the place of what is
    there. `look` may look at the running server before it goes. Live data are only read.
    Raises MaintenanceError for a moment that cannot be had, and StoreError.
    """
    directory = wal.directory_of(place.settings, place.config.backup.point_in_time)
    plan = await _plan(place, directory, to)
    if place.dry_run:
        return Outcome(TaskState.DONE, f"would recover {_words(plan)}", _details(plan))
    place.say(f"recovering {_words(plan)}")
    async with recovered(plan, place.settings.data / "tmp") as found:
        place.say(f"recovered in {found.seconds:.1f} s")
        compared = await _compared(place, found)
        backup = await _kept(place, found, into) if into is not None else None
        outcome = _outcome(plan, found, compared, backup)
        if look is not None:
            await look(found, outcome)
    return outcome


async def _plan(place: Workplace, directory: Path, to: datetime) -> Plan:
    """Decide; when the log of just now is missing, let the server archive it first."""
    try:
        return plan_for(to, directory, place.clock())
    except NotArchivedError as missing:
        try:
            await archive_now(place)
        except StoreError as error:
            raise MaintenanceError(f"{missing}; the server cannot be asked for it: {error}") from error
        return plan_for(to, directory, place.clock())


async def archive_now(place: Workplace) -> None:
    """Let the server close its segment of the log, and wait until that is in the archive.

    Raises MaintenanceError when it does not come, StoreError when the server does not answer or refuses.
    """
    rules = place.config.backup.point_in_time
    async with place.open() as database, database.connection() as connection:
        if (fault := wal.fault(await wal_standing(connection), rules)) is not None:
            raise MaintenanceError(fault)
        system = (await server_facts(connection)).system
        name = await close_segment(connection)
    place.say(f"waiting until segment {name} is archived")
    path = House(wal.directory_of(place.settings, rules), system).wal / f"{name}{SUFFIX}"
    deadline = time.monotonic() + _ARCHIVE_SECONDS
    while not path.exists():
        if time.monotonic() > deadline:
            late = f"segment {name} is not archived after {_ARCHIVE_SECONDS:.0f} s"
            raise MaintenanceError(f"{late}: the server's log says why")
        await asyncio.sleep(_POLL_SECONDS)


async def _compared(place: Workplace, found: Recovered) -> Mapping[str, list[TableChange]]:
    """Return every table then and now, by database; where there is no now, only then."""
    urls = addresses(place.settings)
    live = {"knowledge": urls.knowledge, "dagster": urls.dagster}
    result = {}
    for role, url in found.databases.items():
        then = await examine(url)
        result[role] = list(changes(await _now(place, live[role]), _as_manifest(role, then)))
    return result


async def _now(place: Workplace, url: str) -> Examination | None:
    try:
        return await examine(url)
    except StoreError as error:
        place.say(f"what is there now cannot be compared: {error}")
        return None


def _as_manifest(role: str, then: Examination) -> DatabaseManifest:
    tables = tuple(TableEntry(one.schema, one.name, one.rows, one.hash) for one in then.tables)
    return DatabaseManifest(name=role, bytes=0, file="", tables=tables)


async def _kept(place: Workplace, found: Recovered, into: Path) -> str:
    """Make a backup of the recovered databases in the directory `into` and return its name."""
    urls = {"database_url": found.databases["knowledge"], "dagster_url": found.databases["dagster"]}
    there = replace(
        place,
        settings=place.settings.model_copy(update={name: SecretStr(url) for name, url in urls.items()}),
        config=place.config.model_copy(
            update={"backup": place.config.backup.model_copy(update={"target": str(into.absolute())})}
        ),
    )
    outcome = await create.run(there)
    return str(outcome.details.get("name", ""))


def _words(plan: Plan) -> str:
    return (
        f"{plan.to.astimezone(UTC):%Y-%m-%d %H:%M:%S.%f UTC} from {plan.base.name} and {len(plan.segments)} segments "
        f"({plan.packed_bytes / 1e6:,.1f} MB)"
    )


def _details(plan: Plan) -> dict[str, object]:
    return {
        "to": plan.to,
        "base_backup": plan.base.name,
        "segments": len(plan.segments),
        "first_segment": plan.segments[0].segment.name,
        "last_segment": plan.segments[-1].segment.name,
        "packed_megabytes": round(plan.packed_bytes / 1e6, 1),
        "unpacked_megabytes": round(plan.base.unpacked_bytes / 1e6, 1),
    }


def _outcome(plan: Plan, found: Recovered, compared: Mapping[str, list[TableChange]], backup: str | None) -> Outcome:
    tables = [
        {"database": role, **asdict(change)} for role, found_changes in compared.items() for change in found_changes
    ]
    different = [table for table in tables if not table["same"]]
    behind = plan.to - found.reached if found.reached else timedelta(0)
    details = {
        **_details(plan),
        "last_commit_at": found.reached,
        "seconds": round(found.seconds, 2),
        "tables": len(tables),
        "different_tables": different,
        "backup": backup,
    }
    last = f", the last commit {behind.total_seconds():.1f} s before it" if found.reached else ""
    summary = (
        f"recovered {_words(plan)} in {found.seconds:.1f} s{last}; {len(different)} of {len(tables)} tables are "
        "different now"
    )
    return Outcome(TaskState.DONE, summary, details)
