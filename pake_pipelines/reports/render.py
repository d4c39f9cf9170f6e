"""The three reports that have templates of their own, as a self-contained HTML page and as Markdown."""

from pake_pipelines.reports.ingestion.report import IngestionReport
from pake_pipelines.reports.monitoring.charts import TITLES, metric_charts
from pake_pipelines.reports.monitoring.report import MonitoringReport
from pake_pipelines.reports.qa.charts import confidence_chart, verdicts_chart
from pake_pipelines.reports.qa.report import QaReport
from pake_pipelines.reports.templating import render


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
