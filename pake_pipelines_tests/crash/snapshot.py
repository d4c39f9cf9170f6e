"""What a project holds, in a form that two runs can be compared by.

Surrogate ids are replaced by what they stand for, the ids of runs and the moments of writing are left out; everything
else must be equal to the letter. Each table of the schema is in exactly one of `TABLES`, `RUN_LOGS` and `NOT_DATA`.
"""

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any, Final

from pake_pipelines.store.database import Connection, Patience, wait_for
from pake_pipelines.store.lake import Lake

_ENTRY: Final = "(SELECT jsonb_build_array(x.pake_id, x.version) FROM pake.entries x WHERE x.entry_id = t.entry_id)"
_FETCH: Final = (
    "(SELECT jsonb_build_array(f.source, f.day, f.url, f.sha256) FROM pake.raw_fetches f WHERE f.fetch_id = t.{})"
)


def _rows(table: str, leave_out: str = "", where: str = "true", **instead: str) -> str:
    """Return the query for the rows of `table` as jsonb, without the columns `leave_out`, with `instead` laid over."""
    over = "".join(f" || jsonb_build_object('{name}', {expression})" for name, expression in instead.items())
    return f"SELECT (to_jsonb(t) - '{{{leave_out}}}'::text[]{over})::text FROM pake.{table} t WHERE {where}"


TABLES: Final = {
    "sources": _rows("sources", "updated_at"),
    "source_state": _rows(
        "source_state",
        "checked_at,succeeded_at,due_at,due_because,items_per_day",
        backlog_fetch_id=_FETCH.format("backlog_fetch_id"),
    ),
    "raw_fetches": _rows("raw_fetches", "fetch_id,fetched_at,run_id", gone_at="t.gone_at IS NOT NULL"),
    "items": _rows("items", "created_at"),
    "item_renames": _rows("item_renames", "rename_id,run_id,created_at"),
    "window_cursors": _rows("window_cursors", "run_id"),
    "entries": _rows(
        "entries",
        "entry_id,run_id,created_at",
        fetch_id=_FETCH.format("fetch_id"),
        superseded_at="t.superseded_at IS NOT NULL",
        gone_at="t.gone_at IS NOT NULL",
    ),
    "dead_letters": _rows("dead_letters", "dead_letter_id,run_id,created_at", fetch_id=_FETCH.format("fetch_id")),
    "stage_marks": _rows("stage_marks", "run_id,made_at", entry_id=_ENTRY),
    "documents": _rows("documents", entry_id=_ENTRY),
    "document_links": _rows("document_links", entry_id=_ENTRY),
    "document_entities": _rows("document_entities", entry_id=_ENTRY),
    "document_signatures": _rows("document_signatures", entry_id=_ENTRY),
    "signatures": _rows("signatures"),
    "all_signature_bands": _rows("all_signature_bands"),
    "embeddings": _rows("embeddings", "run_id,created_at"),
    "duplicate_candidates": _rows("duplicate_candidates", "run_id,created_at"),
    "duplicate_groups": _rows("duplicate_groups", "run_id,updated_at"),
    "duplicate_members": _rows("duplicate_members"),
    "duplicate_rulings": _rows(
        "duplicate_rulings",
        event_id="(SELECT jsonb_build_array(v.actor, v.action, v.subject) FROM pake.audit_events v"
        " WHERE v.event_id = t.event_id)",
    ),
    "audit_events": _rows("audit_events", "event_id,created_at"),
    "node_connections": _rows("node_connections", "connection_id,run_id,created_at"),
    "text_signals": _rows("text_signals", entry_id=_ENTRY),
    "link_checks": _rows("link_checks", "checked_at,expires_at,run_id"),
    "qa_results": _rows("qa_results", entry_id=_ENTRY),
    "confidence_scores": _rows("confidence_scores", entry_id=_ENTRY),
    "knowledge_nodes": _rows("knowledge_nodes", "run_id,created_at,updated_at", entry_id=_ENTRY),
    "confidence_history": _rows(
        "confidence_history",
        "run_id,created_at",
        history_id="(SELECT count(*) FROM pake.confidence_history h"
        " WHERE h.pake_id = t.pake_id AND h.history_id < t.history_id)",
    ),
    "reviews": _rows("reviews", "event_id", entry_id=_ENTRY),
    "quality_labels": _rows("quality_labels", "created_at", entry_id=_ENTRY),
    "calibrations": _rows("calibrations", "calibration_id,created_at"),
    "processing_logs of items": _rows(
        "processing_logs",
        "run_id,created_at",
        "t.pake_id IS NOT NULL",
        log_id="(SELECT count(*) FROM pake.processing_logs l WHERE l.pake_id = t.pake_id AND l.log_id < t.log_id)",
    ),
}

