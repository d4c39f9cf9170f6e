"""Making the files of the QA report: only when what they say has changed."""

import json
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from pake_pipelines.config.quality import QualityConfig
from pake_pipelines.config.version import version_of
from pake_pipelines.reports.qa import QaReport, build_report
from pake_pipelines.reports.qa_figures import Statistics
from pake_pipelines.reports.qa_json import qa_said
from pake_pipelines.reports.render import qa_html, qa_markdown, write_whole
from pake_pipelines.store.database import Database

_LAYOUT = "4"  # changes with templates and charts


@dataclass(frozen=True, slots=True)
class Delivered:
    """The report's page, whether its files were written anew, and what they say."""

    html: Path
    written: bool
    markdown: str
    statistics: Statistics


async def deliver_qa_report(
    database: Database, directory: Path, rules: QualityConfig, score_version: str, now: datetime
) -> Delivered:
    """Write `qa.html`, `qa.md` and `qa.json` into `directory`, unless they say all there is to say already.

    `score_version` names how scores are made now.
    """
    async with database.transaction() as connection:
        report = await build_report(connection, rules, score_version, now)
    page, text, data = (directory / f"qa.{ending}" for ending in ("html", "md", "json"))
    version = _version(report)
    if _held(data) == version and page.exists() and text.exists():
        return Delivered(page, False, text.read_text("utf-8"), report.statistics)
    write_qa_report(directory, report)
    return Delivered(page, True, text.read_text("utf-8"), report.statistics)


def write_qa_report(directory: Path, report: QaReport) -> Path:
    """Write the three files and return the page. The JSON goes last: it says which state the others are of."""
    page = directory / "qa.html"
    write_whole(page, qa_html(report))
    write_whole(directory / "qa.md", qa_markdown(report))
    write_whole(directory / "qa.json", qa_json(report))
    return page


def qa_json(report: QaReport) -> str:
    """Return the QA report as JSON; `version` changes with what it says."""
    said = {"version": _version(report), "timestamp": report.made_at.isoformat(), **qa_said(report)}
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
