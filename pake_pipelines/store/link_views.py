"""Views of checked links: how those of a day stand, and lists of them for people."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final
from uuid import UUID

from pake_pipelines.model.link import LinkState
from pake_pipelines.store.database import Connection

_SHOWN: Final = 20
_LINKED: Final = """
    SELECT h.url, e.pake_id, e.entry_id
    FROM entries e JOIN documents d USING (entry_id) CROSS JOIN LATERAL unnest(d.hrefs[:$1]) AS h(url)
    WHERE e.superseded_at IS NULL AND d.dropped IS NULL AND d.hrefs <> '{}'
"""


@dataclass(frozen=True, slots=True)
class DayOfLinks:
    """How many addresses the items of a day link to, by state, and some that are broken with one item of each.

    `told` counts those that something was ever told of.
    """

    states: Mapping[str, int]
    told: int
    broken: Sequence[tuple[str, UUID]]

    @property
    def total(self) -> int:
        """All of them."""
        return sum(self.states.values())

    @property
    def broken_share(self) -> float:
        """The share of the broken ones among those of which it is known whether they work; 0 where none is."""
        broken = self.states.get("broken", 0)
        told = broken + self.states.get("working", 0)
        return broken / told if told else 0.0


async def links_of_day(connection: Connection, day: date, max_per_item: int) -> DayOfLinks:
    """Return how the addresses that the items of `day` link to stand; those not asked yet are `unknown`."""
    rows = await connection.fetch(
        f"""
        WITH addresses AS (
            SELECT url, coalesce(c.state, 'unknown') AS state, min(linked.pake_id::text)::uuid AS pake_id,
                   coalesce(c.state <> 'unknown' OR c.failures > 0, false) AS told
            FROM ({_LINKED} AND e.day = $2) AS linked LEFT JOIN link_checks c USING (url)
            GROUP BY url, c.state, c.failures
        )
        SELECT state, count(*) AS addresses, count(*) FILTER (WHERE told) AS told,
               (array_agg(url ORDER BY url) FILTER (WHERE state = 'broken'))[:{_SHOWN}] AS urls,
               (array_agg(pake_id ORDER BY url) FILTER (WHERE state = 'broken'))[:{_SHOWN}] AS pake_ids
        FROM addresses GROUP BY state ORDER BY state
        """,
        max_per_item,
        day,
    )
    broken = [pair for row in rows if row["urls"] for pair in zip(row["urls"], row["pake_ids"], strict=True)]
    states = {row["state"]: row["addresses"] for row in rows}
    return DayOfLinks(states, sum(row["told"] for row in rows), broken)


@dataclass(frozen=True, slots=True)
class LinkLine:
    """An address as a list shows it; the moments are None while it was not asked."""

    url: str
    state: LinkState
    http_status: int | None
    detail: str
    failures: int
    items: int
    checked_at: datetime | None
    next_check_at: datetime | None


async def list_links(
    connection: Connection, max_per_item: int, *, state: LinkState | None, source: str | None, limit: int
) -> list[LinkLine]:
    """Return at most `limit` of the addresses that items in force (those of `source`) link to, worst state first.

    Among equals those come first that the most items link to.
    """
    rows = await connection.fetch(
        f"""
        SELECT url, coalesce(c.state, 'unknown') AS state, c.http_status,
               coalesce(c.detail, 'not checked yet') AS detail, coalesce(c.failures, 0) AS failures, items,
               CASE WHEN c.state <> 'unknown' OR c.failures > 0 THEN c.checked_at END AS checked_at,
               CASE WHEN c.state <> 'unknown' OR c.failures > 0 THEN c.expires_at END AS next_check_at
        FROM (SELECT url, count(*) AS items
              FROM ({_LINKED} AND ($3::text IS NULL OR e.pake_id IN (SELECT pake_id FROM items WHERE source = $3))) AS l
              GROUP BY url) AS linked LEFT JOIN link_checks c USING (url)
        WHERE $2::text IS NULL OR coalesce(c.state, 'unknown') = $2
        ORDER BY array_position('{{broken,unknown,working,skipped}}', coalesce(c.state, 'unknown')), items DESC, url
        LIMIT $4
        """,
        max_per_item,
        state,
        source,
        limit,
    )
    return [LinkLine(**row) for row in rows]


async def links_of_item(connection: Connection, pake_id: UUID, max_per_item: int) -> list[str]:
    """Return the addresses that the item `pake_id` links to, in the order of the text."""
    rows = await connection.fetch(f"{_LINKED} AND e.pake_id = $2", max_per_item, pake_id)
    return [row["url"] for row in rows]
