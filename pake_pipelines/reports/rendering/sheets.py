"""A document as CSV: one sheet for each table, checklist and list of recommendations, with all rows.

Reports that are no documents are plain data; each list in that is a sheet, too.
"""

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any, Final

from pake_pipelines.redaction import redact
from pake_pipelines.reports.document import Advice, Checklist, Document, Figure, Figures, Table, Value
from pake_pipelines.reports.rendering.keys import named, slug
from pake_pipelines.reports.rendering.values import plain, said

# a spreadsheet takes a cell that begins so for a formula
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # noqa: RUF001  # read as formulas, too

Sheet = tuple[Sequence[str], Iterable[Sequence[Value]]]


def csv_tables(document: Document) -> dict[str, str]:
    """Return the sheets of `document` as CSV by their keys; text that a spreadsheet would run begins with `'`."""
    return {key: csv_text(*sheet) for key, sheet in named(_sheets(document)).items()}


def sheets_of(said: Mapping[str, Any]) -> dict[str, str]:
    """Return a CSV for each list of objects in `said`, and for each object of objects, whose keys are then names."""
    found = {}
    for key, value in said.items():
        if isinstance(value, Mapping) and all(isinstance(one, Mapping) for one in value.values()):
            value = [{"name": name, **one} for name, one in value.items()]  # noqa: PLW2901  # the same, as a list
        if isinstance(value, list) and value and all(isinstance(one, Mapping) for one in value):
            rows = [dict(_flat(one)) for one in value]
            columns = list(dict.fromkeys(column for row in rows for column in row))
            found[slug(key)] = csv_text(columns, [[row.get(one) for one in columns] for row in rows])
    return found


def _flat(value: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, Value]]:
    for key, one in value.items():
        if isinstance(one, Mapping) and one:
            yield from _flat(one, f"{before}{key}.")
        elif one is None or isinstance(one, str | int | float | datetime | date):
            yield f"{before}{key}", one
        elif isinstance(one, list | tuple) and all(isinstance(part, str) for part in one):
            yield f"{before}{key}", "; ".join(one)
        else:
            yield f"{before}{key}", str(one)


def csv_text(columns: Sequence[str], rows: Iterable[Sequence[Value]]) -> str:
    """Return a heading and rows as CSV (RFC 4180)."""
    written = io.StringIO(newline="")
    sheet = csv.writer(written)
    sheet.writerow([_cell(one) for one in columns])
    sheet.writerows([_cell(one) for one in row] for row in rows)
    return redact(written.getvalue().encode("utf-8", "replace").decode())


def _sheets(document: Document) -> Iterator[tuple[str, Sheet]]:
    if document.figures:
        yield "figures", _figures(document.figures)
    for section in document.sections:
        for block in section.blocks:
            match block:
                case Figures():
                    yield slug(block.key), _figures(block.figures)
                case Table():
                    yield slug(block.key), ([one.key for one in block.columns], block.rows)
                case Checklist():
                    items = [(one.key, one.says, one.verdict.value, one.evidence, one.todo) for one in block.items]
                    yield slug(block.key), (("key", "item", "verdict", "evidence", "todo"), items)
                case Advice():
                    advice = [
                        (one.code, one.tone.value, one.says, one.evidence, one.acts) for one in block.recommendations
                    ]
                    yield slug(block.key), (("code", "status", "recommendation", "evidence", "acts"), advice)
                case _:
                    pass


def _figures(figures: Sequence[Figure]) -> Sheet:
    rows = [(one.name, one.value, one.unit, one.tone.value, one.at, one.note) for one in figures]
    return ("name", "value", "unit", "status", "at", "note"), rows


def _cell(value: Value) -> str | int | float | bool | None:
    """Return what is written of `value`; what is not known is left empty."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int | float):
        number: int | float | None = plain(value)
        return number
    if isinstance(value, datetime | date):
        return value.isoformat()
    text = said(value).replace("\x00", "")
    return f"'{text}" if text.lstrip(" ").startswith(_FORMULA) else text
