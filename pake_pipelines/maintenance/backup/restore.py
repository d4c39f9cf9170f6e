"""Restoring a backup: into new databases beside the live ones, compared there, then renamed into their place.

Nothing is ever written over. Until the renaming, which is one transaction, the live databases stay as they are, and
afterwards they are kept under another name. A restore that was killed leaves at most a database `<name>_restoring`,
which the next one removes.
"""

import asyncio
import shutil
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import groupby
from typing import Final

from pake_pipelines.maintenance.backup import beside, create, proof_record
from pake_pipelines.maintenance.backup.kept import note
from pake_pipelines.maintenance.backup.manifest import Manifest, checksum
from pake_pipelines.maintenance.backup.proof import prove
from pake_pipelines.maintenance.backup.restore_plan import DatabaseChange, details, plan
from pake_pipelines.maintenance.backup.sizes import in_words
from pake_pipelines.maintenance.backup.targets import Target, target_of
from pake_pipelines.maintenance.errors import BusyError, MaintenanceError
from pake_pipelines.maintenance.workplace import Workplace
from pake_pipelines.model.maintenance import Outcome, ProofState, TaskState
from pake_pipelines.store import session_locks, swap
from pake_pipelines.store.database import ONCE, Connection, addresses, wait_for
from pake_pipelines.store.errors import StoreError
from pake_pipelines.store.swap import Swap

_LOCK: Final = ("pake backup", "restore")
_ROOM: Final = 1.25


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be restored: a backup (None: the newest), its databases (none named: all), by whom and how.

    With `force` live data may be replaced; with `safety` they are backed up before.
    """

    actor: str
    name: str | None = None
    roles: Sequence[str] = ()
    force: bool = False
    safety: bool = True


async def restore(place: Workplace, wish: Wish) -> Outcome:
    """Restore a backup in place of the live databases, or say with `place.dry_run` what that would change.

    Raises MaintenanceError and StoreError; the live databases are then as they were.
    """
    target = target_of(place)
    manifest = await asyncio.to_thread(_manifest, target, wish.name)
    roles = _roles(manifest, wish.roles)
    found = await plan(place, manifest, roles)
    if place.dry_run:
        return _would(manifest, found)
    _refuse_live_data(found, manifest, force=wish.force)
    async with _alone(found) as servers:
        for one in found:
            await swap.may_swap(servers[one.server], [one.live])
            await swap.unused(servers[one.server], [one.live])
        _check_room(place, manifest, found)
        await _proven(place, target, manifest)
        saved = await _safety_backup(place, found) if wish.safety else None
        await beside.restore(place, target, manifest, found, servers)
        kept = await _swapped(place, manifest, found, servers)
    said = {"databases": roles, "kept": [name for name in kept.values() if name], "safety_backup": saved}
    await note(place, wish.actor, "backup.restore", manifest.name, said)
    return _done(manifest, found, kept, saved)


def _manifest(target: Target, name: str | None) -> Manifest:
    with target.told():
        names = target.names()
        if not names:
            raise MaintenanceError(f"there is no backup at {target.shown}")
        if name is not None and name not in names:
            raise MaintenanceError(f"no backup {name!r} at {target.shown}: `pake backup list` shows them")
        return target.read_manifest(name or names[-1])


def _roles(manifest: Manifest, wanted: Sequence[str]) -> list[str]:
    missing = [role for role in wanted if role not in manifest.databases]
    if missing:
        raise MaintenanceError(f"{manifest.name} holds {', '.join(manifest.databases)}, and not {', '.join(missing)}")
    return list(dict.fromkeys(wanted)) or list(manifest.databases)


def _refuse_live_data(found: Sequence[DatabaseChange], manifest: Manifest, *, force: bool) -> None:
    full = [one for one in found if one.holds_data]
    if full and not force:
        held = ", ".join(f"{one.live} ({_rows(one)})" for one in full)
        raise MaintenanceError(
            f"there are live data in {held}: `--dry-run` shows what would change, `--force` puts {manifest.name} in "
            "their place and keeps them under another name"
        )


def _rows(one: DatabaseChange) -> str:
    return f"cannot be read: {one.unreadable}" if one.unreadable else f"{one.rows_now:,} rows"


@asynccontextmanager
async def _alone(found: Sequence[DatabaseChange]) -> AsyncIterator[dict[str, Connection]]:
    """Lend a connection to each server, by its address, on which no other restore works meanwhile. Raises BusyError."""
    servers: dict[str, Connection] = {}
    try:
        for address in dict.fromkeys(one.server for one in found):
            servers[address] = await wait_for(address, ONCE)
            if not await session_locks.lock(servers[address], *_LOCK):
                raise BusyError("another restore works on this server: wait until it is done")
        yield servers
    finally:
        for connection in servers.values():
            await connection.close(timeout=10)


def _check_room(place: Workplace, manifest: Manifest, found: Sequence[DatabaseChange]) -> None:
    if not addresses(place.settings).embedded:
        return
    wanted = int(_ROOM * sum(manifest.databases[one.role].bytes for one in found))
    free = shutil.disk_usage(place.settings.data).free
    if free < wanted:
        raise MaintenanceError(
            f"not enough room to restore beside what is there: about {in_words(wanted)} are needed in "
            f"{place.settings.data}, {in_words(free)} are free"
        )


async def _proven(place: Workplace, target: Target, manifest: Manifest) -> None:
    """See to it that the backup is proven: by an earlier proof of this very manifest, or by one now."""
    known = await asyncio.to_thread(proof_record.read, target, manifest.name)
    if known is not None and known.state is ProofState.PROVEN and known.manifest_sha256 == checksum(manifest):
        place.say(f"{manifest.name} was proven at {known.proved_at:%Y-%m-%d %H:%M} UTC")
        return
    proof = await prove(place, target, manifest.name)
    if proof.state is ProofState.DAMAGED:
        raise MaintenanceError(
            f"{manifest.name} is damaged and is not restored: {proof.detail}; `pake backup list` shows the others"
        )
    if proof.state is not ProofState.PROVEN:
        raise MaintenanceError(f"{manifest.name} could not be proved and is not restored: {proof.detail}")


async def _safety_backup(place: Workplace, found: Sequence[DatabaseChange]) -> str | None:
    """Back up what is to be replaced; return the backup's name, None when there is nothing."""
    if not any(one.holds_data for one in found):
        return None
    place.say("backing up what is there now")
    try:
        made = await create.run(place)
    except (MaintenanceError, StoreError) as error:
        raise MaintenanceError(
            f"what is there now cannot be backed up: {error}; it is kept under another name in any case, so "
            "`--without-safety-backup` goes on without"
        ) from error
    return str(made.details["name"])


