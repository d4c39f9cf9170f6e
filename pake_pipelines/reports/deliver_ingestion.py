"""Making the files of the ingestion report; each run replaces those of the last."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from pake_pipelines.reports.ingestion import Ingested, IngestionReport, next_due, stopped_sources
from pake_pipelines.reports.ingestion_message import message
from pake_pipelines.reports.render import ingestion_html, ingestion_markdown, write_whole
from pake_pipelines.store.database import Database
from pake_pipelines.store.runs import latest_visits
from pake_pipelines.store.statistics import Visits, statistics
from pake_pipelines.store.visits import visits_by_hour, visits_of_run

_HOURS: Final = 24


@dataclass(frozen=True, slots=True)
class DeliveredIngestion:
    """The report's page, what it says as Markdown, and the report itself."""

    html: Path
    markdown: str
    report: IngestionReport


async def deliver_ingestion_report(
    database: Database, directory: Path, run_id: str, skipped: Mapping[str, str], now: datetime
) -> DeliveredIngestion:
    """Write `ingestion.html`, `.md` and `.json` on the run `run_id` and the 24 hours before `now` into `directory`.

    `skipped` are the sources that the run passed over, with the reason.
    """
    async with database.connection() as connection:
        standings = await latest_visits(connection)
        report = IngestionReport(
            made_at=now,
            run=Ingested(run_id, await visits_of_run(connection, run_id), skipped),
            window=await statistics(connection, now - timedelta(hours=_HOURS)),
            hours=await visits_by_hour(connection, now, _HOURS),
            stopped=stopped_sources(standings, now),
            due=next_due(standings),
        )
    markdown = ingestion_markdown(report)
    page = directory / "ingestion.html"
    write_whole(page, ingestion_html(report))
    write_whole(directory / "ingestion.md", markdown)
    write_whole(directory / "ingestion.json", _json(report))
    return DeliveredIngestion(page, markdown, report)


def figures(report: IngestionReport) -> dict[str, Any]:
    """Return the figures of the last 24 hours under the names of ING-20; without visits the success rate is None."""
    total = report.window.total
    return {
        "total_processed_24h": total.processed,
        "total_errors_24h": total.errors,
        "unique_sources_24h": len(report.window.by_source),
        "success_rate": total.success_rate,
    }


def _json(report: IngestionReport) -> str:
    return json.dumps(_said(report), indent=2, default=datetime.isoformat, ensure_ascii=False)


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
