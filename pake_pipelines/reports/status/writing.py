"""Making the page and writing it: `status.html` for people, `status.json` for programs (REP-09, REP-10)."""

import json
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from pake_pipelines.config.reports import StatusPage
from pake_pipelines.model.dagster_facts import DagsterFacts
from pake_pipelines.redaction import redact
from pake_pipelines.reports.advice import advise, look
from pake_pipelines.reports.desk import Desk
from pake_pipelines.reports.document import Document, Figures
from pake_pipelines.reports.index import write_index
from pake_pipelines.reports.rendering import html
from pake_pipelines.reports.rendering.data import document_data
from pake_pipelines.reports.rendering.values import plain
from pake_pipelines.reports.status import knowledge
from pake_pipelines.reports.status.columns import columns_of
from pake_pipelines.reports.status.page import NAME, build
from pake_pipelines.reports.status.reading import read
from pake_pipelines.reports.status.verdict import Overall
from pake_pipelines.reports.status.without_database import build_without_database
from pake_pipelines.reports.whole import write_whole

PAGE: Final = f"{NAME}.html"
DATA: Final = f"{NAME}.json"
# section -> the asset that its lines come from
_ASSETS: Final = {
    "services": "service_health",
    "alerts": "alerts",
    "incidents": "incidents",
    "recommendations": "insights",
    "ingestion": "ingestion_report",
    "quality": "qa_report",
    "backups": "database_backup",
    "forecasts": "forecasts",
    "anomalies": "metric_anomalies",
}
_REP_10: Final = {
    "hit_ratio": knowledge.HIT_RATIO,
    "response_time": knowledge.RESPONSE_TIME,
    "memory_efficiency": knowledge.MEMORY_EFFICIENCY,
}


@dataclass(frozen=True, slots=True)
class Status:
    """The page in both forms, and how everything stands."""

    made_at: datetime
    overall: Overall
    html: str
    json: str
    document: Document


async def make_status(desk: Desk) -> Status:
    """Make the page of what stands at `desk`. Raises StoreError."""
    seen = await read(desk)
    document, overall = build(desk, seen, advise(await look(desk)))
    return _status(document, overall, desk.configs.reports.status_page, desk.dagster)


def make_status_without_database(
    directory: Path, config: StatusPage, facts: DagsterFacts | None, now: datetime, dagster: str, why: str
) -> Status:
    """Make the page while the knowledge database does not answer; `why` is what the attempt said."""
    document, overall = build_without_database(why, facts, now, dagster, last_known(directory))
    return _status(document, overall, config, dagster)


def write_status(directory: Path, status: Status) -> Path:
    """Write both files into `directory`, each whole or not at all, and return the page. Raises OSError.

    The index is written with it, as it says the same word.
    """
    write_whole(directory / DATA, status.json)
    write_whole(directory / PAGE, status.html)
    write_index(directory, status.made_at)
    return directory / PAGE


def last_known(directory: Path) -> str | None:
    """Return in words how everything stood when the page last knew it; None where nothing tells."""
    try:
        told = json.loads((directory / DATA).read_text("utf-8"))["last_known"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return told if isinstance(told, str) else None


def _status(document: Document, overall: Overall, config: StatusPage, dagster: str) -> Status:
    page = html(
        document,
        dagster=dagster,
        template="status.html.j2",
        overall=overall,
        refresh_seconds=config.refresh_seconds,
        every_minutes=config.every_minutes,
        home=dagster,
        elsewhere=f"in {DATA}",
        columns=columns_of,
        assets=defaultdict(str, _ASSETS),
    )
    return Status(document.made_at, overall, page, _json(document, overall), document)


def _json(document: Document, overall: Overall) -> str:
    numbers = _numbers(document)
    knows = "performance" in {one.key for one in document.sections}
    said = f"{overall.word.value} at {document.made_at:%d %b %Y %H:%M} UTC"
    told = {
        "overall": overall.word.value,
        "because": list(overall.because),
        **{key: plain(numbers.get(name)) for key, name in _REP_10.items()},
        "last_known": said if knows else next((one.value for one in document.figures), None),
        **document_data(document),
    }
    text = json.dumps(told, indent=1, ensure_ascii=False, allow_nan=False)
    return redact(text.encode("utf-8", "replace").decode())


def _numbers(document: Document) -> Mapping[str, Any]:
    """Return the figures of the cards that are known now, by their names: percentages and milliseconds."""
    return {
        one.name: one.value
        for section in document.sections
        for block in section.blocks
        if isinstance(block, Figures)
        for one in block.figures
        if isinstance(one.value, int | float)
    }
