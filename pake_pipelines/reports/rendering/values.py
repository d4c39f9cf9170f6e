"""What stands in a cell: as text for people, as plain data for programs, and which links may be followed."""

import math
import re
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime
from typing import Any, Final

from pake_pipelines.reports.amounts import UNKNOWN, amount
from pake_pipelines.reports.document import Item, Link, Tag, Tone, Value, Verdict

MARKS: Final = {
    Verdict.PASS: "✓ pass",
    Verdict.FAIL: "✗ fail",
    Verdict.UNKNOWN: "? unknown",
    Verdict.MANUAL: "✎ by hand",
}
"""How an item of a checklist came out, in words and a sign: colours are not seen by all."""
TONES_OF_VERDICTS: Final = {
    Verdict.PASS: Tone.GOOD,
    Verdict.FAIL: Tone.BAD,
    Verdict.UNKNOWN: Tone.UNKNOWN,
    Verdict.MANUAL: Tone.NOTICE,
}
STANDINGS: Final = {
    Tone.GOOD: "good",
    Tone.NOTICE: "worth a look",
    Tone.WARN: "needs attention",
    Tone.BAD: "needs action",
    Tone.UNKNOWN: "not known",
    Tone.PLAIN: "",
}
"""What a tone says of a whole report."""

_SCHEME: Final = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*:")
_ON_PAGES: Final = re.compile(r"https?://[^\s\"'<>`\\]+", re.IGNORECASE)
_FILE: Final = re.compile(r"[\w./#?=&%~+-]+")


def said(value: Value, unit: str = "") -> str:
    """Return `value` as people read it, as text that is not escaped yet; moments are shown in UTC."""
    match value:
        case None:
            return UNKNOWN
        case bool():
            return "yes" if value else "no"
        case int() | float():
            return amount(value, unit)
        case datetime():
            return f"{value.astimezone(UTC):%d %b %Y %H:%M}"
        case date():
            return f"{value:%d %b %Y}"
        case Tag() | Link():
            return value.text
        case _:
            return str(value)


def plain(value: Value) -> Any:
    """Return `value` as JSON can hold it: moments as ISO 8601 with their zone, what is no finite number as None."""
    match value:
        case float():
            return value if math.isfinite(value) else None
        case datetime() | date():
            return value.isoformat()
        case Tag():
            return value.text
        case Link():
            return {"text": value.text, "href": href(value)}
        case _:
            return value


def href(link: Link | None) -> str | None:
    """Return where a link leads when that is a page of the web or a file beside the report; None for all else."""
    if link is None:
        return None
    target = link.href.strip()
    if _SCHEME.match(target) or target.startswith("//"):
        return target if _ON_PAGES.fullmatch(target) else None
    return target if _FILE.fullmatch(target) and not target.startswith("/") else None


def is_number(value: Value) -> bool:
    """Tell whether `value` stands to the right in a table."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def number_columns(rows: Iterable[Sequence[Value]]) -> set[int]:
    """Return the places of the columns in which there are numbers."""
    return {place for row in rows for place, one in enumerate(row) if is_number(one)}


def verdict_counts(items: Sequence[Item]) -> dict[str, int]:
    """Return how many items came out in which way, every way named."""
    return {one.value: sum(item.verdict is one for item in items) for one in Verdict}
