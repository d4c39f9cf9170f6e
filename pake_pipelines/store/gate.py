"""What the gate looks at: which of a day's judged items break rules, and what waits for its first verdict."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final
from uuid import UUID

from pake_pipelines.store.database import Connection

_SHOWN: Final = 20
_JUDGED = """
FROM entries e JOIN documents d USING (entry_id) JOIN qa_results q USING (entry_id)
WHERE e.superseded_at IS NULL AND d.dropped IS NULL
"""


@dataclass(frozen=True, slots=True)
class Broken:
    """The judged items of a day: all, those that break a rule, by rule and by source, and up to 20 of them."""

    judged: int
    failing: int
    rules: Mapping[str, int]
    sources: Mapping[str, int]
    ids: tuple[UUID, ...]


async def broken_rules(connection: Connection, day: date) -> Broken:
    """Return what breaks rules among the judged items of `day`."""
    row = await connection.fetchrow(
        f"""
        WITH judged AS MATERIALIZED (SELECT e.pake_id, q.errors {_JUDGED} AND e.day = $1),
             failing AS (SELECT * FROM judged WHERE errors <> '{{}}')
        SELECT (SELECT count(*) FROM judged) AS judged, (SELECT count(*) FROM failing) AS failing,
               (SELECT jsonb_object_agg(code, items) FROM (
                   SELECT code, count(*) AS items FROM failing, unnest(errors) AS code GROUP BY code) AS r) AS rules,
               (SELECT jsonb_object_agg(source, items) FROM (
                   SELECT source, count(*) AS items FROM failing JOIN items USING (pake_id) GROUP BY source) AS s)
                   AS sources,
               (SELECT array_agg(pake_id) FROM (SELECT pake_id FROM failing ORDER BY pake_id LIMIT {_SHOWN}) AS i)
                   AS ids
        """,
        day,
    )
    rules, sources = row["rules"] or {}, row["sources"] or {}
    return Broken(row["judged"], row["failing"], rules, sources, tuple(row["ids"] or ()))


@dataclass(frozen=True, slots=True)
class WaitingDay:
    """A day of which items wait to be published, with how many of all its items were judged and break a rule."""

    day: date
    judged: int
    failing: int


async def waiting_days(connection: Connection) -> list[WaitingDay]:
    """Return the days with items in the queue of publication, oldest first."""
    rows = await connection.fetch(
        f"""
        WITH waiting AS MATERIALIZED (
            SELECT DISTINCT e.day FROM stage_marks m JOIN entries e USING (entry_id)
            WHERE m.stage = 'knowledge_nodes' AND m.stale AND e.superseded_at IS NULL)
        SELECT e.day, count(*) AS judged, count(*) FILTER (WHERE q.errors <> '{{}}') AS failing
        {_JUDGED} AND e.day IN (SELECT day FROM waiting) GROUP BY e.day ORDER BY e.day
        """
    )
    return [WaitingDay(**row) for row in rows]


async def never_published(connection: Connection, days: Sequence[date]) -> frozenset[int]:
    """Return the entries in force of `days` of which no node was ever made."""
    rows = await connection.fetch(
        """
        SELECT e.entry_id FROM entries e WHERE e.day = ANY ($1::date[]) AND e.superseded_at IS NULL
          AND NOT EXISTS (SELECT 1 FROM knowledge_nodes n WHERE n.entry_id = e.entry_id)
        """,
        list(days),
    )
    return frozenset(row["entry_id"] for row in rows)
