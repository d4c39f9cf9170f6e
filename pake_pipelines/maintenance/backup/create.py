"""Making a backup (BAK-01): each database dumped from one snapshot, with the rows and hashes of that same snapshot."""

import asyncio
import platform
import random
import shutil
from collections.abc import Awaitable
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any, Final, TypeVar

from pake_pipelines import crash
from pake_pipelines.crash import CrashPoint
from pake_pipelines.maintenance.backup import encryption, manifest, sizes, survey
from pake_pipelines.maintenance.backup.databases import Source, existing, patience
from pake_pipelines.maintenance.backup.dump import Dumping, LockedOutError, dump
from pake_pipelines.maintenance.backup.files import private
from pake_pipelines.maintenance.backup.manifest import (
    DatabaseManifest,
    FileEntry,
    Manifest,
    SequenceEntry,
    TableEntry,
)
from pake_pipelines.maintenance.backup.outcome import done, would
from pake_pipelines.maintenance.backup.standing import assess
from pake_pipelines.maintenance.backup.targets import Target, name_at, target_of
from pake_pipelines.maintenance.errors import MaintenanceError
from pake_pipelines.maintenance.workplace import Workplace
from pake_pipelines.model.maintenance import Outcome
from pake_pipelines.store import backups, row_hashes
from pake_pipelines.store.row_hashes import DatabaseFacts, frozen

if TYPE_CHECKING:
    from pyrage.x25519 import Identity
else:
    Identity = Any

# for so long a moment is waited for in which nobody asks for a table to himself
_QUIET_SECONDS: Final = 120.0

One = TypeVar("One")
Other = TypeVar("Other")


@dataclass(frozen=True, slots=True)
class _Dumped:
    """A database that was dumped."""

    source: Source
    file: FileEntry
    database: DatabaseManifest
    facts: DatabaseFacts


async def run(place: Workplace) -> Outcome:
    """Back up the databases of the configuration into its target.

    Raises MaintenanceError and StoreError: nothing is then left but what was there before.
    """
    began = monotonic()
    target = target_of(place)
    with target.told():
        known = survey.survey(target)
        before = survey.newest_manifest(target)
    identity = _identity(place)
    sources = await existing(place)
    wanted = sizes.needed(sum(one.facts.bytes for one in sources), before)
    now = place.clock()
    name = name_at(now, [one.name for one in known])
    _check_room(target.staging_parent(_elsewhere(place)), wanted)
    if place.dry_run:
        return would(f"{target.shown}/{name}", sources, wanted)
    for left in _swept(target, place):
        place.say(f"removed {left}, which a run that was ended had left")
    with target.told(), target.staging(name, _elsewhere(place)) as directory:
        crash.point(CrashPoint.BACKUP_STAGED)
        dumped = [await _dump(place, one, directory, identity) for one in sources]
        made = _manifest(name, now, dumped, monotonic() - began)
        _write_manifest(directory, made)
        await _publish(target, directory, name)
    place.say(f"{name} is whole")
    await _note(place, target, made)
    with target.told():
        checks = assess(survey.survey(target), place.clock(), place.config.backup)
    return done(f"{target.shown}/{name}", made, before, checks)


def _elsewhere(place: Workplace) -> Path:
    return place.settings.data / "tmp"


def _identity(place: Workplace) -> Identity | None:
    rules = place.config.backup
    return encryption.identity_of(place.environ, rules.key_env) if rules.encrypt else None


def _swept(target: Target, place: Workplace) -> list[str]:
    with target.told():
        return target.sweep(_elsewhere(place))


def _check_room(directory: Path, wanted: int) -> None:
    there = next((one for one in (directory, *directory.parents) if one.exists()), Path("/"))
    free = shutil.disk_usage(there).free
    if free < wanted:
        raise MaintenanceError(
            f"not room enough for a backup in {directory}: about {sizes.in_words(wanted)} are needed and "
            f"{sizes.in_words(free)} are free; free some space, or set backup.target in configs/maintenance.yaml"
        )


