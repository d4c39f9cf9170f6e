"""Making the files of the monitoring report; each making replaces those of the last."""

import json
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from pake_pipelines.config.monitoring import MonitoringConfig
from pake_pipelines.model.dagster_facts import DagsterFacts
from pake_pipelines.reports.monitoring import MonitoringReport, build_report
from pake_pipelines.reports.monitoring_json import monitoring_said, plain
from pake_pipelines.reports.render import monitoring_html, monitoring_markdown, write_whole
from pake_pipelines.store.database import Database
from pake_pipelines.store.qa_statistics import hold_still


@dataclass(frozen=True, slots=True)
class DeliveredMonitoring:
    """The report's page, its data, what it says as Markdown, and the report itself."""

    html: Path
    json: Path
    markdown: str
    report: MonitoringReport


async def deliver_monitoring_report(
    database: Database, directory: Path, config: MonitoringConfig, facts: DagsterFacts | None, now: datetime
) -> DeliveredMonitoring:
    """Write `monitoring.html`, `.md` and `.json` as of `now` into `directory`.

    `facts` is what Dagster told of its runs (`runs_of_last_day`); without it the report says that it does not know.
    """
    async with database.transaction() as connection:
        await hold_still(connection)
        report = await build_report(connection, config, facts, now)
    markdown = monitoring_markdown(report)
    page, text, data = (directory / f"monitoring.{ending}" for ending in ("html", "md", "json"))
    write_whole(page, monitoring_html(report))
    write_whole(text, markdown)
    write_whole(data, json.dumps(monitoring_said(report), indent=2, default=plain, ensure_ascii=False))
    return DeliveredMonitoring(page, data, markdown, report)
