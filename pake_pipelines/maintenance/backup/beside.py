"""Restoring into new databases beside the live ones, which nothing of it touches."""

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NoReturn

from pake_pipelines import crash
from pake_pipelines.crash import CrashPoint
from pake_pipelines.maintenance.backup import holding
from pake_pipelines.maintenance.backup.comparison import differences
from pake_pipelines.maintenance.backup.loading import restore_into
from pake_pipelines.maintenance.backup.manifest import Manifest
from pake_pipelines.maintenance.backup.proof import KNOWLEDGE
from pake_pipelines.maintenance.backup.restore_plan import DatabaseChange
from pake_pipelines.maintenance.backup.targets import Target
from pake_pipelines.maintenance.errors import MaintenanceError
from pake_pipelines.maintenance.workplace import Workplace
from pake_pipelines.store import row_hashes, swap
from pake_pipelines.store.client_tools import find
from pake_pipelines.store.database import Connection, with_database
from pake_pipelines.store.examination import examine
from pake_pipelines.store.scratch import scratch_directory


async def restore(
    place: Workplace,
    target: Target,
    manifest: Manifest,
    found: Sequence[DatabaseChange],
    servers: Mapping[str, Connection],
) -> None:
    """Restore `found` beside the live databases and compare them; `servers` are by the address of each.

    Raises MaintenanceError and StoreError; nothing of the new ones stays then.
    """
    try:
        entries = {one.role: manifest.file_of(one.role) for one in found}
        work_bytes = 2 * sum(entry.bytes for entry in entries.values() if entry.encrypted or target.local is None)
        with scratch_directory(place.settings.data / "tmp", work_bytes) as work:
            directory = await asyncio.to_thread(holding.fetched, target, manifest, work)
            if faults := await asyncio.to_thread(holding.faults, directory, manifest):
                _refuse(f"{manifest.name} is damaged and is not restored: {'; '.join(faults)}")
            for one in found:
                entry = entries[one.role]
                dump = await asyncio.to_thread(
                    holding.plain, directory / entry.name, entry, work, place.environ, place.config.backup.key_env
                )
                await _make(place, manifest, one, dump, servers[one.server])
        crash.point(CrashPoint.RESTORE_RESTORED)
    except OSError as error:
        await clear(found, servers)
        raise MaintenanceError(f"{manifest.name} cannot be restored: {error}") from error
    except BaseException:
        await clear(found, servers)
        raise


async def _make(place: Workplace, manifest: Manifest, one: DatabaseChange, dump: Path, server: Connection) -> None:
    new = swap.beside(one.live)
    if await swap.drop(server, new):
        place.say(f"removed {new}, which a restore that was ended had left")
    await swap.create(server, new, like=one.live)
    place.say(f"restoring {one.role} into {new}")
    url = with_database(one.url, new)
    tool = find("pg_restore", (await row_hashes.facts(server)).server_major)
    await restore_into(dump, url, tool, place.environ, jobs=place.config.backup.proof.jobs)
    revision = manifest.migration if one.role == KNOWLEDGE else None
    if wrong := differences(manifest.databases[one.role], await examine(url), revision):
        raise MaintenanceError(f"{one.role} was restored and is not equal, so nothing was replaced: {'; '.join(wrong)}")
    await swap.analyze(url)


def _refuse(said: str) -> NoReturn:
    raise MaintenanceError(said)


async def clear(found: Sequence[DatabaseChange], servers: Mapping[str, Connection]) -> None:
    """Drop what was made beside the live databases."""
    for one in found:
        await swap.drop(servers[one.server], swap.beside(one.live))
