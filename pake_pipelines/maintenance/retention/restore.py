"""Bringing items back from an archive file: what comes back is decided first, then inserted in one transaction.

What tied items to one another (pairs, groups, connections, signatures) is in the file as evidence and not inserted: the
others have gone on meanwhile. The stages are asked for the items that are back and find it anew.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import orjson

from pake_pipelines.maintenance.errors import MaintenanceError
from pake_pipelines.maintenance.retention import archive
from pake_pipelines.maintenance.retention.archive import ArchivedItem
from pake_pipelines.store import archived_rows, audit, entries, marks, retention_return, sources
from pake_pipelines.store.database import Connection, Database
from pake_pipelines.store.retention import StoredArchive
from pake_pipelines.store.retention_return import Whereabouts

_RESTORED: Final = "retention.restored"


class Fate(StrEnum):
    """What becomes of an item of the file."""

    BACK = "back"
    THERE = "there already"
    CONFLICT = "conflict"


@dataclass(frozen=True, slots=True)
class Decision:
    """The fate of an item, and for a conflict why it does not come back."""

    pake_id: UUID
    title: str
    fate: Fate
    because: str = ""


@dataclass(frozen=True, slots=True)
class Restored:
    """What a restore did, or would do; `rows` were inserted."""

    decisions: Sequence[Decision]
    rows: int

    def of(self, fate: Fate) -> list[Decision]:
        """Return the decisions of `fate`."""
        return [one for one in self.decisions if one.fate is fate]


def decide(
    items: Mapping[UUID, ArchivedItem], where: Mapping[UUID, Whereabouts], versions: Mapping[UUID, int], archive_id: int
) -> list[Decision]:
    """Say of each item of an archive whether it can come back.

    `versions` are those with which the items left. An item that is in the tables stays as it is there: with the same
    version it is there already, with another it has gone on, and bringing an old one back would undo that.
    """
    return [
        Decision(one, item.title, *_fate(where[one], item.source, versions.get(one), archive_id))
        for one, item in items.items()
    ]


def _fate(now: Whereabouts, source: str, version: int | None, archive_id: int) -> tuple[Fate, str]:
    if now.in_force is not None and now.in_force == version:
        return Fate.THERE, ""
    if now.in_force is not None:
        return Fate.CONFLICT, f"it goes on with version {now.in_force}"
    if now.archive_id not in (None, archive_id):
        return Fate.CONFLICT, f"archive {now.archive_id} holds a later state of it"
    if not now.has_source:
        return Fate.CONFLICT, f"its source {source} is no longer there"
    return Fate.BACK, ""


async def restore(
    database: Database, stored: StoredArchive, path: Path, now: datetime, *, actor: str, keep: bool
) -> Restored:
    """Bring back what can come back of `stored`, whose file lies at `path`; without `keep` undo it all again.

    Raises MaintenanceError when the file is not the one that was written, or rows did not come back as they are in it.
    """
    async with database.transaction(keep=keep) as connection:
        await archived_rows.steady(connection)
        header = await archive.verify(connection, path, stored.sha256)
        await sources.lock(connection, sorted({one.source for one in header.items.values()}))
        where = await retention_return.whereabouts(connection, {one: item.source for one, item in header.items.items()})
        read = _Contents.of(path)
        found = decide(header.items, where, read.versions, stored.archive_id)
        back = frozenset(one.pake_id for one in found if one.fate is Fate.BACK)
        rows = await _insert(connection, path, read, back) if back else 0
        if back:
            await _go_on(connection, sorted(back), stored.archive_id, now, actor)
    return Restored(found, rows)


async def _insert(connection: Connection, path: Path, read: "_Contents", back: frozenset[UUID]) -> int:
    """Insert the rows of the items `back`; return how many were missing."""
    total, wanted = 0, read.keys(back)
    for table, lines in archive.chunks(path):
        if table not in archived_rows.RESTORED:
            continue
        column, values = next((column, values) for column, values in wanted.items() if column in orjson.loads(lines[0]))
        chosen = archive.only(lines, column, values)
        if not chosen:
            continue
        made = await archived_rows.insert(connection, table, chosen)
        total += made
        if table in archived_rows.OWN and made != len(chosen):
            raise MaintenanceError(
                f"{len(chosen) - made} rows of {table} in archive {path.name} clash with rows that are there: "
                "nothing was restored"
            )
    return total


@dataclass(frozen=True, slots=True)
class _Contents:
    """What is needed of a file to pick out some items: its entries, and the keys of the vectors of their texts."""

    entries: Sequence[Mapping[str, Any]]
    embedding_keys: Mapping[int, str]

    @classmethod
    def of(cls, path: Path) -> "_Contents":
        """Read the file at `path`."""
        found: list[Mapping[str, Any]] = []
        keys: dict[int, str] = {}
        for table, lines in archive.chunks(path):
            if table == "entries":
                found += [_without_body(line) for line in lines]
            elif table == "documents":
                keys |= {row["entry_id"]: row["embedding_key"] for row in map(orjson.loads, lines)}
        return cls(found, keys)

    @property
    def versions(self) -> dict[UUID, int]:
        """The version in force with which each item left."""
        return {UUID(one["pake_id"]): one["version"] for one in self.entries if one["superseded_at"] is None}

    def keys(self, pake_ids: frozenset[UUID]) -> dict[str, frozenset[Any]]:
        """Return by which column, and which values in it, the rows of `pake_ids` are told; the first that a row has."""
        mine = [one for one in self.entries if UUID(one["pake_id"]) in pake_ids]
        ids = frozenset(one["entry_id"] for one in mine)
        return {
            "pake_id": frozenset(map(str, pake_ids)),
            "entry_id": ids,
            "embedding_key": frozenset(key for one, key in self.embedding_keys.items() if one in ids),
            "fetch_id": frozenset(one["fetch_id"] for one in mine),
        }


def _without_body(line: str) -> Mapping[str, Any]:
    row: dict[str, Any] = orjson.loads(line)
    return {name: row[name] for name in ("pake_id", "entry_id", "fetch_id", "version", "superseded_at")}


async def _go_on(connection: Connection, back: list[UUID], archive_id: int, now: datetime, actor: str) -> None:
    await retention_return.mark_restored(connection, back, archive_id, now)
    in_force = await entries.ids_in_force(connection, back)
    await marks.request(connection, in_force, _RESTORED)
    details = {"archive": archive_id, "items": [str(one) for one in back]}
    await audit.record(connection, actor=actor, action=_RESTORED, subject=f"archive {archive_id}", details=details)
