"""The sections of the capacity report, built of its figures; what is full soonest comes first."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

from pake_pipelines.analytics.pressure import Increase, State
from pake_pipelines.analytics.trends import Direction
from pake_pipelines.reports import tones
from pake_pipelines.reports.amounts import amount
from pake_pipelines.reports.capacity.figures import DAYS, CapacityFigures, Line
from pake_pipelines.reports.document import (
    Advice,
    Block,
    Column,
    Document,
    Figure,
    Figures,
    Prose,
    Recommendation,
    Section,
    Table,
    Tag,
    Tone,
    Value,
)
from pake_pipelines.reports.parts import foreseen
from pake_pipelines.reports.parts.binned import series_key
from pake_pipelines.reports.parts.periods import DAY, WEEK
from pake_pipelines.reports.parts.series_names import series_title
from pake_pipelines.store.analyses import STANDS_FOR
from pake_pipelines.store.forecasts import ForecastRow

_CHARTS: Final = 8
_SHOWN: Final = ("disk_usage_percent", "memory_usage_percent", "cpu_usage_percent", "db_size_bytes")


def document(figures: CapacityFigures, advice: Sequence[Recommendation], soon_days: int) -> Document:
    """Return the report; what is full within `soon_days` needs attention."""
    sections = [
        Section("todo", "What to do", [Advice("todo", advice, _nothing_to_do(figures))]),
        _full(figures),
        _when(figures),
        _growing(figures),
        _health(figures),
    ]
    tone = _tone(figures, soon_days)
    return Document(
        "capacity_report", "Capacity report", figures.made_at, tone, _lead(figures), sections,
        since=figures.made_at - DAYS * DAY, until=figures.made_at, figures=_figures(figures, soon_days),
        missing=_missing(figures),
    )  # fmt: skip


def _nothing_to_do(figures: CapacityFigures) -> str:
    return (
        "Nothing needs more room."
        if not all(map(_is_silent, figures.lines))
        else "Whether anything needs more room is not known."
    )


def _lead(figures: CapacityFigures) -> str:
    if not figures.lines:
        return "Nothing has been sampled yet: how full anything is, is not known."
    if all(map(_is_silent, figures.lines)):
        return "Nothing was sampled in the last 24 hours: how full anything is, is not known."
    pressed = [one.name for one in figures.lines if one.pressed]
    above = "was above its bound" if len(pressed) == 1 else "were above their bounds"
    said = [f"{' and '.join(pressed)} {above} nearly all of the last day"] if pressed else []
    said += [
        f"{series_title(one.metric, one.labels)} is expected to reach {amount(one.limit_value, one.unit)} "
        f"{foreseen.when(one, figures.made_at)}"
        for one in _dated(figures)[:1]
    ]
    foreseen_at_all = any(one.forecast is not None for one in figures.lines)
    nothing = "Nothing is full, and nothing is expected to be" if foreseen_at_all else "Nothing is full"
    return ". ".join(said or [nothing]) + "."


def _dated(figures: CapacityFigures) -> list[ForecastRow]:
    return foreseen.dated(one.forecast for one in figures.lines if one.forecast)


def _tone(figures: CapacityFigures, soon_days: int) -> Tone:
    if all(map(_is_silent, figures.lines)):
        return Tone.UNKNOWN
    found = [one.verdict.tone for one in figures.lines if one.pressure is not None]
    dates = [_date_tone(one.reaches_at, figures.made_at, soon_days) for one in _dated(figures)]
    return tones.worst(Tone.GOOD, *found, *dates)


def _date_tone(at: datetime | None, now: datetime, soon_days: int) -> Tone:
    if at is None:
        return Tone.PLAIN
    days = (at - now) / DAY
    return Tone.BAD if days <= WEEK / DAY else Tone.WARN if days <= soon_days else Tone.NOTICE


def _missing(figures: CapacityFigures) -> list[str]:
    found = []
    if figures.sampled_since is None:
        found.append("No metric has been sampled: see whether the sensor metrics is on.")
    elif figures.made_at - figures.sampled_since < WEEK:
        since = f"{figures.sampled_since.astimezone(UTC):%d %b %Y %H:%M} UTC"
        found.append(f"Samples go back to {since} only: trends need 5 days of a week, and 18 of 30.")
    if figures.analysed_at is None:
        found.append("No forecast has been made yet: the asset forecasts makes them every few hours.")
    elif figures.made_at - figures.analysed_at > STANDS_FOR:
        found.append(f"The last forecasts are of {figures.analysed_at:%d %b %Y}, too old to tell of what comes.")
    return found


def _figures(figures: CapacityFigures, soon_days: int) -> list[Figure]:
    found = [one for metric in _SHOWN if (one := _fullest(figures, metric)) is not None]
    found += [
        Figure(
            "Full first",
            one.reaches_at and one.reaches_at.date(),
            tone=_date_tone(one.reaches_at, figures.made_at, soon_days),
            note=f"{series_title(one.metric, one.labels)} at {amount(one.limit_value, one.unit)}",
            at=one.made_at,
            asset="forecasts",
        )
        for one in _dated(figures)[:1]
    ]
    return found


def _fullest(figures: CapacityFigures, metric: str) -> Figure | None:
    """Return how the series of a metric stands that was highest over the day."""
    known = [(one.window.mean, one.window, one) for one in figures.lines
             if one.resource.metric == metric and one.window is not None and one.window.mean is not None]  # fmt: skip
    if not known:
        return None
    mean, window, line = max(known, key=lambda one: one[0])
    tone = line.verdict.tone if line.pressure else Tone.PLAIN
    note = f"{amount(mean, line.unit)} on average over 24 hours"
    return Figure(line.name, window.value, line.unit, tone, note, window.at, line.resource.asset)


def _full(figures: CapacityFigures) -> Section:
    columns = [
        Column("what", "What"), Column("now", "Now", "percent"), Column("mean", "Mean", "percent"),
        Column("p95", "95 % below", "percent"), Column("highest", "Highest", "percent"),
        Column("bound", "Bound", "percent"), Column("verdict", "Over 24 hours"),
        Column("week", "7 days"), Column("month", "30 days"), Column("at", "As of"),
    ]  # fmt: skip
    rows = [
        [*_window(one), one.pressure.bound if one.pressure else None, one.verdict, foreseen.moved(one.week, one.unit),
         foreseen.moved(one.month, one.unit), one.window.at if one.window else None]
        for one in figures.lines
        if one.unit == "percent"
    ]  # fmt: skip
    evidence = [f"{one.name}: {one.pressure.evidence}." for one in figures.lines if one.pressed and one.pressure]
    silent = [f"{one.name} was not sampled in the last 24 hours." for one in figures.lines if _is_silent(one)]
    table = Table("shares", columns, rows, "Nothing of the machine has been sampled.")
    return Section("full", "How full everything is", [table, *(Prose(one) for one in evidence)], silent)


def _is_silent(line: Line) -> bool:
    return line.window is None or line.window.value is None


def _window(line: Line) -> list[Value]:
    found = line.window
    return [line.name, *((found.value, found.mean, found.p95, found.high) if found else (None,) * 4)]


def _when(figures: CapacityFigures) -> Section:
    rows = foreseen.soonest_first(one.forecast for one in figures.lines if one.forecast)
    daily = {series_key(one.resource.metric, one.labels): one.daily for one in figures.lines}
    charts = [foreseen.chart(one, daily[series_key(one.metric, one.labels)]) for one in rows]
    shown = [one for one in charts if one is not None]
    return Section("when", "When it is full", [foreseen.table("forecasts", rows), *shown[:_CHARTS]])


def _growing(figures: CapacityFigures) -> Section:
    blocks: list[Block] = [
        *_sizes(figures, "bytes", "sizes", "Sizes"),
        *_sizes(figures, "count", "numbers", "Numbers"),
        _tables(figures),
        _stored(figures),
        _query(figures.query),
    ]
    missing = [f"The sizes of tables are not told: {figures.untold}."] if figures.untold else []
    return Section("growing", "What grows", blocks, missing)


def _sizes(figures: CapacityFigures, unit: str, key: str, title: str) -> list[Block]:
    some = [one for one in figures.lines if one.unit == unit]
    columns = [
        Column("what", "What"), Column("now", "Now", unit), Column("highest", "Highest of 24 hours", unit),
        Column("per_day", "Grows in a day by", unit), Column("week", "7 days"), Column("month", "30 days"),
        Column("at", "As of"),
    ]  # fmt: skip
    rows = [
        [one.name, one.window.value if one.window else None, one.window.high if one.window else None, one.per_day,
         foreseen.moved(one.week, unit), foreseen.moved(one.month, unit), one.window.at if one.window else None]
        for one in some
    ]  # fmt: skip
    return [Table(key, columns, rows, title=title)] if some else []


def _tables(figures: CapacityFigures) -> Table:
    columns = [
        Column("table", "Table"), Column("bytes", "With its indexes", "bytes"),
        Column("per_day", "Grows in a day by", "bytes"),
    ]  # fmt: skip
    growing = sorted(figures.tables, key=lambda one: (-(one.per_day or 0), -one.bytes, one.table))
    rows = [[one.table, one.bytes, one.per_day] for one in growing]
    return Table("tables", columns, rows, title="The largest tables, what grows fastest first", most=10)


def _stored(figures: CapacityFigures) -> Table:
    columns = [
        Column("what", "What"), Column("number", "How many", "count"), Column("bytes", "Together", "bytes"),
        Column("per_day", "A day, mean of 7", "bytes"), Column("note", ""),
    ]  # fmt: skip
    rows = [[one.name, one.number, one.bytes, one.per_day, one.note] for one in figures.stored]
    return Table("stored", columns, rows, title="Beside the database")


def _query(found: Increase) -> Figures:
    words = {
        State.UNDER_PRESSURE: Tag("increased", Tone.WARN),
        State.NOT: Tag("as before", Tone.GOOD),
        State.UNKNOWN: Tag("unknown", Tone.UNKNOWN),
    }
    tag = words[found.state]
    figure = Figure("Time of a small query, beside the 6 days before", tag, tone=tag.tone, note=found.evidence)
    return Figures("query", [figure])


def _health(figures: CapacityFigures) -> Section:
    found = figures.health
    if found.score is None:
        return Section("health", "Health over 30 days", [], ["No service was probed in the last 30 days."])
    shown = [
        Figure("Uptime of all services", found.score, "percent", note=foreseen.moved(found.trend, "percent")),
        Figure("A service served on average for", found.average_uptime_hours, "h", note=f"of {DAYS} d"),
    ]
    blocks: list[Block] = [Figures("health", shown)]
    if found.trend.direction is Direction.FALLING:
        blocks.append(Prose("Services serve less and less: plan for more capacity before it is needed."))
    return Section("health", "Health over 30 days", blocks)
