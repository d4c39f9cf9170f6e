"""What analyses had come to at a moment that is past: they are kept for longer than the samples that they were of."""

from datetime import datetime

from pake_pipelines.store.analyses import STANDS_FOR, Analysis
from pake_pipelines.store.database import Connection


async def as_of(connection: Connection, kind: str, moment: datetime) -> dict[str, Analysis]:
    """Return what stood of a kind at `moment`, by subject; what was found more than two days before did not."""
    rows = await connection.fetch(
        """
        SELECT DISTINCT ON (subject) kind, subject, made_at, run_id, result FROM analyses
        WHERE kind = $1 AND made_at <= $2 AND made_at > $3 ORDER BY subject, made_at DESC
        """,
        kind,
        moment,
        moment - STANDS_FOR,
    )
    return {row["subject"]: Analysis(**row) for row in rows if row["result"]}
