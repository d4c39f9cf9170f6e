"""Moving items into archive files, step by step: written, verified, removed. Each step can be the last before a crash.

A file is written from one snapshot and read back; only then do rows go, in one transaction that first holds them and
hashes them again. What has changed since it was written stays for the next time. Whatever a killed run left, the next
goes on with: a file that nothing tells of is taken up by its header, and rows that are the same as in it may go.
"""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import count
from pathlib import Path
from typing import Final
from uuid import UUID

from pake_pipelines import crash
from pake_pipelines.crash import CrashPoint
from pake_pipelines.maintenance.errors import MaintenanceError
from pake_pipelines.maintenance.retention import archive
from pake_pipelines.maintenance.retention.archive import PARTIAL, SUFFIX, ArchivedItem, Header
from pake_pipelines.maintenance.retention.plan import Move
from pake_pipelines.store import archived_rows, retention, retention_removal
from pake_pipelines.store.database import Connection, Database
from pake_pipelines.store.migrations import HEAD
from pake_pipelines.store.retention import StoredArchive
from pake_pipelines.store.retention_removal import InUseError

DIRECTORY: Final = "archive"
# a stage that works on the items is over in some seconds
_ATTEMPTS: Final = 3
_PAUSE_SECONDS: Final = 1.0


@dataclass(frozen=True, slots=True)
class Moved:
    """What moving one archive's items came to; `left` items have changed since, or somebody worked on them."""

    items: int = 0
    rows: int = 0
    bytes: int = 0
    left: int = 0


@dataclass(frozen=True, slots=True)
class Mover:
    """Moves items of one project. `max_documents` bounds in how many documents a name counts."""

    database: Database
    directory: Path
    run_id: str
    max_documents: int

    async def move(self, moves: Sequence[Move], now: datetime) -> Moved:
        """Let `moves` leave the tables for an archive file of their own. Raises MaintenanceError, OSError."""
        archive_id, path = await self._write(moves, now)
        return await self._finish(archive_id, path, now, fresh=True)

    async def finish_begun(self, now: datetime) -> list[Moved]:
        """Bring to an end what a killed run has left. Raises MaintenanceError for a file that is not what it should be.

        A file that no row tells of is taken up first: a run was killed in between, or an older backup was restored.
        """
        for leftover in self.directory.glob(f".*{SUFFIX}{PARTIAL}"):
            leftover.unlink()
        await take_up(self.database, self.directory, now)
        async with self.database.connection() as connection:
            begun = await retention.archives(connection, ("written", "verified"))
        return [await self._resume(one, now) for one in begun]

    async def _resume(self, begun: StoredArchive, now: datetime) -> Moved:
        path = self.directory / begun.path
        if path.exists():
            return await self._finish(begun.archive_id, path, now, fresh=False)
        # rows go in the transaction that makes it `removed`: none has
        async with self.database.transaction() as connection:
            await retention.forget(connection, begun.archive_id)
        return Moved()

    async def _write(self, moves: Sequence[Move], now: datetime) -> tuple[int, Path]:
        path = next(one for one in _names(self.directory, now) if not one.exists())
        async with (
            self.database.connection() as connection,
            connection.transaction(isolation="repeatable_read", readonly=True),
        ):
            await archived_rows.steady(connection)
            header = await _header(connection, moves, self.run_id, now)
            written = await archive.write(connection, path, header)
        async with self.database.transaction() as connection:
            archive_id = await _record(connection, path, written, header, now)
        crash.point(CrashPoint.RETENTION_RECORDED)
        return archive_id, path

    async def _finish(self, archive_id: int, path: Path, now: datetime, *, fresh: bool) -> Moved:
        """Verify a file and let go what it holds. Raises MaintenanceError when it does not hold what it should."""
        header = await self._verified(archive_id, path, now)
        crash.point(CrashPoint.RETENTION_VERIFIED)
        gone = await self._remove_patiently(archive_id, header.items, now)
        crash.point(CrashPoint.RETENTION_REMOVED)
        if not gone:
            await self._settle_useless(archive_id, path, now, fresh=fresh)
            return Moved(left=len(header.items))
        rows = sum(header.items[one].rows for one in gone)
        return Moved(len(gone), rows, path.stat().st_size, len(header.items) - len(gone))

    async def _settle_useless(self, archive_id: int, path: Path, now: datetime, *, fresh: bool) -> None:
        """Let go of a file that this run wrote and nothing left for; an older one may hold more than the tables do."""
        async with self.database.transaction() as connection:
            if not fresh:
                await retention.set_state(connection, archive_id, "removed", now)
                return
            await retention.forget(connection, archive_id)
        path.unlink()

    async def _remove_patiently(
        self, archive_id: int, items: Mapping[UUID, ArchivedItem], now: datetime
    ) -> frozenset[UUID]:
        for attempt in range(_ATTEMPTS):
            if attempt:
                await asyncio.sleep(_PAUSE_SECONDS)
            try:
                return await self._remove(archive_id, items, now)
            except InUseError:
                continue
        return frozenset()

    async def _verified(self, archive_id: int, path: Path, now: datetime) -> Header:
        async with self.database.connection() as connection:
            (stored,) = [one for one in await retention.archives(connection) if one.archive_id == archive_id]
        try:
            async with self.database.transaction() as connection:
                await archived_rows.steady(connection)
                header = await archive.verify(connection, path, stored.sha256)
                await retention.set_state(connection, archive_id, "verified", now)
        except MaintenanceError as error:
            async with self.database.transaction() as connection:
                await retention.forget(connection, archive_id)
            aside = path.with_name(f"{path.name}.damaged")
            path.rename(aside)
            raise MaintenanceError(f"{error}; no row left the tables for it, and it lies aside as {aside}") from error
        return header

    async def _remove(self, archive_id: int, items: Mapping[UUID, ArchivedItem], now: datetime) -> frozenset[UUID]:
        ids, slugs = list(items), sorted({one.source for one in items.values()})
        async with retention_removal.held(self.database, slugs, ids) as connection:
            same = unchanged(items, await archived_rows.item_hashes(connection, ids))
            if same:
                limit = self.max_documents
                await retention_removal.remove(connection, sorted(same), archive_id, now, max_documents=limit)
        return same


