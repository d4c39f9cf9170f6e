"""Items and the versions of what their source said of them (`items`, `entries`, `dead_letters`)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from pake_pipelines import crash
from pake_pipelines.crash import CrashPoint
from pake_pipelines.model.entry import Entry, Unparsed
from pake_pipelines.store.database import Connection


@dataclass(frozen=True, slots=True)
class CurrentVersion:
    """The version of an item that is in force, and when its bytes were fetched."""

    entry_hash: str
    fetched_at: datetime


@dataclass(frozen=True, slots=True)
class StoredEntry:
    """An entry version as the documents stage reads it."""

    entry_id: int
    pake_id: UUID
    title: str
    url: str | None
    body: str
    media_type: str


async def current_versions(connection: Connection, ids: Iterable[UUID]) -> dict[UUID, CurrentVersion]:
    """Return the version in force of each of the items `ids` that is known."""
    rows = await connection.fetch(
        """
        SELECT e.pake_id, e.entry_hash, f.fetched_at
        FROM entries e JOIN raw_fetches f USING (fetch_id)
        WHERE e.superseded_at IS NULL AND e.pake_id = ANY ($1::uuid[])
        """,
        list(ids),
    )
    return {row["pake_id"]: CurrentVersion(row["entry_hash"], row["fetched_at"]) for row in rows}


async def save_entries(
    connection: Connection, *, source: str, day: date, fetch_id: int, run_id: str, entries: Mapping[UUID, Entry]
) -> list[int]:
    """Store `entries` as the versions in force, retiring those they follow; return their ids.

    Belongs into one transaction.
    """
    if not entries:
        return []
    given = [_record(pake_id, entry) for pake_id, entry in entries.items()]
    await connection.execute(
        """
        INSERT INTO items (pake_id, source, key)
        SELECT pake_id, $2, key FROM jsonb_to_recordset($1) AS g(pake_id uuid, key text)
        ON CONFLICT (pake_id) DO NOTHING
        """,
        given,
        source,
    )
    await connection.execute(
        "UPDATE entries SET superseded_at = now() WHERE superseded_at IS NULL AND pake_id = ANY ($1::uuid[])",
        list(entries),
    )
    rows = await connection.fetch(
        """
        INSERT INTO entries (pake_id, version, day, title, url, author, published_at, tags, body, media_type,
                             entry_hash, problems, fetch_id, run_id)
        SELECT g.pake_id, 1 + (SELECT count(*) FROM entries e WHERE e.pake_id = g.pake_id), $2, title, url, author,
               published_at, tags, body, media_type, entry_hash, problems, $3, $4
        FROM jsonb_to_recordset($1) AS g(pake_id uuid, title text, url text, author text, published_at timestamptz,
             tags text[], body text, media_type text, entry_hash text, problems text[])
        ORDER BY g.pake_id
        RETURNING entry_id
        """,
        given,
        day,
        fetch_id,
        run_id,
    )
    crash.point(CrashPoint.FETCH_ENTRIES_WRITTEN)
    return [row["entry_id"] for row in rows]


def _record(pake_id: UUID, entry: Entry) -> dict[str, object]:
    return {
        "pake_id": str(pake_id),
        "key": entry.key,
        "title": entry.title,
        "url": entry.url,
        "author": entry.author,
        "published_at": entry.published_at.isoformat() if entry.published_at else None,
        "tags": list(entry.tags),
        "body": entry.body,
        "media_type": entry.media_type,
        "entry_hash": entry.entry_hash,
        "problems": list(entry.problems),
    }


async def save_dead_letters(
    connection: Connection, *, source: str, day: date, fetch_id: int | None, run_id: str, letters: Iterable[Unparsed]
) -> int:
    """Keep what could not become an entry; return how many were not known before."""
    given = [{"key": letter.key, "reason": letter.reason, "detail": letter.detail} for letter in letters]
    if not given:
        return 0
    rows = await connection.fetch(
        """
        INSERT INTO dead_letters (source, day, fetch_id, key, reason, detail, run_id)
        SELECT $2, $3, $4, key, reason, detail, $5
        FROM jsonb_to_recordset($1) AS g(key text, reason text, detail text)
        ON CONFLICT (source, key, reason) DO NOTHING
        RETURNING dead_letter_id
        """,
        given,
        source,
        day,
        fetch_id,
        run_id,
    )
    return len(rows)


async def load_entries(connection: Connection, entry_ids: Sequence[int]) -> list[StoredEntry]:
    """Return the entry versions `entry_ids`, in that order."""
    rows = await connection.fetch(
        """
        SELECT entry_id, pake_id, title, url, body, media_type
        FROM unnest($1::bigint[]) WITH ORDINALITY AS wanted(entry_id, position) JOIN entries USING (entry_id)
        ORDER BY position
        """,
        list(entry_ids),
    )
    return [StoredEntry(**row) for row in rows]


async def count_of_day(connection: Connection, day: date, source: str | None = None) -> int:
    """Return how many entry versions in force belong to `day`, of one source or of all."""
    count: int = await connection.fetchval(
        """
        SELECT count(*) FROM entries JOIN items USING (pake_id)
        WHERE day = $1 AND superseded_at IS NULL AND ($2::text IS NULL OR source = $2)
        """,
        day,
        source,
    )
    return count
