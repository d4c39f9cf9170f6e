"""Raw fetches: which bytes came from where and when, and where they lie in the lake (`raw_fetches`)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from pake_pipelines.store.database import Connection


@dataclass(frozen=True, slots=True)
class RawFetch:
    """One fetched body as the database knows it; `size` in bytes, uncompressed."""

    fetch_id: int
    url: str
    fetched_at: datetime
    modified_at: datetime | None
    media_type: str | None
    size: int
    sha256: str
    lake_path: str


_COLUMNS = "fetch_id, url, fetched_at, modified_at, media_type, bytes AS size, sha256, lake_path"


async def save_fetch(
    connection: Connection,
    *,
    source: str,
    day: date,
    url: str,
    fetched_at: datetime,
    modified_at: datetime | None,
    media_type: str | None,
    size: int,
    sha256: str,
    lake_path: str,
    run_id: str,
) -> int:
    """Record a body that lies in the lake and return its id; the same body of the same day keeps its row."""
    fetch_id: int = await connection.fetchval(
        """
        INSERT INTO raw_fetches (source, day, url, fetched_at, modified_at, media_type, bytes, sha256, lake_path,
                                 run_id)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
        ON CONFLICT (source, day, url, sha256) DO UPDATE SET modified_at = excluded.modified_at
        RETURNING fetch_id
        """,
        source,
        day,
        url,
        fetched_at,
        modified_at,
        media_type,
        size,
        sha256,
        lake_path,
        run_id,
    )
    return fetch_id


async def fetches_of_day(connection: Connection, source: str, day: date) -> Sequence[RawFetch]:
    """Return what was fetched from `source` on `day`, oldest first."""
    rows = await connection.fetch(
        f"SELECT {_COLUMNS} FROM raw_fetches WHERE source = $1 AND day = $2 ORDER BY fetched_at, fetch_id", source, day
    )
    return [RawFetch(**row) for row in rows]


async def fetch_by_id(connection: Connection, fetch_id: int) -> RawFetch:
    """Return one raw fetch. Raises LookupError when there is none."""
    row = await connection.fetchrow(f"SELECT {_COLUMNS} FROM raw_fetches WHERE fetch_id = $1", fetch_id)
    if row is None:
        raise LookupError(f"no raw fetch {fetch_id}")
    return RawFetch(**row)


async def latest_by_url(connection: Connection, source: str) -> dict[str, RawFetch]:
    """Return the newest fetch of every address of `source`: for a folder, its files as they were last read."""
    rows = await connection.fetch(
        f"""
        SELECT DISTINCT ON (url) {_COLUMNS} FROM raw_fetches
        WHERE source = $1 ORDER BY url, fetched_at DESC, fetch_id DESC
        """,
        source,
    )
    return {row["url"]: RawFetch(**row) for row in rows}
