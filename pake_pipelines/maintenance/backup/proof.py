"""Proving a backup: restored into a scratch server, and equal there row by row to what was backed up.

A backup is proven, damaged or could not be tried. What is not seen to be equal is never proven.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from time import monotonic
from typing import Final

from pake_pipelines.maintenance.backup import holding, proof_record
from pake_pipelines.maintenance.backup.comparison import differences
from pake_pipelines.maintenance.backup.loading import LoadError, restore_into
from pake_pipelines.maintenance.backup.manifest import Manifest, checksum
from pake_pipelines.maintenance.backup.proof_record import Proof, ProvenDatabase
from pake_pipelines.maintenance.backup.targets import Target
from pake_pipelines.maintenance.errors import MaintenanceError
from pake_pipelines.maintenance.workplace import Workplace
from pake_pipelines.model.maintenance import ProofState
from pake_pipelines.store import backups, swap
from pake_pipelines.store.client_tools import find
from pake_pipelines.store.database import Patience, wait_for
from pake_pipelines.store.embedded import programs
from pake_pipelines.store.errors import StoreError
from pake_pipelines.store.examination import IndexCheck, IndexState, check_indexes, examine
from pake_pipelines.store.migrate import known_revisions
from pake_pipelines.store.scratch import ScratchServer, scratch_directory
from pake_pipelines.store.server_account import MAJOR

KNOWLEDGE: Final = "knowledge"
# building an index sorts in files of about its size
_ROOM: Final = 1.25
_LEAST_MEMORY: Final = 64 << 20
_MOST_MEMORY: Final = 1 << 30


@dataclass(frozen=True, slots=True)
class _Finding:
    """Either faults, or a cause for which nothing is known, or neither: then all was restored and is equal."""

    manifest_sha256: str = ""
    faults: Sequence[str] = ()
    cause: str = ""
    databases: Sequence[ProvenDatabase] = ()

    @property
    def state(self) -> ProofState:
        if self.faults:
            return ProofState.DAMAGED
        return ProofState.PROVEN if self.databases and not self.cause else ProofState.UNAVAILABLE


@dataclass(frozen=True, slots=True)
class Restored:
    """What became of restoring some databases: all that is wrong, and figures of those that were compared."""

    faults: list[str] = field(default_factory=list)
    databases: list[ProvenDatabase] = field(default_factory=list)


async def prove(place: Workplace, target: Target, name: str) -> Proof:
    """Prove the backup `name`, write `proof.json` beside it and note it in the database.

    Return what was found now; a backup that could not be tried stays on record as what it was found to be earlier.
    Raises MaintenanceError when the finding cannot be written down.
    """
    began = monotonic()
    place.say(f"proving {name}")
    found = await _look(place, target, name)
    proof = Proof(
        name=name,
        state=found.state,
        proved_at=place.clock(),
        seconds=round(monotonic() - began, 3),
        manifest_sha256=found.manifest_sha256,
        product_version=version("pake_pipelines"),
        faults=tuple(found.faults),
        cause=found.cause,
        databases=tuple(found.databases),
    )
    place.say(f"{name} is {proof.state}: {proof.detail}")
    await _write_down(place, target, proof)
    return proof


async def _look(place: Workplace, target: Target, name: str) -> _Finding:
    try:
        manifest = await asyncio.to_thread(target.read_manifest, name)
    except MaintenanceError as error:
        return _Finding(faults=[str(error)])
    except OSError as error:
        return _Finding(cause=f"{target.shown} cannot be read: {error}")
    digest = checksum(manifest)
    try:
        restored = await _try(place, target, manifest)
    except (MaintenanceError, StoreError, OSError) as error:
        return _Finding(digest, cause=str(error))
    return _Finding(digest, faults=restored.faults, databases=restored.databases)


async def _try(place: Workplace, target: Target, manifest: Manifest) -> Restored:
    """Hold the files against their checksums, then restore them. Raises what is in the way of either."""
    if not manifest.databases:
        return Restored([f"{manifest.name} holds no database"])
    place_of_work = place.settings.data / "tmp"
    rules = place.config.backup
    copies = sum(file.bytes for file in manifest.files if file.encrypted or target.local is None)
    with scratch_directory(place_of_work, 2 * copies) as work:
        directory = await asyncio.to_thread(holding.fetched, target, manifest, work)
        if faults := await asyncio.to_thread(holding.faults, directory, manifest):
            return Restored(faults)
        _check_versions(manifest)
        dumps = {}
        for role in manifest.databases:
            entry = manifest.file_of(role)
            dumps[role] = await asyncio.to_thread(
                holding.plain, directory / entry.name, entry, work, place.environ, rules.key_env
            )
        size = sum(database.bytes for database in manifest.databases.values())
        memory = {"maintenance_work_mem": f"{index_memory(size, _free_memory()) >> 20}MB"}
        async with ScratchServer(place_of_work, room_bytes=int(_ROOM * size), settings=memory) as server:
            return await restore_all(
                manifest, dumps, server, place.environ, jobs=rules.proof.jobs, amcheck=rules.proof.amcheck
            )


def index_memory(size: int, free: int) -> int:
    """Return how many bytes building an index may take, for databases of `size` bytes with `free` bytes of memory.

    A vector index is built in memory as long as it fits and many times slower beyond. It takes about a tenth of a base.
    """
    return max(_LEAST_MEMORY, min(size // 4, free // 4, _MOST_MEMORY))


def _free_memory() -> int:
    import psutil

    free: int = psutil.virtual_memory().available
    return free


def _check_versions(manifest: Manifest) -> None:
    """Raise MaintenanceError for a backup of a newer server, or of a newer version of this product."""
    for what, said in (("server", manifest.server_version), ("pg_dump", manifest.client_version)):
        major = said.partition(".")[0].split()[0]
        if not major.isdigit() or int(major) > MAJOR:
            raise MaintenanceError(
                f"{manifest.name} was made with {what} {said}; the scratch server is PostgreSQL {MAJOR} and reads "
                "nothing newer: prove it with a version of this product that brings a newer one"
            )
    revisions = known_revisions()
    if KNOWLEDGE in manifest.databases and manifest.migration not in revisions:
        raise MaintenanceError(
            f"{manifest.name} is at migration revision {manifest.migration or 'none'}, and this version knows none "
            f"after {max(revisions)}: use the version that made it ({manifest.product_version})"
        )


async def restore_all(
    manifest: Manifest,
    dumps: Mapping[str, Path],
    server: ScratchServer,
    environ: Mapping[str, str],
    *,
    jobs: int = 1,
    amcheck: bool = False,
) -> Restored:
    """Restore `dumps` (by role) into databases of `server` and compare each with the manifest.

    Raises PlaceError and StoreError for what says nothing of the backup.
    """
    restored = Restored()
    tool = find("pg_restore", MAJOR, [programs()])
    for role, dump in dumps.items():
        await _create(server, role)
        began = monotonic()
        try:
            await restore_into(dump, server.url(role), tool, environ, jobs=jobs)
        except LoadError as error:
            restored.faults.append(str(error))
            continue
        loaded = monotonic()
        found = await examine(server.url(role))
        expected = manifest.databases[role]
        wrong = differences(expected, found, manifest.migration if role == KNOWLEDGE else None)
        indexes = await check_indexes(server.url(role)) if amcheck else IndexCheck(IndexState.NOT_ASKED)
        if indexes.state is IndexState.DAMAGED:
            wrong.append(f"amcheck: {indexes.detail}")
        restored.faults.extend(f"{role}: {fault}" for fault in wrong)
        restored.databases.append(
            ProvenDatabase(
                role=role,
                tables=len(found.tables),
                rows=sum(table.rows for table in found.tables),
                restore_seconds=round(loaded - began, 3),
                compare_seconds=round(monotonic() - loaded, 3),
                indexes=_words(indexes),
            )
        )
    return restored


def _words(indexes: IndexCheck) -> str:
    return f"{indexes.state}: {indexes.detail}" if indexes.state is IndexState.UNAVAILABLE else indexes.state.value


async def _create(server: ScratchServer, role: str) -> None:
    connection = await wait_for(server.url(), Patience())
    try:
        await swap.create(connection, role, like="postgres")
    finally:
        await connection.close()


async def _write_down(place: Workplace, target: Target, proof: Proof) -> None:
    try:
        standing = await asyncio.to_thread(proof_record.write, target, proof)
    except OSError as error:
        raise MaintenanceError(
            f"{proof.name} is {proof.state}, but that cannot be written beside it: {error}"
        ) from error
    try:
        async with place.open() as database, database.transaction() as connection:
            await backups.set_proof(
                connection, proof.name, standing.state, standing.proved_at, standing.seconds, standing.detail
            )
    except StoreError as error:
        place.say(f"noted beside the backup only, as the database cannot be written: {error}")
