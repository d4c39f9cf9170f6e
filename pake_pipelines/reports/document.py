"""The one data model of a report: figures, tables, charts, recommendations and checks, in sections.

What a report says is built as a `Document` by a function of what was read; how that looks as HTML, Markdown, JSON or
CSV is settled once, by the renderers. Nothing here is text to be trusted: whatever comes from outside is escaped there.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import TypeAlias


class Tone(StrEnum):
    """How something stands; it gives a colour. What is not known is neither good nor bad."""

    GOOD = "good"
    NOTICE = "notice"
    WARN = "warn"
    BAD = "bad"
    UNKNOWN = "unknown"
    PLAIN = "plain"


@dataclass(frozen=True, slots=True)
class Tag:
    """A word with a tone: healthy, failed, proven."""

    text: str
    tone: Tone


@dataclass(frozen=True, slots=True)
class Link:
    """A word that leads somewhere: to an address, or to a file beside the report."""

    text: str
    href: str


Value: TypeAlias = str | int | float | bool | datetime | date | Tag | Link | None
"""What stands in a cell; None is shown as unknown, in the unit of its column."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One number with its name. `unit` is one of `amounts`, or empty.

    Those are percent, share (in [0, 1]), ms, s, h, d, bytes, count and per_minute.
    `at` is when it was measured, `asset` the asset in Dagster that it comes from, as `a/b`.
    """

    name: str
    value: Value
    unit: str = ""
    tone: Tone = Tone.PLAIN
    note: str = ""
    at: datetime | None = None
    asset: str | None = None


@dataclass(frozen=True, slots=True)
class Figures:
    """Numbers beside one another, as cards."""

    key: str
    figures: Sequence[Figure]


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its key in JSON and CSV, its heading, and the unit of its numbers (as of `Figure`)."""

    key: str
    title: str
    unit: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of values. Pages show the first `most`, and how many more there are; JSON and CSV have all of them."""

    key: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[Value]]
    empty: str = "none"
    title: str = ""
    most: int = 50


@dataclass(frozen=True, slots=True)
class LineChart:
    """A line over time within its band; None leaves a gap.

    `limit` is a dashed level and `warning` another one, `from_here` the moment from which on it is a forecast. `times`,
    `means`, `lows` and `highs` are of one length.
    """

    key: str
    title: str
    unit: str
    times: Sequence[datetime]
    means: Sequence[float | None]
    lows: Sequence[float | None]
    highs: Sequence[float | None]
    limit: float | None = None
    from_here: datetime | None = None
    warning: float | None = None


@dataclass(frozen=True, slots=True)
class Layer:
    """One layer of stacked bars; `heights` are as many as the chart has `times`."""

    name: str
    tone: Tone
    heights: Sequence[int]


@dataclass(frozen=True, slots=True)
class BarChart:
    """Stacked bars over time, the first layer lowest."""

    key: str
    title: str
    unit: str
    times: Sequence[datetime]
    layers: Sequence[Layer]


@dataclass(frozen=True, slots=True)
class Strip:
    """How one thing stood in equal stretches of time, oldest first; None where nothing was seen."""

    name: str
    tones: Sequence[Tone | None]
    now: Tag
    note: str = ""
    link: Link | None = None


@dataclass(frozen=True, slots=True)
class Strips:
    """Several of them under one another, between `since` and `until`."""

    key: str
    strips: Sequence[Strip]
    since: datetime
    until: datetime
    empty: str = "nothing is watched"


@dataclass(frozen=True, slots=True)
class Recommendation:
    """What to do: `code` is the rule (a requirement's id), `evidence` the figures, `acts` what acts on it.

    `link` leads to that: an asset of Dagster or a runbook.
    """

    code: str
    tone: Tone
    says: str
    evidence: str
    acts: str
    link: Link | None = None


@dataclass(frozen=True, slots=True)
class Advice:
    """Recommendations, the gravest first."""

    key: str
    recommendations: Sequence[Recommendation]
    empty: str = "Nothing needs to be done."


class Verdict(StrEnum):
    """How an item of a checklist came out. Only a person can answer what is manual; unknown is not a pass."""

    PASS = "pass"  # noqa: S105  # a verdict
    FAIL = "fail"
    UNKNOWN = "unknown"
    MANUAL = "manual"


@dataclass(frozen=True, slots=True)
class Item:
    """An item of a checklist with how it came out, what that was read from, and what to do otherwise."""

    key: str
    says: str
    verdict: Verdict
    evidence: str
    todo: str = ""
    link: Link | None = None


@dataclass(frozen=True, slots=True)
class Checklist:
    """Items in their order."""

    key: str
    items: Sequence[Item]


@dataclass(frozen=True, slots=True)
class Prose:
    """A paragraph of our own words, plain text."""

    text: str


Block: TypeAlias = Figures | Table | LineChart | BarChart | Strips | Advice | Checklist | Prose


@dataclass(frozen=True, slots=True)
class Section:
    """Blocks under a heading; `missing` says what could not be read for it."""

    key: str
    title: str
    blocks: Sequence[Block]
    missing: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Document:
    """A report as of `made_at`, on the time from `since` to `until` where it is on a stretch of time.

    `lead` is one sentence that says the most important; `missing` is what could not be read for it.
    """

    name: str
    title: str
    made_at: datetime
    tone: Tone
    lead: str
    sections: Sequence[Section]
    since: datetime | None = None
    until: datetime | None = None
    figures: Sequence[Figure] = ()
    missing: Sequence[str] = ()
