"""Items and the versions of what their source said of them (`items`, `entries`)."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from pake_pipelines import crash
from pake_pipelines.crash import CrashPoint
from pake_pipelines.model.entry import Entry
from pake_pipelines.store.database import Connection


@dataclass(frozen=True, slots=True)
class CurrentVersion:
    """The version of an item that is in force, and when its bytes were fetched.

    An `archived` item has left the tables for an archive file; this is the version with which it did.
    """

    pake_id: UUID
    version: int
    entry_hash: str
    fetched_at: datetime
    day: date
    gone: bool
    archived: bool = False


@dataclass(frozen=True, slots=True)
class NewVersion:
    """An entry that is to become the version in force of an item, new or not."""

    source: str
    pake_id: UUID
    version: int
    day: date
    fetch_id: int
    entry: Entry

    @property
    def first(self) -> bool:
        """Whether the item is new."""
        return self.version == 1


@dataclass(frozen=True, slots=True)
class StoredEntry:
    """An entry version as the documents stage reads it; `gone` when its source no longer has it."""

    entry_id: int
    pake_id: UUID
    title: str
    url: str | None
    body: str
    media_type: str
    gone: bool


ItemKey = tuple[str, str]
"""A source's slug and the key of an item in it."""


async def current_versions(connection: Connection, wanted: Collection[ItemKey]) -> dict[ItemKey, CurrentVersion]:
    """Return the version in force of each of the items `wanted` that is known, in the tables or in an archive."""
    rows = await connection.fetch(
        """
        WITH known AS (
            SELECT i.source, i.key, i.pake_id
            FROM unnest($1::text[], $2::text[]) AS w(source, key) JOIN items i USING (source, key)
        )
        SELECT k.source, k.key, e.pake_id, e.version, e.entry_hash, f.fetched_at, e.day, e.gone_at IS NOT NULL AS gone,
               false AS archived
        FROM known k JOIN entries e ON e.pake_id = k.pake_id AND e.superseded_at IS NULL
        JOIN raw_fetches f USING (fetch_id)
        UNION ALL
        SELECT k.source, k.key, a.pake_id, a.version, a.entry_hash, a.fetched_at, a.day, a.gone, true
        FROM known k JOIN archived_items a USING (pake_id)
        WHERE a.restored_at IS NULL AND NOT EXISTS (
            SELECT FROM entries e WHERE e.pake_id = k.pake_id AND e.superseded_at IS NULL)
        """,
        [source for source, _ in wanted],
        [key for _, key in wanted],
    )
    return {
        (row["source"], row["key"]): CurrentVersion(
            row["pake_id"],
            row["version"],
            row["entry_hash"],
            row["fetched_at"],
            row["day"],
            row["gone"],
            row["archived"],
        )
        for row in rows
    }


async def taken_ids(connection: Connection, ids: Collection[UUID]) -> set[UUID]:
    """Return which of `ids` are in use, under whatever key."""
    rows = await connection.fetch("SELECT pake_id FROM items WHERE pake_id = ANY ($1::uuid[])", list(ids))
    return {row["pake_id"] for row in rows}


async def recent_items(
    connection: Connection, source: str, without: Collection[str], limit: int
) -> list[tuple[str, Entry]]:
    """Return the newest `limit` versions in force of `source` with their keys, except those of the keys `without`."""
    rows = await connection.fetch(
        """
        SELECT i.key, e.title, e.body, e.media_type, e.url, e.author, e.published_at, e.tags
        FROM items i JOIN entries e USING (pake_id)
        WHERE i.source = $1 AND e.superseded_at IS NULL AND e.gone_at IS NULL AND i.key <> ALL ($2::text[])
        ORDER BY e.entry_id DESC LIMIT $3
        """,
        source,
        list(without),
        limit,
    )
    return [(row["key"], Entry(**{**row, "tags": tuple(row["tags"])})) for row in rows]


