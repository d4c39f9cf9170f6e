"""A document as Markdown: for Dagster's metadata and messages, so it is bounded in size; the page has more."""

import math
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Final

from pake_pipelines.redaction import redact
from pake_pipelines.reports.amounts import amount
from pake_pipelines.reports.document import (
    Advice,
    BarChart,
    Block,
    Checklist,
    Document,
    Figure,
    Figures,
    Item,
    LineChart,
    Link,
    Prose,
    Section,
    Strips,
    Table,
    Tag,
    Tone,
    Value,
    Verdict,
)
from pake_pipelines.reports.rendering.values import MARKS, STANDINGS, href, number_columns, said
from pake_pipelines.reports.strangers import cell, spoken

MOST_BYTES: Final = 30_000
"""It lies in Dagster's event log with every materialization."""

# rows of each list, from what is wanted down to what always fits
_ROWS: Final = (20, 8, 3, 0)
_CUT: Final = "\n\nThe rest is on the page.\n"
_ON_PAGE: Final = "on the page"


def markdown(document: Document, most: int = MOST_BYTES) -> str:
    """Return `document` as Markdown of at most about `most` bytes; longer ones have fewer rows, and say so."""
    for rows in _ROWS:
        text = redact("\n\n".join(_blocks(document, rows)).encode("utf-8", "replace").decode() + "\n")
        if len(text.encode()) <= most:
            return text
    return text.encode()[: most - len(_CUT)].decode("utf-8", "ignore").rpartition("\n\n")[0] + _CUT


def _blocks(document: Document, rows: int) -> Iterator[str]:
    standing = f"**{STANDINGS[document.tone].capitalize()}.** " if STANDINGS[document.tone] else ""
    yield f"{standing}{cell(document.lead, 600)}"
    yield f"As of {_moment(document.made_at)} UTC{_stretch(document)}."
    if document.figures:
        yield _figures(document.figures, max(rows, 10))
    yield from _missing(document.missing)
    for section in document.sections:
        yield from _section(section, rows)


def _stretch(document: Document) -> str:
    if document.since is None or document.until is None:
        return ""
    return f"; it covers {_moment(document.since)} to {_moment(document.until)}"


def _section(section: Section, rows: int) -> Iterator[str]:
    yield f"## {cell(section.title)}"
    yield from _missing(section.missing)
    for block in section.blocks:
        yield from _block(block, rows)


def _missing(missing: Sequence[str]) -> Iterator[str]:
    if missing:
        yield "\n".join(f"> Missing: {spoken(one, 300)}" for one in missing[:20])


def _block(block: Block, rows: int) -> Iterator[str]:
    match block:
        case Figures():
            yield _figures(block.figures, rows)
        case Table():
            yield from _table(block, rows)
        case LineChart():
            yield _line(block)
        case BarChart():
            layers = ", ".join(f"{cell(one.name, 40)} {amount(sum(one.heights), 'count')}" for one in block.layers)
            yield f"{cell(block.title)}: {layers or 'nothing'} in all."
        case Strips():
            strips = [(one.name, one.now, one.note) for one in block.strips]
            yield _grid(("", "now", ""), strips, rows, 50) if strips else cell(block.empty)
        case Advice():
            yield _advice(block, max(rows, 3))
        case Checklist():
            items = [
                [cell(MARKS[one.verdict]), cell(one.says, 300), spoken(one.evidence, 300), _todo(one)]
                for one in block.items[: max(rows, 8)]
            ]
            yield _lines(["", "item", "evidence", "to do"], items, len(block.items), set())
        case Prose():
            yield spoken(block.text, 1000)


def _todo(item: Item) -> str:
    return "" if item.verdict is Verdict.PASS else spoken(item.todo, 300)


def _figures(figures: Sequence[Figure], rows: int) -> str:
    shown = [(one.name, said(one.value, one.unit), one.note) for one in figures]
    return _grid(("figure", "value", ""), shown, rows, len(shown))


def _table(table: Table, rows: int) -> Iterator[str]:
    if table.title:
        yield f"**{cell(table.title)}**"
    if not table.rows:
        yield cell(table.empty, 300)
        return
    shown = [
        [_cell(value, column.unit) for value, column in zip(row, table.columns, strict=True)]
        for row in table.rows[: min(table.most, rows)]
    ]
    yield _lines(
        [cell(one.title, 60) for one in table.columns], shown, len(table.rows), number_columns(table.rows[:rows])
    )


def _grid(heads: Sequence[str], rows: Sequence[Sequence[Value]], most: int, all_of: int) -> str:
    shown = [[_cell(value, "") for value in row] for row in rows[: min(most, all_of)]]
    return _lines(list(heads), shown, len(rows), set())


def _lines(heads: list[str], rows: list[list[str]], there_are: int, numbers: set[int]) -> str:
    rule = ["--:" if place in numbers else "---" for place in range(len(heads))]
    lines = [f"| {' | '.join(one)} |" for one in (heads, rule, *rows)] if rows else []
    left = there_are - len(rows)
    if left:
        more = "more" if rows else ("row" if left == 1 else "rows")
        lines.append(f"\n{left:,} {more} {_ON_PAGE}.")
    return "\n".join(lines)


def _cell(value: Value, unit: str) -> str:
    match value:
        case datetime():
            return _moment(value)
        case Link():
            target = href(value)
            return f"[{cell(value.text)}]({target})" if target and target.startswith("http") else cell(value.text)
        case Tag():
            marked = value.tone in {Tone.BAD, Tone.WARN}
            return f"**{cell(value.text, 60)}**" if marked else cell(value.text, 60)
        case _:
            return spoken(said(value, unit)) or " "


def _line(chart: LineChart) -> str:
    cut = chart.from_here
    row = zip(chart.times, chart.means, strict=True)
    points = [(at, mean) for at, mean in row if mean is not None and math.isfinite(mean)]
    seen = [mean for at, mean in points if cut is None or at <= cut]
    ahead = [mean for at, mean in points if cut is not None and at > cut]
    told = ["not known"]
    if seen:
        told = [f"from {amount(min(seen), chart.unit)} to {amount(max(seen), chart.unit)}"]
        told.append(f"at last {amount(seen[-1], chart.unit)}")
    if ahead:
        told.append(f"forecast {amount(ahead[-1], chart.unit)} by {_moment(points[-1][0])}")
    if chart.limit is not None:
        told.append(f"limit {amount(chart.limit, chart.unit)}")
    return f"{cell(chart.title)}: {', '.join(told)}."


def _advice(block: Advice, most: int) -> str:
    if not block.recommendations:
        return cell(block.empty, 300)
    lines = []
    for one in block.recommendations[:most]:
        where = f" {_cell(one.link, '')}." if one.link else ""
        lines.append(
            f"- **{cell(one.says, 300)}** ({cell(one.code, 30)}): {_ended(spoken(one.evidence, 300))} "
            f"{_ended(spoken(one.acts, 300))}{where}"
        )
    if (left := len(block.recommendations) - most) > 0:
        lines.append(f"- {left} more {_ON_PAGE}.")
    return "\n".join(lines)


def _ended(sentence: str) -> str:
    return sentence if sentence.endswith((".", "?", "!")) else f"{sentence}."


def _moment(at: datetime) -> str:
    return said(at)
