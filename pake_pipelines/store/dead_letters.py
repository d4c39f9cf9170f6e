"""Dead letters: what could not become an entry, with the raw bytes where there are any (`dead_letters`)."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from pake_pipelines.model.entry import Unparsed
from pake_pipelines.store.database import Connection


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """Something that could not be read: where it came from, why, and which raw fetch holds it (None: no bytes)."""

    dead_letter_id: int
    source: str
    day: date
    fetch_id: int | None
    key: str
    reason: str
    detail: str
    run_id: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class NewLetter:
    """Something that could not become an entry; `fetch_id` leads to its raw bytes, if there are any."""

    source: str
    day: date
    fetch_id: int | None
    letter: Unparsed


async def save(connection: Connection, made: Sequence[NewLetter], run_id: str) -> int:
    """Keep what could not become an entry; return how many were not known before."""
    if not made:
        return 0
    given = [
        {"source": one.source, "day": one.day, "fetch_id": one.fetch_id}
        | {"key": one.letter.key, "reason": one.letter.reason, "detail": one.letter.detail}
        for one in made
    ]
    rows = await connection.fetch(
        """
        INSERT INTO dead_letters (source, day, fetch_id, key, reason, detail, run_id)
        SELECT source, day, fetch_id, key, reason, detail, $2
        FROM jsonb_to_recordset($1) AS g(source text, day date, fetch_id bigint, key text, reason text, detail text)
        ON CONFLICT (source, key, reason) DO NOTHING
        RETURNING dead_letter_id
        """,
        given,
        run_id,
    )
    return len(rows)


async def clear(connection: Connection, source: str, url: str) -> None:
    """Take back the dead letters of the body at `url`, which is about to be stored anew with those that remain."""
    await connection.execute(
        """
        DELETE FROM dead_letters d WHERE d.source = $1 AND (d.key = $2 OR d.fetch_id IN (
            SELECT fetch_id FROM raw_fetches WHERE source = $1 AND url = $2))
        """,
        source,
        url,
    )


async def dead_letters(
    connection: Connection, source: str | None = None, ids: Collection[int] | None = None
) -> Sequence[DeadLetter]:
    """Return the dead letters of `source` (of all when None), or those of them with one of `ids`, oldest first."""
    rows = await connection.fetch(
        """
        SELECT dead_letter_id, source, day, fetch_id, key, reason, detail, run_id, created_at FROM dead_letters
        WHERE ($1::text IS NULL OR source = $1) AND ($2::bigint[] IS NULL OR dead_letter_id = ANY ($2))
        ORDER BY dead_letter_id
        """,
        source,
        list(ids) if ids is not None else None,
    )
    return [DeadLetter(**row) for row in rows]


async def count_by_source(connection: Connection) -> dict[str, int]:
    """Return how many dead letters each source has; sources without any are left out."""
    rows = await connection.fetch(
        "SELECT source, count(*) AS letters FROM dead_letters GROUP BY source ORDER BY source"
    )
    return {row["source"]: row["letters"] for row in rows}


async def delete(connection: Connection, ids: Collection[int]) -> int:
    """Delete the dead letters `ids`; return how many there were."""
    rows = await connection.fetch(
        "DELETE FROM dead_letters WHERE dead_letter_id = ANY ($1::bigint[]) RETURNING dead_letter_id", list(ids)
    )
    return len(rows)