async def take_up(database: Database, directory: Path, now: datetime) -> None:
    """Record the archive files in `directory` that no row tells of. Raises MaintenanceError for an unreadable one."""
    async with database.transaction() as connection:
        known = {one.path for one in await retention.archives(connection)}
        for path in unrecorded(directory, known):
            await _record(connection, path, archive.measured(path), archive.read_header(path), now)


async def _record(connection: Connection, path: Path, written: archive.Written, header: Header, now: datetime) -> int:
    moments = [datetime.fromisoformat(one.since) for one in header.items.values()]
    return await retention.record(
        connection,
        path=path.name,
        sha256=written.sha256,
        size=written.size,
        tables=header.tables,
        oldest=min(moments, default=None),
        newest=max(moments, default=None),
        run_id=header.run_id,
        now=now,
    )


def unchanged(items: Mapping[UUID, ArchivedItem], now: Mapping[UUID, archived_rows.RowsHash]) -> frozenset[UUID]:
    """Return the items of which the tables hold exactly the rows that the file holds."""
    return frozenset(one for one, kept in items.items() if now.get(one) == archived_rows.RowsHash(kept.rows, kept.hash))


def unrecorded(directory: Path, known: set[str]) -> list[Path]:
    """Return the archive files in `directory` that are not `known`, by name."""
    return sorted(path for path in directory.glob(f"items-*{SUFFIX}") if path.name not in known)


def _names(directory: Path, now: datetime) -> Iterator[Path]:
    return (directory / f"items-{now:%Y%m%dT%H%M%SZ}-{number:04}{SUFFIX}" for number in count(1))


async def _header(connection: Connection, moves: Sequence[Move], run_id: str, now: datetime) -> Header:
    ids = [move.pake_id for move in moves]
    hashes = await archived_rows.item_hashes(connection, ids)
    named = await retention.names(connection, ids)
    items = {
        move.pake_id: ArchivedItem(
            move.source,
            *named[move.pake_id],
            move.since.isoformat(),
            move.reason,
            hashes[move.pake_id].rows,
            hashes[move.pake_id].hash,
        )
        for move in moves
        # it may have gone with its source since the plan was made
        if move.pake_id in hashes and move.pake_id in named
    }
    if not items:
        raise MaintenanceError("the items that were to move are gone: nothing was written")
    tables = await archived_rows.table_hashes(connection, list(items))
    return Header(archive.FORMAT, now.isoformat(), HEAD, run_id, items, tables)
