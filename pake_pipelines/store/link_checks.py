"""Checked links: what came of asking each address last, for all items that link to it (`link_checks`).

An address concerns an item in force that was kept and has it among its first so many. A run claims what it is about
to ask: until the claim ends no other run finds it due.
"""

from collections.abc import AsyncIterator, Collection, Iterable, Sequence
from datetime import date, datetime
from typing import Any, Final

from pake_pipelines.model.link import CheckedLink, LinkCheck
from pake_pipelines.store.database import Connection

_CHECK: Final = "c.url, c.state, c.http_status, c.detail, c.failures, c.checked_at, c.expires_at"
_IN_FORCE: Final = "e.superseded_at IS NULL AND d.dropped IS NULL AND d.hrefs <> '{}'"
_NOT_CHECKED: Final = "not checked yet"
# an address that was claimed and never answered for
_UNTOLD: Final = "c.state = 'unknown' AND c.failures = 0"


async def links_of(connection: Connection, entry_ids: Sequence[int], max_per_item: int) -> dict[int, list[CheckedLink]]:
    """Return the first `max_per_item` links of each of `entry_ids`, in the order of the text.

    Those not asked yet are `unknown`.
    """
    rows = await connection.fetch(
        f"""
        SELECT d.entry_id, h.url, coalesce(c.state, 'unknown') AS state,
               coalesce(c.detail, '{_NOT_CHECKED}') AS detail
        FROM documents d CROSS JOIN LATERAL unnest(d.hrefs[:$2]) WITH ORDINALITY AS h(url, place)
        LEFT JOIN link_checks c USING (url)
        WHERE d.entry_id = ANY ($1::bigint[]) ORDER BY d.entry_id, h.place
        """,
        list(entry_ids),
        max_per_item,
    )
    found: dict[int, list[CheckedLink]] = {entry_id: [] for entry_id in entry_ids}
    for row in rows:
        found[row["entry_id"]].append(CheckedLink(row["url"], row["state"], row["detail"]))
    return found


_DUE: Final = f"""
    FROM (
        SELECT h.url, max(e.entry_id) AS newest
        FROM entries e JOIN documents d USING (entry_id) CROSS JOIN LATERAL unnest(d.hrefs[:$2]) AS h(url)
        WHERE {_IN_FORCE} AND ($3::date IS NULL OR e.day = $3)
        GROUP BY h.url
    ) AS linked LEFT JOIN link_checks c USING (url)
    WHERE c.url IS NULL OR c.expires_at <= $1
"""


async def due(
    connection: Connection, now: datetime, max_per_item: int, day: date | None
) -> AsyncIterator[tuple[str, LinkCheck | None]]:
    """Yield the addresses of items of `day` (of all when None) that want asking at `now`, and how they stood.

    Those never told of come first, of the newest items first; then those that expired, the oldest first. Belongs into
    a transaction.
    """
    query = f"""
        SELECT linked.url, {_CHECK.replace("c.url, ", "")} {_DUE}
        ORDER BY coalesce(NOT ({_UNTOLD}), false), CASE WHEN NOT ({_UNTOLD}) THEN c.expires_at END NULLS FIRST,
                 newest DESC, url
    """
    async for row in connection.cursor(query, now, max_per_item, day):
        yield row["url"], _check(row) if _was_told(row) else None


async def count_due(connection: Connection, now: datetime, max_per_item: int, day: date | None) -> int:
    """Return how many addresses of items of `day` (of all when None) want asking at `now`."""
    count: int = await connection.fetchval(f"SELECT count(*) {_DUE}", now, max_per_item, day)
    return count


async def claim(connection: Connection, urls: Iterable[str], now: datetime, until: datetime, run_id: str) -> set[str]:
    """Have no other run ask `urls` before `until`; return those that were still to be had."""
    rows = await connection.fetch(
        f"""
        INSERT INTO link_checks AS c (url, state, detail, checked_at, expires_at, run_id)
        SELECT url, 'unknown', '{_NOT_CHECKED}', $2, $3, $4 FROM unnest($1::text[]) AS g(url) ORDER BY url
        ON CONFLICT (url) DO UPDATE SET expires_at = excluded.expires_at WHERE c.expires_at <= $2
        RETURNING url
        """,
        list(urls),
        now,
        until,
        run_id,
    )
    return {row["url"] for row in rows}


async def release(connection: Connection, urls: Iterable[str], now: datetime, until: datetime) -> None:
    """Let others ask those of `urls` from `now` on that are claimed `until`."""
    await connection.execute(
        """
        UPDATE link_checks SET expires_at = $2 WHERE url IN (
            SELECT url FROM link_checks WHERE url = ANY ($1::text[]) AND expires_at = $3 ORDER BY url FOR UPDATE)
        """,
        list(urls),
        now,
        until,
    )


async def checks_of(connection: Connection, urls: Collection[str]) -> dict[str, LinkCheck]:
    """Return how those of `urls` stand that were ever told of."""
    rows = await connection.fetch(
        f"SELECT {_CHECK} FROM link_checks c WHERE url = ANY ($1::text[]) AND NOT ({_UNTOLD})", list(urls)
    )
    return {row["url"]: _check(row) for row in rows}