# renames happen only in the changed world, a look back that is complete leaves no cursor, nobody decides by hand, and
# the pages link to nothing that may be asked
MAY_BE_EMPTY: Final = frozenset(
    {
        "item_renames",
        "window_cursors",
        "duplicate_rulings",
        "audit_events",
        "link_checks",
        "reviews",
        "quality_labels",
        "calibrations",
    }
)

# A run that was killed and its successor are two runs, so these cannot equal one run's. What they count as new must
# never exceed what one run counts: name -> query for (what was worked on, new and updated).
RUN_LOGS: Final = {
    "ingestion_runs": "SELECT source, sum(new + updated) FROM pake.ingestion_runs GROUP BY source",
    "processing_logs of stages": """
        SELECT operation, sum((details ->> 'new')::int + (details ->> 'updated')::int) FROM pake.processing_logs
        WHERE pake_id IS NULL GROUP BY operation
    """,
}

# tables that hold nothing of what was read: whose turn it is at a host, and moments in the life of a source; and the
# two parts of `all_signature_bands`, as it is no matter which of them a band is in
_WATCHED: Final = (
    "health_samples metric_samples monitor_ticks alert_series alerts alert_transitions alert_groups silences "
    "notifications channel_states incidents incident_events service_restarts service_surrenders service_processes "
    "recoveries levers anomalies forecasts analyses"
)
# what maintenance did, and what can be worked out anew
_KEPT: Final = "maintenance_runs backups retention_archives archived_items cache_entries cache_accesses cache_policies"
NOT_DATA: Final = frozenset(
    {"alembic_version", "host_budgets", "source_events", "signature_bands", "signature_bands_recent"}
).union(_WATCHED.split(), _KEPT.split())

Snapshot = dict[str, Counter[str]]


async def take_snapshot(url: str, data: Path, home: Path) -> Snapshot:
    """Return everything that the database at `url` and the directory `data` of the project at `home` hold."""
    connection = await wait_for(url, Patience())
    try:
        held = {name: Counter(row[0] for row in await connection.fetch(query)) for name, query in TABLES.items()}
        bodies = await connection.fetch("SELECT DISTINCT lake_path FROM pake.raw_fetches")
    finally:
        await connection.close()
    lake = Lake(str(data / "lake"))
    held["lake"] = Counter(_lake_files(data / "lake"))
    held["bodies that the lake gives back"] = Counter(row[0] for row in bodies if lake.read(row[0]))
    held["reports"] = Counter(_reports(data / "reports"))
    return {name: Counter({_placeless(row, home): count for row, count in rows.items()}) for name, rows in held.items()}


def _placeless(row: str, home: Path) -> str:
    return row.replace(str(home), "HOME")


def _lake_files(lake: Path) -> list[str]:
    """Return the files that count as archived; a temporary one that a killed run leaves behind is nobody's data."""
    return [file.relative_to(lake).as_posix() for file in lake.rglob("*.zst")]


def _reports(reports: Path) -> list[str]:
    """Return the reports, each with its name and without the moments of its making and of its items'.

    Of the ingestion report only that it is there: it tells of runs, and a killed one and its successor are two.
    """
    found = {file.name: file.read_text() for file in reports.glob("*_report.*") if file.name[0] != "."}
    found |= {name: "" for name in found if name.startswith("ingestion_report.")}
    found["qa_report.html"] = re.sub(r'<div class="when">.*?</div>|<time>.*?</time>', "", found["qa_report.html"])
    found["qa_report.md"] = re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d", "", found["qa_report.md"])
    said = json.loads(found["qa_report.json"])
    issues = [{**issue, "created_at": None} for issue in said["recent_issues"]]
    found["qa_report.json"] = json.dumps({**said, "timestamp": None, "version": None, "recent_issues": issues})
    return [f"{name}\n{text}" for name, text in found.items()]


async def count_in_run_logs(url: str) -> dict[str, dict[str, int]]:
    """Return how many new and updated rows the logs of all runs claim."""
    connection = await wait_for(url, Patience())
    try:
        return {name: dict(map(tuple, await connection.fetch(query))) for name, query in RUN_LOGS.items()}
    finally:
        await connection.close()


async def tables_of(connection: Connection) -> set[str]:
    """Return the names of all tables of the schema."""
    rows = await connection.fetch("SELECT table_name FROM information_schema.tables WHERE table_schema = 'pake'")
    return {row[0] for row in rows}


def differences(expected: Snapshot, found: Snapshot) -> dict[str, dict[str, list[Any]]]:
    """Return for each table what is lost and what is there too often; empty when both are equal."""
    return {
        name: {"lost": sorted((rows - found[name]).elements()), "doubled": sorted((found[name] - rows).elements())}
        for name, rows in expected.items()
        if rows != found[name]
    }