async def rename_items(connection: Connection, source: str, renames: Mapping[str, str], run_id: str) -> None:
    """Let items of `source` go on under another key (new key -> old key), and keep that they did."""
    await connection.execute(
        """
        WITH renamed AS (
            UPDATE items i SET key = g.new FROM unnest($2::text[], $3::text[]) AS g(new, old)
            WHERE i.source = $1 AND i.key = g.old RETURNING i.pake_id, g.old, g.new
        )
        INSERT INTO item_renames (pake_id, old_key, new_key, run_id) SELECT pake_id, old, new, $4 FROM renamed
        """,
        source,
        list(renames),
        list(renames.values()),
        run_id,
    )


async def save_entries(connection: Connection, made: Sequence[NewVersion], run_id: str) -> None:
    """Store `made` as the versions in force, retiring those they follow.

    Belongs into the transaction that has locked their sources: nothing that COPY would trip over can come in between.
    """
    if not made:
        return
    await connection.copy_records_to_table(
        "items",
        columns=("pake_id", "source", "key"),
        records=[(v.pake_id, v.source, v.entry.key) for v in made if v.first],
    )
    followed = [version.pake_id for version in made if not version.first]
    if followed:
        await connection.execute(
            "UPDATE entries SET superseded_at = now() WHERE superseded_at IS NULL AND pake_id = ANY ($1::uuid[])",
            followed,
        )
    await connection.copy_records_to_table("entries", columns=_COLUMNS, records=[_record(v, run_id) for v in made])
    crash.point(CrashPoint.FETCH_ENTRIES_WRITTEN)


_COLUMNS = (
    "pake_id", "version", "day", "title", "url", "author", "published_at", "tags", "body", "media_type", "entry_hash",
    "problems", "fetch_id", "run_id",
)  # fmt: skip


def _record(made: NewVersion, run_id: str) -> tuple[object, ...]:
    entry = made.entry
    return (
        made.pake_id, made.version, made.day, entry.title, entry.url, entry.author, entry.published_at,
        list(entry.tags), entry.body, entry.media_type, entry.entry_hash, list(entry.problems), made.fetch_id, run_id,
    )  # fmt: skip


async def ids_in_force(connection: Connection, items: Collection[UUID]) -> list[int]:
    """Return the ids of the versions in force of `items`."""
    rows = await connection.fetch(
        "SELECT entry_id FROM entries WHERE superseded_at IS NULL AND pake_id = ANY ($1::uuid[])", list(items)
    )
    return [row["entry_id"] for row in rows]


async def bury(connection: Connection, source: str, url: str) -> list[int]:
    """Note that what came from the body at `url` is gone from its source; return the versions in force concerned."""
    rows = await connection.fetch(
        """
        UPDATE entries e SET gone_at = now() FROM raw_fetches f
        WHERE f.fetch_id = e.fetch_id AND f.source = $1 AND f.url = $2 AND e.superseded_at IS NULL AND e.gone_at IS NULL
        RETURNING e.entry_id
        """,
        source,
        url,
    )
    return [row["entry_id"] for row in rows]


async def load_entries(connection: Connection, entry_ids: Sequence[int]) -> list[StoredEntry]:
    """Return the entry versions `entry_ids`, in that order."""
    rows = await connection.fetch(
        """
        SELECT entry_id, pake_id, title, url, body, media_type, gone_at IS NOT NULL AS gone
        FROM unnest($1::bigint[]) WITH ORDINALITY AS wanted(entry_id, position) JOIN entries USING (entry_id)
        ORDER BY position
        """,
        list(entry_ids),
    )
    return [StoredEntry(**row) for row in rows]


async def count_of_day(connection: Connection, day: date) -> int:
    """Return how many entry versions in force belong to `day`."""
    count: int = await connection.fetchval("SELECT count(*) FROM entries WHERE day = $1 AND superseded_at IS NULL", day)
    return count


async def counts_of_day(connection: Connection, day: date, sources: Collection[str]) -> dict[str, int]:
    """Return how many entry versions in force of each of `sources` belong to `day`."""
    rows = await connection.fetch(
        """
        SELECT source, count(*) AS count FROM entries JOIN items USING (pake_id)
        WHERE day = $1 AND superseded_at IS NULL AND source = ANY ($2::text[]) GROUP BY source
        """,
        day,
        list(sources),
    )
    return dict.fromkeys(sources, 0) | {row["source"]: row["count"] for row in rows}
