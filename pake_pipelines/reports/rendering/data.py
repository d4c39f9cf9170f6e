"""A document as JSON: everything that it says, all rows of all tables, for programs."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from pake_pipelines.redaction import redact
from pake_pipelines.reports.document import (
    Advice,
    BarChart,
    Block,
    Checklist,
    Document,
    Figure,
    Figures,
    LineChart,
    Link,
    Prose,
    Recommendation,
    Section,
    Strips,
    Table,
)
from pake_pipelines.reports.rendering.keys import named, slug
from pake_pipelines.reports.rendering.values import href, plain, verdict_counts


def json_text(document: Document) -> str:
    """Return `document` as JSON: sections, blocks and figures by their keys, moments in ISO 8601 with their zone."""
    text = json.dumps(document_data(document), indent=1, ensure_ascii=False, allow_nan=False)
    return redact(text.encode("utf-8", "replace").decode())  # half a surrogate pair cannot be written


def document_data(document: Document) -> dict[str, Any]:
    """Return the same as plain data; what is not known is None."""
    return {
        "name": document.name,
        "title": document.title,
        "timestamp": plain(document.made_at),
        "since": plain(document.since),
        "until": plain(document.until),
        "status": document.tone.value,
        "lead": document.lead,
        "figures": _figures(document.figures),
        "missing": list(document.missing),
        "sections": named((one.key, _section(one)) for one in document.sections),
    }


def _section(section: Section) -> dict[str, Any]:
    return {
        "title": section.title,
        "missing": list(section.missing),
        "prose": [one.text for one in section.blocks if isinstance(one, Prose)],
        "blocks": named((one.key, _block(one)) for one in section.blocks if not isinstance(one, Prose)),
    }


def _block(block: Block) -> Mapping[str, Any]:
    match block:
        case Figures():
            return {"kind": "figures", "figures": _figures(block.figures)}
        case Table():
            return _table(block)
        case LineChart():
            return _line(block)
        case BarChart():
            return _bars(block)
        case Strips():
            return _strips(block)
        case Advice():
            return {"kind": "advice", "recommendations": [_recommendation(one) for one in block.recommendations]}
        case Checklist():
            return _checklist(block)
        case Prose():
            return {"kind": "prose", "text": block.text}


def _figures(figures: Sequence[Figure]) -> dict[str, Any]:
    return named((slug(one.name), _figure(one)) for one in figures)


def _figure(one: Figure) -> dict[str, Any]:
    return {
        "name": one.name,
        "value": plain(one.value),
        "unit": one.unit,
        "status": one.tone.value,
        "note": one.note,
        "at": plain(one.at),
        "asset": one.asset,
    }


def _table(table: Table) -> dict[str, Any]:
    keys = [column.key for column in table.columns]
    return {
        "kind": "table",
        "title": table.title,
        "units": {column.key: column.unit for column in table.columns if column.unit},
        "rows": [dict(zip(keys, map(plain, row), strict=True)) for row in table.rows],
    }


def _line(chart: LineChart) -> dict[str, Any]:
    rows = zip(chart.times, chart.means, chart.lows, chart.highs, strict=True)
    return {
        "kind": "line_chart",
        "title": chart.title,
        "unit": chart.unit,
        "warning": plain(chart.warning),
        "limit": plain(chart.limit),
        "forecast_from": plain(chart.from_here),
        "points": [dict(zip(("at", "mean", "low", "high"), map(plain, row), strict=True)) for row in rows],
    }


def _bars(chart: BarChart) -> dict[str, Any]:
    return {
        "kind": "bar_chart",
        "title": chart.title,
        "unit": chart.unit,
        "times": [plain(at) for at in chart.times],
        "layers": named((layer.name, list(layer.heights)) for layer in chart.layers),
    }


def _strips(block: Strips) -> dict[str, Any]:
    return {
        "kind": "strips",
        "since": plain(block.since),
        "until": plain(block.until),
        "strips": [
            {
                "name": one.name,
                "now": one.now.text,
                "status": one.now.tone.value,
                "note": one.note,
                "link": _link(one.link),
                "tones": [None if tone is None else tone.value for tone in one.tones],
            }
            for one in block.strips
        ],
    }


def _recommendation(one: Recommendation) -> dict[str, Any]:
    return {
        "code": one.code,
        "status": one.tone.value,
        "recommendation": one.says,
        "evidence": one.evidence,
        "acts": one.acts,
        "link": _link(one.link),
    }


def _checklist(block: Checklist) -> dict[str, Any]:
    return {
        "kind": "checklist",
        "counts": verdict_counts(block.items),
        "items": [
            {
                "key": one.key,
                "item": one.says,
                "verdict": one.verdict.value,
                "evidence": one.evidence,
                "todo": one.todo,
                "link": _link(one.link),
            }
            for one in block.items
        ],
    }


def _link(link: Link | None) -> dict[str, Any] | None:
    return None if link is None else {"text": link.text, "href": href(link)}