async def _dump(place: Workplace, source: Source, directory: Path, identity: Identity | None) -> _Dumped:
    how = Dumping(source.tool, place.config.backup.compress_level, identity, place.environ)
    path = directory / f"{source.role}.dump{encryption.SUFFIX if identity else ''}"
    place.say(f"dumping {source.facts.name} ({sizes.in_words(source.facts.bytes)})")
    dumped = await _dump_when_quiet(place, source, path, how)
    crash.point(CrashPoint.BACKUP_DUMPED)
    place.say(f"{path.name}: {sizes.in_words(dumped.file.bytes)}, {dumped.database.rows:,} rows")
    return dumped


async def _dump_when_quiet(place: Workplace, source: Source, path: Path, how: Dumping) -> _Dumped:
    deadline = monotonic() + _QUIET_SECONDS
    while monotonic() < deadline:
        try:
            return await _dump_frozen(place, source, path, how)
        except LockedOutError:
            path.unlink(missing_ok=True)
            # whoever waited for a table goes first, and not in step with us
            await asyncio.sleep(random.uniform(0.02, 0.3))  # noqa: S311
    raise MaintenanceError(
        f"others ask for whole tables of {source.facts.name} all the time (TRUNCATE, ALTER TABLE), so that no snapshot "
        "can be dumped: back up at a quieter time"
    )


async def _dump_frozen(place: Workplace, source: Source, path: Path, how: Dumping) -> _Dumped:
    async with frozen(source.url, patience(place)) as (connection, snapshot):
        crash.point(CrashPoint.BACKUP_FROZEN)
        sequences = await row_hashes.sequence_values(connection)
        file, hashes = await _both(dump(source.url, snapshot, path, how), row_hashes.table_hashes(connection))
        facts = await row_hashes.facts(connection)
    database = DatabaseManifest(
        name=facts.name,
        bytes=facts.bytes,
        file=file.name,
        tables=tuple(TableEntry(one.schema, one.name, one.rows, one.hash) for one in hashes),
        sequences=tuple(SequenceEntry(one.schema, one.name, one.last) for one in sequences),
    )
    return _Dumped(source, file, database, facts)


async def _both(one: Awaitable[One], other: Awaitable[Other]) -> tuple[One, Other]:
    """Wait for two pieces of work; when one fails the other is ended, as somebody may wait for its locks."""
    first, second = asyncio.ensure_future(one), asyncio.ensure_future(other)
    try:
        await asyncio.wait({first, second}, return_when=asyncio.FIRST_EXCEPTION)
        for task in (first, second):
            if task.done():
                task.result()
        return first.result(), second.result()
    finally:
        for task in (first, second):
            task.cancel()
        await asyncio.gather(first, second, return_exceptions=True)


def _manifest(name: str, now: datetime, dumped: list[_Dumped], seconds: float) -> Manifest:
    first = dumped[0]
    return Manifest(
        format=manifest.FORMAT,
        name=name,
        created_at=now,
        snapshot_at=min(one.facts.at for one in dumped),
        product_version=version("pake_pipelines"),
        migration=next((one.facts.revision for one in dumped if one.facts.revision is not None), ""),
        server_version=first.facts.server_version,
        client_version=first.source.tool.version,
        host=platform.node(),
        files=tuple(one.file for one in dumped),
        databases={one.source.role: one.database for one in dumped},
        seconds=round(seconds, 3),
    )


def _write_manifest(directory: Path, made: Manifest) -> None:
    with private(directory / manifest.FILE) as file:
        file.write(manifest.to_json(made))
    crash.point(CrashPoint.BACKUP_MANIFEST_WRITTEN)


async def _publish(target: Target, directory: Path, name: str) -> None:
    """Publish the backup, to the end even when this is cancelled: nothing may be removed under the thread's hands."""
    publishing = asyncio.ensure_future(asyncio.to_thread(target.publish, directory, name))
    try:
        await asyncio.shield(publishing)
    finally:
        await asyncio.wait([publishing])


async def _note(place: Workplace, target: Target, made: Manifest) -> None:
    async with place.open() as database, database.transaction() as connection:
        await backups.save(
            connection,
            name=made.name,
            target=target.shown,
            created_at=made.created_at,
            run_id=place.run_id,
            size=made.bytes,
            seconds=made.seconds,
            encrypted=made.encrypted,
            migration=made.migration,
            manifest=manifest.as_dict(made),
        )
    crash.point(CrashPoint.BACKUP_NOTED)
