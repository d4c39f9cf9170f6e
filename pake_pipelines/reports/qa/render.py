"""The QA report, which has templates of its own, as a self-contained HTML page and as Markdown."""

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
