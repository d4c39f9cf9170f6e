"""Raw fetches: which bytes came from where and when, and where they lie in the lake (`raw_fetches`)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from pake_pipelines import crash
from pake_pipelines.crash import CrashPoint
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


@dataclass(frozen=True)
class NewFetch:
    """A body that lies in the lake and is to be recorded; `size` in bytes, uncompressed."""

    source: str
    day: date
    url: str
    fetched_at: datetime
    modified_at: datetime | None
    media_type: str | None
    size: int
    sha256: str
    lake_path: str


async def save_fetches(connection: Connection, made: Sequence[NewFetch], run_id: str) -> list[int]:
    """Record bodies and return their ids in order; the same body of the same day keeps its row.

    No two of `made` may be the same body of one source.
    """
    if not made:
        return []
    rows = await connection.fetch(
        """
        INSERT INTO raw_fetches AS f (source, day, url, fetched_at, modified_at, media_type, bytes, sha256, lake_path,
                                      run_id)
        SELECT source, day, url, fetched_at, modified_at, media_type, size, sha256, lake_path, $2
        FROM jsonb_to_recordset($1) AS g(source text, day date, url text, fetched_at timestamptz,
             modified_at timestamptz, media_type text, size bigint, sha256 text, lake_path text)
        ON CONFLICT (source, day, url, sha256) DO UPDATE
            SET modified_at = excluded.modified_at, gone_at = NULL, body_removed_at = NULL
        RETURNING fetch_id, source, day, url, sha256
        """,
        [vars(one) for one in made],
        run_id,
    )
    crash.point(CrashPoint.FETCH_BODIES_WRITTEN)
    ids = {(row["source"], row["day"], row["url"], row["sha256"]): row["fetch_id"] for row in rows}
    return [ids[one.source, one.day, one.url, one.sha256] for one in made]


async def bury_bodies(connection: Connection, source: str, url: str) -> None:
    """Note that `source` no longer has the body at `url`."""
    await connection.execute(
        "UPDATE raw_fetches SET gone_at = now() WHERE source = $1 AND url = $2 AND gone_at IS NULL", source, url
    )


async def move_body(connection: Connection, source: str, was: str, url: str, day: date, run_id: str) -> None:
    """Record that the body at `was` now lies, unchanged, at `url`."""
    await connection.execute(
        """
        INSERT INTO raw_fetches (source, day, url, fetched_at, modified_at, media_type, bytes, sha256, lake_path,
                                 run_id)
        SELECT source, $4, $3, now(), modified_at, media_type, bytes, sha256, lake_path, $5 FROM raw_fetches
        WHERE source = $1 AND url = $2 ORDER BY fetched_at DESC, fetch_id DESC LIMIT 1
        ON CONFLICT (source, day, url, sha256) DO UPDATE SET gone_at = NULL
        """,
        source,
        was,
        url,
        day,
        run_id,
    )
    await bury_bodies(connection, source, was)


async def fetches_of_day(connection: Connection, source: str, day: date) -> Sequence[RawFetch]:
    """Return what was fetched from `source` on `day` and is in the lake, oldest first."""
    rows = await connection.fetch(
        f"""
        SELECT {_COLUMNS} FROM raw_fetches WHERE source = $1 AND day = $2 AND body_removed_at IS NULL
        ORDER BY fetched_at, fetch_id
        """,
        source,
        day,
    )
    return [RawFetch(**row) for row in rows]


async def fetch_by_id(connection: Connection, fetch_id: int) -> RawFetch:
    """Return one raw fetch. Raises LookupError when there is none."""
    row = await connection.fetchrow(f"SELECT {_COLUMNS} FROM raw_fetches WHERE fetch_id = $1", fetch_id)
    if row is None:
        raise LookupError(f"no raw fetch {fetch_id}")
    return RawFetch(**row)


async def latest_by_url(connection: Connection, source: str) -> dict[str, RawFetch]:
    """Return the newest fetch of every address of `source`: for a folder, its files as they were last read.

    A body that its source no longer has is not among them.
    """
    rows = await connection.fetch(
        f"""
        SELECT DISTINCT ON (url) {_COLUMNS} FROM raw_fetches
        WHERE source = $1 AND gone_at IS NULL ORDER BY url, fetched_at DESC, fetch_id DESC
        """,
        source,
    )
    return {row["url"]: RawFetch(**row) for row in rows}
