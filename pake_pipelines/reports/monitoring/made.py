"""The monitoring report in all its forms; JSON and CSV have the names of the guides."""

import json
from dataclasses import replace

from pake_pipelines.reports import writing
from pake_pipelines.reports.advice.bounds import monitoring_bounds
from pake_pipelines.reports.desk import Desk
from pake_pipelines.reports.monitoring.data import monitoring_said, plain
from pake_pipelines.reports.monitoring.report import MonitoringReport, build_report
from pake_pipelines.reports.monitoring.sections import document
from pake_pipelines.reports.rendering.sheets import sheets_of
from pake_pipelines.reports.writing import Made


async def write(desk: Desk) -> Made:
    """Return the report as of now. Raises StoreError."""
    config = desk.configs.monitoring
    bounds = monitoring_bounds(config, desk.configs.reports.advice)
    return made_of(await build_report(desk.connection, config, bounds, desk.facts, desk.now))


def made_of(report: MonitoringReport) -> Made:
    """Return `report` in all its forms."""
    said, made = monitoring_said(report), writing.made_of(document(report))
    head = {"title": made.title, "status": made.tone.value, "lead": made.lead}
    text = json.dumps({**head, **said}, indent=2, default=plain, ensure_ascii=False)
    return replace(made, json=text, tables=sheets_of(said))
