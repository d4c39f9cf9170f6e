"""Which verdicts a run changed (`confidence_history`)."""

from dataclasses import dataclass

from pake_pipelines.store.database import Connection


@dataclass(frozen=True, slots=True)
class VerdictChange:
    """How many nodes went from one status to another; None for those that were new."""

    old: str | None
    new: str
    nodes: int


async def changes_of(connection: Connection, run_id: str) -> list[VerdictChange]:
    """Return how the run `run_id` changed the statuses of nodes, the most frequent change first."""
    rows = await connection.fetch(
        """
        SELECT old_status AS old, new_status AS new, count(*) AS nodes FROM confidence_history
        WHERE run_id = $1 AND old_status IS DISTINCT FROM new_status
        GROUP BY 1, 2 ORDER BY nodes DESC, old NULLS FIRST, new
        """,
        run_id,
    )
    return [VerdictChange(**row) for row in rows]