async def save_checks(connection: Connection, checks: Sequence[LinkCheck], run_id: str) -> list[str]:
    """Store `checks`; return the addresses of which something else is known now that items are judged by.

    That is the state, and the words about an address that does not work.
    """
    rows = await connection.fetch(
        f"""
        WITH given AS (
            SELECT * FROM jsonb_to_recordset($1) AS g(url text, state text, http_status integer, detail text,
                failures integer, checked_at timestamptz, expires_at timestamptz)
        ), held AS (
            SELECT c.url, c.state, c.detail FROM link_checks c JOIN given USING (url) WHERE NOT ({_UNTOLD})
        ), saved AS (
            INSERT INTO link_checks (url, state, http_status, detail, failures, checked_at, expires_at, run_id)
            SELECT url, state, http_status, detail, failures, checked_at, expires_at, $2 FROM given ORDER BY url
            ON CONFLICT (url) DO UPDATE SET (state, http_status, detail, failures, checked_at, expires_at, run_id)
                = (excluded.state, excluded.http_status, excluded.detail, excluded.failures, excluded.checked_at,
                   excluded.expires_at, excluded.run_id)
        )
        SELECT url FROM given LEFT JOIN held USING (url)
        WHERE given.state IS DISTINCT FROM held.state OR (given.state <> 'working' AND given.detail <> held.detail)
        """,
        [_record(check) for check in checks],
        run_id,
    )
    return [row["url"] for row in rows]


async def disturb_linking(connection: Connection, urls: Collection[str], max_per_item: int) -> int:
    """Ask the confidence stage to look again at the items that link to `urls`; return how many these are.

    Marks that are stale already are written all the same: a run may be about to settle them by what was known before.
    """
    rows = await connection.fetch(
        f"""
        UPDATE stage_marks m SET stale = true
        FROM (
            SELECT w.entry_id FROM documents d JOIN entries e USING (entry_id)
            JOIN stage_marks w ON w.entry_id = d.entry_id AND w.stage = 'confidence'
            WHERE {_IN_FORCE} AND d.hrefs && $1::text[] AND d.hrefs[:$2] && $1::text[]
            ORDER BY w.entry_id FOR NO KEY UPDATE OF w
        ) AS concerned
        WHERE m.stage = 'confidence' AND m.entry_id = concerned.entry_id
        RETURNING m.entry_id
        """,
        list(urls),
        max_per_item,
    )
    return len(rows)


async def linked(connection: Connection, urls: Collection[str], max_per_item: int) -> set[str]:
    """Return those of `urls` that some item links to."""
    rows = await connection.fetch(
        f"""
        SELECT url FROM unnest($1::text[]) AS g(url) WHERE EXISTS (
            SELECT FROM documents d JOIN entries e USING (entry_id)
            WHERE {_IN_FORCE} AND d.hrefs @> ARRAY[g.url] AND g.url = ANY (d.hrefs[:$2]))
        """,
        list(urls),
        max_per_item,
    )
    return {row["url"] for row in rows}


_UNLINKED: Final = f"""
    FROM link_checks c WHERE c.expires_at <= $1 AND NOT EXISTS (
        SELECT FROM documents d JOIN entries e USING (entry_id) WHERE {_IN_FORCE} AND d.hrefs @> ARRAY[c.url])
"""


async def totals(connection: Connection) -> tuple[int, int]:
    """Return how many answers about links are kept and the bytes that they take."""
    row = await connection.fetchrow("SELECT count(*), coalesce(sum(pg_column_size(c)), 0)::bigint FROM link_checks c")
    return row[0], row[1]


async def count_unlinked(connection: Connection, now: datetime) -> int:
    """Return how many answers `drop_unlinked` would drop."""
    count: int = await connection.fetchval(f"SELECT count(*) {_UNLINKED}", now)
    return count


async def drop_unlinked(connection: Connection, now: datetime, limit: int) -> int:
    """Drop up to `limit` answers that have expired and that no item has a link for any more; return how many.

    Belongs into a transaction. They come again with whoever links there again.
    """
    status: str = await connection.execute(
        f"""
        DELETE FROM link_checks WHERE url IN (
            SELECT c.url {_UNLINKED} ORDER BY c.url LIMIT $2 FOR UPDATE OF c SKIP LOCKED)
        """,
        now,
        limit,
    )
    return int(status.split()[1])


def _was_told(row: Any) -> bool:
    return row["state"] is not None and (row["state"] != "unknown" or row["failures"] > 0)


def _check(row: Any) -> LinkCheck:
    return LinkCheck(
        row["url"],
        row["state"],
        row["http_status"],
        row["detail"],
        row["failures"],
        row["checked_at"],
        row["expires_at"],
    )


def _record(check: LinkCheck) -> dict[str, Any]:
    return {
        "url": check.url,
        "state": check.state,
        "http_status": check.http_status,
        "detail": check.detail,
        "failures": check.failures,
        "checked_at": check.checked_at.isoformat(),
        "expires_at": check.expires_at.isoformat(),
    }
