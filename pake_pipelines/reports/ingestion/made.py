"""The ingestion report in all its forms; its JSON has the names of the guides (ING-20, ING-23)."""

import json
from collections.abc import Mapping
from dataclasses import asdict, replace
from datetime import datetime, timedelta
from typing import Any, Final

from pake_pipelines.reports import writing
from pake_pipelines.reports.desk import Desk
from pake_pipelines.reports.ingestion.message import message
from pake_pipelines.reports.ingestion.report import Ingested, IngestionReport, next_due, stopped_sources
from pake_pipelines.reports.ingestion.sections import document
from pake_pipelines.reports.writing import Made
from pake_pipelines.store.database import Connection
from pake_pipelines.store.runs import latest_visits
from pake_pipelines.store.statistics import Visits, statistics
from pake_pipelines.store.visits import visits_by_hour, visits_of_run

_HOURS: Final = 24


async def write(desk: Desk) -> Made:
    """Return the report on the newest run that read a source. Raises StoreError."""
    return made_of(await report_of(desk.connection, None, {}, desk.now))


async def report_of(
    connection: Connection, run_id: str | None, skipped: Mapping[str, str], now: datetime
) -> IngestionReport:
    """Return the report on the run `run_id`, by default the newest that read a source, and 24 hours before `now`.

    `skipped` are the sources that the run passed over, with the reason.
    """
    standings = await latest_visits(connection)
    window = await statistics(connection, now - timedelta(hours=_HOURS))
    if run_id is None:
        run_id = next((one.run_id for one in window.recent_runs), "")
    return IngestionReport(
        made_at=now,
        run=Ingested(run_id, await visits_of_run(connection, run_id), skipped),
        window=window,
        hours=await visits_by_hour(connection, now, _HOURS),
        stopped=stopped_sources(standings, now),
        due=next_due(standings),
    )


def made_of(report: IngestionReport) -> Made:
    """Return `report` in all its forms."""
    made = writing.made_of(document(report))
    head = {"title": made.title, "status": made.tone.value, "lead": made.lead}
    said = json.dumps({**head, **_said(report)}, indent=2, default=datetime.isoformat, ensure_ascii=False)
    return replace(made, json=said)


def figures(report: IngestionReport) -> dict[str, Any]:
    """Return the figures of the last 24 hours under the names of ING-20; without visits the success rate is None."""
    total = report.window.total
    return {
        "total_processed_24h": total.processed,
        "total_errors_24h": total.errors,
        "unique_sources_24h": len(report.window.by_source),
        "success_rate": total.success_rate,
    }


def _said(report: IngestionReport) -> dict[str, Any]:
    run, window = report.run, report.window
    return {
        "timestamp": report.made_at.isoformat(),
        "run": {
            "run_id": run.run_id,
            "processed": run.processed,
            "errors": len(run.failed),
            "visits": [asdict(visit) for visit in run.visits],
            "skipped": dict(run.skipped),
        },
        "last_24h": {
            "since": window.since.isoformat(),
            **figures(report),
            "sources": {source: _counts(visits) for source, visits in window.by_source.items()},
            "hours": [asdict(hour) for hour in report.hours],
        },
        "recent_runs": [
            {
                "run_id": one.run_id,
                "finished_at": one.finished_at.isoformat(),
                "unique_sources": one.sources,
                **_counts(one.visits),
            }
            for one in window.recent_runs
        ],
        "not_asked": [asdict(one) for one in report.stopped],
        "next": [asdict(one) for one in report.due],
        "message": message(sources=len(run.visits), processed=run.processed, errors=len(run.failed), at=report.made_at),
    }


def _counts(visits: Visits) -> dict[str, Any]:
    return {**asdict(visits), "processed": visits.processed, "success_rate": visits.success_rate}
