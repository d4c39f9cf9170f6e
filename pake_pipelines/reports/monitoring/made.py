"""The monitoring report in all its forms."""

import json
from typing import Final

from pake_pipelines.model.health import DOWN, HealthStatus
from pake_pipelines.reports.advice.bounds import monitoring_bounds
from pake_pipelines.reports.desk import Desk
from pake_pipelines.reports.document import Tone
from pake_pipelines.reports.monitoring.data import monitoring_said, plain
from pake_pipelines.reports.monitoring.report import MonitoringReport, build_report
from pake_pipelines.reports.render import monitoring_html, monitoring_markdown
from pake_pipelines.reports.rendering.sheets import sheets_of
from pake_pipelines.reports.writing import Made

_TITLE: Final = "Monitoring report"
_TONES: Final = {
    HealthStatus.HEALTHY: Tone.GOOD,
    HealthStatus.DEGRADED: Tone.WARN,
    HealthStatus.UNHEALTHY: Tone.BAD,
    HealthStatus.CRITICAL: Tone.BAD,
    HealthStatus.UNKNOWN: Tone.UNKNOWN,
    HealthStatus.NOT_CONFIGURED: Tone.UNKNOWN,
}


async def write(desk: Desk) -> Made:
    """Return the report as of now. Raises StoreError."""
    config = desk.configs.monitoring
    bounds = monitoring_bounds(config, desk.configs.reports.advice)
    return made_of(await build_report(desk.connection, config, bounds, desk.facts, desk.now))


def made_of(report: MonitoringReport) -> Made:
    """Return `report` in all its forms."""
    said, tone, lead = monitoring_said(report), _TONES[report.overall], _lead(report)
    head = {"title": _TITLE, "status": tone.value, "lead": lead}
    return Made(
        name="monitoring_report",
        title=_TITLE,
        made_at=report.made_at,
        tone=tone,
        lead=lead,
        html=monitoring_html(report),
        markdown=monitoring_markdown(report),
        json=json.dumps({**head, **said}, indent=2, default=plain, ensure_ascii=False),
        tables=sheets_of(said),
    )


def _lead(report: MonitoringReport) -> str:
    bad = [one.title for one in report.services if one.status in DOWN | {HealthStatus.DEGRADED}]
    if bad:
        return f"{len(bad)} of {len(report.services)} services do not serve as they should: {', '.join(bad)}."
    standing = report.overall.value.replace("_", " ")
    firing = f"{report.counts.firing} alerts fire" if report.counts.firing != 1 else "1 alert fires"
    return f"Overall {standing}; {firing}."
