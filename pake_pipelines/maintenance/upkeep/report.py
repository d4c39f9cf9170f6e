"""What upkeep has to tell of the knowledge database, whether or not there was anything to do."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any, Final

from pake_pipelines.maintenance.upkeep.plan import IndexView, dead_percent, unused
from pake_pipelines.maintenance.workplace import Workplace
from pake_pipelines.store import upkeep_indexes, upkeep_tables
from pake_pipelines.store.database import Database
from pake_pipelines.store.database_metrics import Missing, unused_indexes
from pake_pipelines.store.upkeep_indexes import IndexFacts
from pake_pipelines.store.upkeep_tables import Bloat, TableFacts
from pake_pipelines.store.vector_index import Recall

_SCHEMA: Final = "pake"
_SHOWN: Final = 15
_DAY_FORMAT: Final = "%Y-%m-%d %H:%M"


async def closing_report(database: Database, place: Workplace, view: IndexView) -> dict[str, Any]:
    """Return sizes, bloat, age, the vector index, unused and duplicate indexes, as they are at the end."""
    rules = place.config.upkeep
    async with database.connection() as connection, upkeep_tables.patience(connection, rules.lock_timeout_ms):
        tables = await upkeep_tables.table_facts(connection, _SCHEMA)
        indexes = await upkeep_indexes.index_facts(connection, _SCHEMA)
        duplicates = await upkeep_indexes.duplicate_indexes(connection, _SCHEMA)
        since = await upkeep_indexes.counted_since(connection)
        idle = unused(await unused_indexes(connection), since, place.clock(), rules)
        held = await upkeep_tables.oldest_snapshot(connection)
    oldest = max((table.xid_age for table in tables), default=0)
    told: dict[str, Any] = {
        "bloat_measured_by": _how([*(one.bloat for one in tables), *(one.bloat for one in indexes)]),
        "dead_rows": sum(table.dead_rows for table in tables),
        "oldest_xid_age": oldest,
        "wraparound": "in time" if oldest <= rules.xid_warning else f"older than {rules.xid_warning:,} transactions",
        "tables": [_table(table) for table in tables[:_SHOWN]],
        "indexes": [_index(index) for index in indexes[:_SHOWN]],
        "duplicate_indexes": [{**one, "indexes": ", ".join(one["indexes"])} for one in duplicates],
        "unused_indexes": idle.why_not or [dict(one) for one in idle.indexes],
        "vector_index": _vectors(indexes, tables, view.recall),
    }
    if held:
        told["dead_rows_kept_by"] = held
    return told


def _how(found: Sequence[Bloat | None]) -> str:
    exact = sum(one is not None and one.exact for one in found)
    if exact:
        return "counted by pgstattuple where an estimate is large, else estimated from pg_stats"
    return "estimated from pg_stats; the extension pgstattuple, which counts it, is not installed or not for this role"


def _table(table: TableFacts) -> Mapping[str, Any]:
    vacuumed = table.vacuumed_at.strftime(_DAY_FORMAT) if table.vacuumed_at else "never"
    analyzed = table.analyzed_at.strftime(_DAY_FORMAT) if table.analyzed_at else "never"
    return {
        "table": table.table,
        "bytes": table.total_bytes,
        "rows": table.live_rows,
        "dead_percent": round(dead_percent(table), 1),
        "bloat_percent": table.bloat.percent if table.bloat else "unknown",
        "vacuumed": vacuumed,
        "analyzed": analyzed,
    }


def _index(index: IndexFacts) -> Mapping[str, Any]:
    return {
        "index": index.name,
        "method": index.method,
        "bytes": index.bytes,
        "valid": index.valid,
        "bloat_percent": index.bloat.percent if index.bloat else "unknown",
    }


def _vectors(
    indexes: Sequence[IndexFacts], tables: Sequence[TableFacts], recall: Recall | Missing | None
) -> Sequence[Mapping[str, Any]]:
    """Return a line for each HNSW index; that of vectors also with what it finds, as far as that was measured."""
    by_name = {table.table: table for table in tables}
    said: Mapping[str, Any] = {"recall_percent": "not measured"}
    if isinstance(recall, Missing):
        said = {"recall_percent": f"unavailable: {recall.why}"}
    elif recall is not None:
        said = {f"recall_{key}": value for key, value in asdict(recall).items()}
    return [
        {
            **_index(index),
            "rows": round(index.rows) if index.rows is not None else "unknown",
            "dead_percent": round(dead_percent(by_name[index.table]), 1) if index.table in by_name else "unknown",
            **said,
        }
        for index in indexes
        if index.method == "hnsw"
    ]
