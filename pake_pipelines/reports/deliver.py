"""Making the report files: only when what they say has changed."""

import json
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from pake_pipelines.config.quality import VerdictRules
from pake_pipelines.config.version import version_of
from pake_pipelines.reports.qa import QaReport, build_report
from pake_pipelines.reports.render import qa_html, qa_markdown, write_whole
from pake_pipelines.store import nodes
from pake_pipelines.store.database import Database

_LAYOUT = "3"


@dataclass(frozen=True, slots=True)
class Delivered:
    """The report's files, whether they were written anew, and what they say."""

    html: Path
    written: bool
    markdown: str
    statistics: dict[str, Any]


async def deliver_qa_report(database: Database, directory: Path, rules: VerdictRules, now: datetime) -> Delivered:
    """Write `qa.html`, `qa.md` and `qa.json` into `directory`, unless nothing has changed since they were written."""
    page, text, data = (directory / f"qa.{ending}" for ending in ("html", "md", "json"))
    async with database.connection() as connection:
        version = version_of(_LAYOUT, await nodes.fingerprint(connection), rules)
        held = _held(data)
        if held and held["version"] == version and page.exists() and text.exists():
            return Delivered(page, False, text.read_text("utf-8"), held["statistics"])
        facts = await nodes.node_facts(connection)
        sources = await nodes.summary_by_source(connection)
    report = build_report(facts, sources, rules, now)
    markdown = qa_markdown(report)
    write_whole(page, qa_html(report))
    write_whole(text, markdown)
    write_whole(data, _json(version, report))
    return Delivered(page, True, markdown, asdict(report.statistics))


def _held(data: Path) -> dict[str, Any] | None:
    try:
        held: dict[str, Any] = json.loads(data.read_text("utf-8"))
    except (FileNotFoundError, ValueError):
        return None
    return held if "version" in held and "statistics" in held else None


def _json(version: str, report: QaReport) -> str:
    said = {
        "version": version,
        "timestamp": report.made_at.isoformat(),
        "statistics": asdict(report.statistics),
        "sources": [asdict(source) for source in report.sources],
        "recent_issues": [asdict(issue) for issue in report.issues],
        "recommendations": list(report.recommendations),
    }
    return json.dumps(said, indent=2, default=str, ensure_ascii=False)
