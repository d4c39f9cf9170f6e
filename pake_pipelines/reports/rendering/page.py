"""A document as one self-contained HTML page: no script, nothing to be fetched, and never larger than a mail takes."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime
from itertools import groupby
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from pake_pipelines.reports.document import BarChart, Block, Document, LineChart, Link, Strip, Tag, Tone, Value
from pake_pipelines.reports.rendering.charts import bars_svg, limit_is_near, line_svg
from pake_pipelines.reports.rendering.keys import slug
from pake_pipelines.reports.rendering.values import (
    MARKS,
    STANDINGS,
    TONES_OF_VERDICTS,
    href,
    is_number,
    number_columns,
    said,
)
from pake_pipelines.reports.strangers import LONGEST, coded, shown
from pake_pipelines.reports.templating import render

if TYPE_CHECKING:
    from markupsafe import Markup

MOST_BYTES: Final = 1_000_000
# rows of each list, from what its table asks for down to what always fits
_ROWS: Final = (500, 25, 5)
_SEEN: Final = {Tone.GOOD: "good", Tone.NOTICE: "worth a look", Tone.WARN: "warning", Tone.BAD: "bad"}


def html(
    document: Document,
    *,
    previous: Sequence[Link] = (),
    dagster: str = "",
    template: str = "document.html.j2",
    **besides: object,
) -> str:
    """Return `document` as a page; `previous` leads to earlier ones, `dagster` is the address of Dagster's pages.

    A `template` of its own shows it otherwise, and may want values `besides`.

    A page that would be larger than `MOST_BYTES` shows fewer rows of each list, and says how many there are.
    """
    charts = _Charts()
    for rows in _ROWS:
        text = _rendered(document, previous, dagster, charts, rows, template, besides)
        if len(text.encode()) <= MOST_BYTES:
            return text
    return _rendered(document, previous, dagster, None, _ROWS[-1], template, besides)


def _rendered(
    document: Document,
    previous: Sequence[Link],
    dagster: str,
    charts: "_Charts | None",
    rows: int,
    template: str,
    besides: Mapping[str, object],
) -> str:
    return render(
        template,
        **besides,
        document=document,
        previous=previous,
        rows=rows,
        chart=charts or (lambda _: ""),
        has_charts=charts is not None,
        kind=lambda block: type(block).__name__,
        value=value_of(document.made_at),
        when=moment_of(document.made_at),
        asset=_asset_links(dagster),
        href=href,
        slug=slug,
        is_number=is_number,
        number_columns=number_columns,
        groups=_groups,
        runs=runs_of,
        limit_is_near=limit_is_near,
        marks=MARKS,
        verdict_tones=TONES_OF_VERDICTS,
        standings=STANDINGS,
        seen=_SEEN,
    )


def _groups(blocks: Sequence[Block]) -> list[tuple[bool, list[Block]]]:
    """Return `blocks` in their order, charts that follow one another together."""
    return [
        (are_charts, list(some))
        for are_charts, some in groupby(blocks, lambda one: isinstance(one, LineChart | BarChart))
    ]


class _Charts:
    """Draws each chart once, however often a page is made of it; each has ids of its own."""

    def __init__(self) -> None:
        self._drawn: dict[int, Markup] = {}

    def __call__(self, chart: LineChart | BarChart) -> "Markup":
        from markupsafe import Markup

        if id(chart) not in self._drawn:
            ident = f"c{len(self._drawn)}-"
            svg = line_svg(chart, ident) if isinstance(chart, LineChart) else bars_svg(chart, ident)
            # the SVGs are our own drawings of numbers: no text of others is in them
            self._drawn[id(chart)] = Markup(svg)  # noqa: S704
        return self._drawn[id(chart)]


def moment_of(made_at: datetime) -> "Callable[[datetime | date | None], Markup]":
    """Return what shows a moment in UTC, with its year where that is not the year of `made_at`."""
    from markupsafe import Markup

    def when(at: datetime | date | None) -> Markup:
        if at is None:
            return Markup('<span class="why">unknown</span>')
        at = at.astimezone(UTC) if isinstance(at, datetime) else at
        year = "" if at.year == made_at.year else " %Y"
        if not isinstance(at, datetime):
            return Markup('<time datetime="{}">{}</time>').format(at.isoformat(), at.strftime(f"%d %b{year}"))
        return Markup('<time datetime="{}">{}</time>').format(
            at.isoformat(timespec="seconds"), at.strftime(f"%d %b{year} %H:%M")
        )

    return when


def value_of(made_at: datetime) -> "Callable[..., Markup]":
    """Return what shows a value: escaped, with its unit, strangers' words on their own between marks of direction."""
    from markupsafe import Markup

    when = moment_of(made_at)

    def value(one: Value, unit: str = "", most: int = LONGEST) -> Markup:
        match one:
            case None:
                return Markup('<span class="why">unknown</span>')
            case Tag():
                return Markup('<span class="tag {}">{}</span>').format(one.tone.value, shown(one.text, 60))
            case Link():
                target = href(one)
                text = Markup("<bdi>{}</bdi>").format(shown(one.text, most))
                return text if target is None else Markup('<a href="{}">{}</a>').format(target, text)
            case datetime() | date():
                return when(one)
            case "":
                return Markup()
            case str():
                return Markup("<bdi>{}</bdi>").format(coded(one, most))
            case _:
                return Markup("{}").format(said(one, unit))

    return value


def _asset_links(dagster: str) -> Callable[[str | None], str | None]:
    def asset(name: str | None) -> str | None:
        return f"{dagster}/assets/{quote(name)}" if name and dagster else None

    return asset


def runs_of(strip: Strip) -> list[tuple[str, int]]:
    """Return the cells of a strip as stretches of one tone with their lengths; `unseen` where nothing was seen."""
    found: list[tuple[str, int]] = []
    for tone in strip.tones:
        name = "unseen" if tone is None else tone.value
        if found and found[-1][0] == name:
            found[-1] = (name, found[-1][1] + 1)
        else:
            found.append((name, 1))
    return found
