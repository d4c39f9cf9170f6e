"""Connections: the compared pairs become edges between items."""

from dataclasses import replace

from pake_pipelines import crash, dedup
from pake_pipelines.config.version import version_of
from pake_pipelines.crash import CrashPoint
from pake_pipelines.dedup.edges import connect
from pake_pipelines.pipeline.batches import batches
from pake_pipelines.pipeline.kit import Kit
from pake_pipelines.pipeline.run import Run, StageResult, Stopwatch
from pake_pipelines.store import connections, documents, marks
from pake_pipelines.store.database import Database
from pake_pipelines.store.marks import Stage


async def connect_items(kit: Kit, database: Database, run: Run) -> StageResult:
    """Bring the connections of the run's day, and of items elsewhere whose pairs changed, in line with the pairs."""
    watch, rules = Stopwatch(), kit.quality.duplicates
    version = version_of(dedup.VERSION, rules)
    async with database.connection() as connection:
        todo = await marks.pending(connection, Stage.CONNECTIONS, run.day, version)
    result = StageResult(details={"connections_written": 0, "connections_removed": 0})
    for batch in batches(todo):
        async with database.transaction() as connection:
            pairs = await connections.pairs_of(connection, batch)
            edges = connect(pairs, max_degree=rules.max_candidates)
            ids = await documents.pake_ids(connection, batch)
            changed, written, removed = await connections.replace_connections(connection, ids, edges, run.run_id)
            await marks.disturb(connection, marks.after(Stage.CONNECTIONS), changed)
            await marks.mark(connection, Stage.CONNECTIONS, batch, version, run.run_id)
        crash.point(CrashPoint.CONNECTIONS_COMMITTED)
        details = {
            "connections_written": result.details["connections_written"] + written,
            "connections_removed": result.details["connections_removed"] + removed,
        }
        result = replace(result, new=result.new + len(batch), details=details)
    return replace(result, looked_at=len(todo), seconds=watch.seconds)
