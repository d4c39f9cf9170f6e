"""The QA report in all its forms; its files are written anew only when what they say has changed."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from pake_pipelines.config.version import version_of
from pake_pipelines.reports import tones
from pake_pipelines.reports.advice.bounds import Bounds
from pake_pipelines.reports.amounts import amount, counted
from pake_pipelines.reports.desk import Desk
from pake_pipelines.reports.document import Tone
from pake_pipelines.reports.qa.data import qa_said
from pake_pipelines.reports.qa.render import qa_html, qa_markdown
from pake_pipelines.reports.qa.report import QaReport, build_report
from pake_pipelines.reports.rendering.sheets import sheets_of
from pake_pipelines.reports.writing import Made, Written, write_files, written

NAME: Final = "qa_report"
_TITLE: Final = "QA report"
_LAYOUT: Final = "7"  # changes with templates and charts


@dataclass(frozen=True, slots=True)
class Delivered:
    """Where the report lies, whether it was written anew, and what it says."""

    written: Written
    is_new: bool
    markdown: str
    report: QaReport


async def write(desk: Desk) -> Made:
    """Return the report as of now, in all its forms. Raises StoreError."""
    return made_of(await report_of(desk))


async def report_of(desk: Desk) -> QaReport:
    """Return the report as of now. Raises StoreError."""
    return await build_report(
        desk.connection, desk.configs.quality, Bounds(desk.configs.reports.advice), desk.score_version, desk.now
    )


def made_of(report: QaReport) -> Made:
    """Return `report` in all its forms."""
    said, (tone, lead) = qa_said(report), _standing(report)
    return Made(
        name=NAME,
        title=_TITLE,
        made_at=report.made_at,
        tone=tone,
        lead=lead,
        html=qa_html(report),
        markdown=qa_markdown(report),
        json=qa_json(report),
        tables=sheets_of(said),
    )


def _standing(report: QaReport) -> tuple[Tone, str]:
    figures = report.statistics
    if not figures.total_items:
        return Tone.UNKNOWN, "The knowledge base is empty."
    tone = tones.worst(Tone.GOOD, *(one.tone for one in report.recommendations))
    items = counted(figures.total_items, "item", "items")
    return tone, f"{items}, {amount(figures.quality_score, 'percent')} verified."


def deliver(directory: Path, report: QaReport, keep: int) -> Delivered:
    """Write the files of the report into `directory`, unless they say all there is to say already. Raises OSError."""
    there = written(directory, NAME)
    text = directory / f"{NAME}.md"
    if _held(directory / f"{NAME}.json") == _version(report) and there and text.exists():
        return Delivered(there, False, text.read_text("utf-8"), report)
    made = made_of(report)
    return Delivered(write_files(directory, made, keep), True, made.markdown, report)


def qa_json(report: QaReport) -> str:
    """Return the QA report as JSON; `version` changes with what it says."""
    tone, lead = _standing(report)
    head = {"title": _TITLE, "status": tone.value, "lead": lead}
    said = {"version": _version(report), "timestamp": report.made_at.isoformat(), **head, **qa_said(report)}
    return json.dumps(said, indent=2, default=_plain, ensure_ascii=False)


def _version(report: QaReport) -> str:
    return version_of(_LAYOUT + json.dumps(qa_said(report), default=_plain), report.rules)


def _plain(value: Any) -> str:
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def _held(data: Path) -> str | None:
    try:
        held = json.loads(data.read_text("utf-8"))
    except (FileNotFoundError, ValueError):
        return None
    version = held.get("version") if isinstance(held, dict) else None
    return version if isinstance(version, str) else None
