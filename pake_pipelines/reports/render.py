"""Rendering: a report's data model as a self-contained HTML page and as Markdown; writing it whole or not at all."""

import os
import uuid
from pathlib import Path
from typing import Any

from pake_pipelines import crash
from pake_pipelines.crash import CrashPoint
from pake_pipelines.redaction import redact
from pake_pipelines.reports.amounts import amount, lasting, share
from pake_pipelines.reports.ingestion import IngestionReport
from pake_pipelines.reports.monitoring import MonitoringReport
from pake_pipelines.reports.monitoring_charts import TITLES, metric_charts
from pake_pipelines.reports.qa import QaReport
from pake_pipelines.reports.qa_charts import confidence_chart, verdicts_chart
from pake_pipelines.reports.strangers import cell, shown


def render(template: str, **values: Any) -> str:
    """Render one of our templates; HTML is escaped, Markdown cells lose what would be more than text, secrets go."""
    from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

    environment = Environment(
        loader=PackageLoader("pake_pipelines.reports"),
        autoescape=select_autoescape(enabled_extensions=("html.j2",), default=False),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(cell=cell, shown=shown, amount=amount, lasting=lasting, share=share)
    return redact(environment.get_template(template).render(**values))


def qa_html(report: QaReport) -> str:
    """Return the QA report as one self-contained page."""
    from markupsafe import Markup

    # the SVGs are our own drawings of numbers; nothing of an item's text is in them
    charts = {
        "verdicts": Markup(verdicts_chart(report.verdicts, report.made_at)),  # noqa: S704
        "confidence": Markup(confidence_chart(report.tenths)),  # noqa: S704
    }
    return render("qa.html.j2", report=report, charts=charts)


def qa_markdown(report: QaReport) -> str:
    """Return the QA report as Markdown, for metadata and messages."""
    return render("qa.md.j2", report=report)


def ingestion_html(report: IngestionReport) -> str:
    """Return the ingestion report as one self-contained page."""
    most = max((hour.visits for hour in report.hours), default=0)
    return render("ingestion.html.j2", report=report, most_visits=most)


def ingestion_markdown(report: IngestionReport) -> str:
    """Return the ingestion report as Markdown, for metadata and messages."""
    return render("ingestion.md.j2", report=report)


def monitoring_html(report: MonitoringReport) -> str:
    """Return the monitoring report as one self-contained page."""
    from markupsafe import Markup

    charts = [(chart.title, chart.unit, Markup(chart.svg)) for chart in metric_charts(report)]  # noqa: S704
    return render("monitoring.html.j2", report=report, charts=charts, titles=TITLES)


def monitoring_markdown(report: MonitoringReport) -> str:
    """Return the monitoring report as Markdown, for metadata and messages."""
    return render("monitoring.md.j2", report=report, titles=TITLES)


def write_whole(path: Path, text: str) -> None:
    """Write `text`, redacted, to `path` so that a reader sees the old file or the new one, never half of one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{uuid.uuid4().hex}.tmp")
    try:
        with temporary.open("w", encoding="utf-8") as file:
            file.write(redact(text))
            file.flush()
            os.fsync(file.fileno())
        crash.point(CrashPoint.REPORT_WRITTEN)
        temporary.replace(path)
        crash.point(CrashPoint.REPORT_RENAMED)
    finally:
        temporary.unlink(missing_ok=True)