async def _swapped(
    place: Workplace, manifest: Manifest, found: Sequence[DatabaseChange], servers: dict[str, Connection]
) -> dict[str, str | None]:
    """Rename; return under which name each live database is kept now (None: there was none), by its own name."""
    at = place.clock()
    swaps = {
        one.live: Swap(one.live, swap.beside(one.live), await swap.aside(servers[one.server], one.live, at))
        for one in found
    }
    try:
        for address, group in groupby(sorted(found, key=lambda one: one.server), key=lambda one: one.server):
            live = [one.live for one in group]
            await swap.unused(servers[address], live)
            await swap.swap(servers[address], [swaps[name] for name in live], f"{manifest.name} was restored")
    except StoreError:
        await beside.clear(found, servers)
        raise
    return {name: one.outgoing for name, one in swaps.items()}


def _would(manifest: Manifest, found: Sequence[DatabaseChange]) -> Outcome:
    words = "; ".join(
        f"{one.live}: {_rows(one)} now, {one.rows_then:,} in the backup, "
        f"{sum(not table.same for table in one.tables)} of {len(one.tables)} tables differ"
        for one in found
    )
    return Outcome(TaskState.DONE, f"{manifest.name} would be restored: {words}", details(found))


def _done(
    manifest: Manifest, found: Sequence[DatabaseChange], kept: dict[str, str | None], saved: str | None
) -> Outcome:
    rows = sum(one.rows_then for one in found)
    words = f"{manifest.name} is live: {rows:,} rows, every table compared"
    if names := [name for name in kept.values() if name]:
        words += (
            f". What was there is kept: {', '.join(names)}; `pake backup kept --use NAME` goes back to it, "
            "`pake backup kept --drop NAME` removes it"
        )
    return Outcome(
        TaskState.DONE,
        words,
        {
            **details(found),
            "name": manifest.name,
            "safety_backup": saved,
            "kept": [{"database": live, "kept_as": name} for live, name in kept.items()],
        },
    )
