"""What each rule found in the items of a day (`qa_results`)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Final
from uuid import UUID

from pake_pipelines.store.database import Connection

_SHOWN: Final = 20


@dataclass(frozen=True, slots=True)
class RuleCounts:
    """How many items of a day each status of a rule was found in, and up to 20 items of those that ask for a look."""

    counts: Mapping[str, int] = field(default_factory=dict)
    ids: Mapping[str, tuple[UUID, ...]] = field(default_factory=dict)

    @property
    def judged(self) -> int:
        """How many items the rule was evaluated for."""
        return sum(self.counts.values())

    def share(self, status: str) -> float:
        """Return the share of the items with `status`, in [0, 1]; 0 without any item."""
        return self.counts.get(status, 0) / self.judged if self.judged else 0.0


async def count_rules(connection: Connection, day: date) -> dict[str, RuleCounts]:
    """Return for each rule that was evaluated on `day` what it found there, by its code. One query for all rules.

    Items with the statuses `ok`, `skipped` and `not_configured` are only counted.
    """
    rows = await connection.fetch(
        f"""
        SELECT c ->> 'code' AS code, c ->> 'status' AS status, count(*) AS items,
               (array_agg(e.pake_id ORDER BY e.pake_id)
                FILTER (WHERE c ->> 'status' NOT IN ('ok', 'skipped', 'not_configured')))[:{_SHOWN}] AS ids
        FROM entries e JOIN documents d USING (entry_id) JOIN qa_results q USING (entry_id),
             jsonb_array_elements(q.checks) AS c
        WHERE e.day = $1 AND e.superseded_at IS NULL AND d.dropped IS NULL
        GROUP BY 1, 2
        """,
        day,
    )
    found: dict[str, tuple[dict[str, int], dict[str, tuple[UUID, ...]]]] = {}
    for row in rows:
        counts, ids = found.setdefault(row["code"], ({}, {}))
        counts[row["status"]] = row["items"]
        if row["ids"]:
            ids[row["status"]] = tuple(row["ids"])
    return {code: RuleCounts(counts, ids) for code, (counts, ids) in found.items()}
