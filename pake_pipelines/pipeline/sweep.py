"""The sweep (C-04, QA-34): what has waited long enough with a score below `auto_archive` is archived.

Nothing is deleted, and nothing is final: when the score rises, a new version comes or a person decides, the next
verdict brings the node back. What a person has decided on is not swept.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from pake_pipelines.config.quality import VerdictRules
from pake_pipelines.store import sweep
from pake_pipelines.store.database import Database
from pake_pipelines.store.sweep import Candidates

SWEPT: Final = "low_confidence"
SWEPT_BECAUSE: Final = "It was swept away: its score stayed low for too long."


@dataclass(frozen=True, slots=True)
class Swept:
    """What a sweep archived, or would archive, and how many nodes with low scores still have time."""

    archived: int
    waiting: int


async def preview(database: Database, rules: VerdictRules, now: datetime) -> Swept:
    """Return what `sweep_low` would do, without doing it."""
    found = await _candidates(database, rules, now)
    return Swept(found.due, found.low - found.due)


async def sweep_low(database: Database, rules: VerdictRules, now: datetime, *, batch: int, run_id: str) -> Swept:
    """Archive what is due, in transactions of `batch` rows; what an interrupted sweep leaves is done by the next."""
    archived, done = 0, batch
    while done == batch:
        async with database.transaction() as connection:
            done = await sweep.archive_low(
                connection, rules.auto_archive, _before(rules, now), batch, SWEPT, SWEPT_BECAUSE, run_id
            )
        archived += done
    return Swept(archived, (await _candidates(database, rules, now)).low)


async def _candidates(database: Database, rules: VerdictRules, now: datetime) -> Candidates:
    async with database.connection() as connection:
        return await sweep.candidates(connection, rules.auto_archive, _before(rules, now))


def _before(rules: VerdictRules, now: datetime) -> datetime:
    return now - timedelta(days=rules.archive_after_days)
