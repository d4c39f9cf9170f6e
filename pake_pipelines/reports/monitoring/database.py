"""The section of the monitoring report on the database: its largest tables, slowest queries and unused indexes."""

from typing import Final

from pake_pipelines.reports.amounts import amount
from pake_pipelines.reports.document import Block, Column, Prose, Section, Table
from pake_pipelines.reports.strangers import shown
from pake_pipelines.store.database_metrics import Missing
from pake_pipelines.store.database_performance import DatabasePerformance

_SHOWN: Final = 8


def database(told: DatabasePerformance) -> Section:
    """Return the section; what the server does not tell is missing."""
    blocks: list[Block] = []
    missing: list[str] = []
    if isinstance(told.table_sizes, Missing):
        missing.append(f"The sizes of tables are not told: {told.table_sizes.why}.")
    else:
        columns = [Column("table", "Table"), Column("bytes", "With indexes", "bytes")]
        rows = [[one["table"], one["bytes"]] for one in told.table_sizes[:_SHOWN]]
        blocks.append(Table("table_sizes", columns, rows, title="The largest tables"))
    if isinstance(told.slow_queries, Missing):
        missing.append(f"Slow queries are not told: {told.slow_queries.why}.")
    else:
        columns = [Column("query", "Query"), Column("mean_ms", "Mean", "ms"), Column("calls", "Calls", "count")]
        rows = [[one["query"], one["mean_ms"], one["calls"]] for one in told.slow_queries]
        blocks.append(Table("slow_queries", columns, rows, title="The slowest queries"))
    if isinstance(told.unused_indexes, Missing):
        missing.append(f"The use of indexes is not told: {told.unused_indexes.why}.")
    else:
        blocks.append(Prose(_unused(told)))
    return Section("database", "Database", blocks, missing)


def _unused(told: DatabasePerformance) -> str:
    if not told.unused_indexes or isinstance(told.unused_indexes, Missing):
        return "No large index stands unused."
    since = f" since {told.statistics_since[:10]}" if told.statistics_since else ""
    some = [f"{shown(one['index'], 60)} ({amount(one['bytes'], 'bytes')})" for one in told.unused_indexes[:_SHOWN]]
    return f"Indexes that no query has used{since}: {', '.join(some)}."
