"""Old rows of tables that only grow, and that nothing which is still there rests on."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from pake_pipelines.store.database import Connection

# Condition on a row `t`; $1 is the moment before which a row is old, $2 the present.
HISTORIES: Final[Mapping[str, str]] = {
    # a full bucket that nobody holds is what a host without a row has, too
    "host_budgets": """
        t.full_at <= $2 AND t.full_at < $1 AND (t.lease_until IS NULL OR t.lease_until < $2)
        AND (t.held_until IS NULL OR t.held_until < $2)
    """,
    "recoveries": """
        t.ended_at < $1 AND t.reverted_at IS NOT NULL AND t.state NOT IN ('acting', 'verifying')
        AND t.recovery_id < (SELECT max(n.recovery_id) FROM recoveries n WHERE n.recovery = t.recovery)
    """,
    "source_events": "t.created_at < $1",
    # nodes name the runs that made them, and Dagster has those; of visits a source keeps its newest
    "ingestion_runs": """
        t.finished_at < $1
        AND t.finished_at < (SELECT max(n.finished_at) FROM ingestion_runs n WHERE n.source = t.source)
    """,
    # those of items leave with their item
    "processing_logs": "t.created_at < $1 AND t.pake_id IS NULL",
    "maintenance_runs": """
        t.finished_at < $1
        AND t.run_no < (SELECT max(n.run_no) FROM maintenance_runs n WHERE n.task = t.task AND n.state = 'done')
    """,
}


async def prune(connection: Connection, table: str, before: datetime, now: datetime, limit: int) -> int:
    """Delete up to `limit` rows of `table` from before `before`; return how many."""
    status: str = await connection.execute(
        f"""
        DELETE FROM {table} WHERE ctid = ANY (ARRAY(
            SELECT t.ctid FROM {table} t
            WHERE {HISTORIES[table]} AND ($1::timestamptz, $2::timestamptz) IS NOT NULL LIMIT $3))
        """,
        before,
        now,
        limit,
    )
    return int(status.rpartition(" ")[2])
