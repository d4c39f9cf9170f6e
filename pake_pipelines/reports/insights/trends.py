"""Trends over a day, 7 and 30 days as a table, and the section on what declines, improves, grows and shrinks."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from pake_pipelines.health.catalogue import CATALOGUE
from pake_pipelines.reports.amounts import amount, counted
from pake_pipelines.reports.document import Block, Column, Prose, Section, Table, Tag, Tone, Value
from pake_pipelines.reports.insights.figures import Insights, moving
from pake_pipelines.reports.parts.foreseen import changed
from pake_pipelines.reports.parts.series_names import series_title

_TONES: Final[Mapping[str, Tone]] = {
    "improving": Tone.GOOD,
    "declining": Tone.WARN,
    "stable": Tone.PLAIN,
    "insufficient": Tone.UNKNOWN,
}

_MEANT: Final[Mapping[str, str]] = {"improving": ", better", "declining": ", worse"}


def trends(told: Insights) -> Section:
    """Return what moves; what stands still is counted only."""
    found = told.results("trend")
    if not found:
        return Section("trends", "What declines and what grows", [], ["No trend has been reckoned yet."])
    moved = moving(found)
    blocks: list[Block] = [trends_table(moved, empty="Nothing moves.")]
    others = [one for name, one in found.items() if name not in dict(moved)]
    short = sum(map(too_short, others))
    if still := len(others) - short:
        blocks.append(Prose(f"{counted(still, 'further figure is', 'further figures are')} steady."))
    few = f"{counted(short, 'figure was', 'figures were')} measured on too few days to have a trend."
    missing = [few] if short else []
    return Section("trends", "What declines and what grows", blocks, missing)


def trends_table(found: Iterable[tuple[str, Mapping[str, Any]]], *, empty: str) -> Table:
    """Return the trends of figures, by their names, in the given order."""
    columns = [
        Column("what", "What"), Column("day", "24 hours"), Column("week", "7 days"),
        Column("week_change", "Change"), Column("month", "30 days"), Column("month_change", "Change"),
        Column("mean", "Mean of 30 days"),
    ]  # fmt: skip
    return Table("trends", columns, [_row(*pair) for pair in found], empty)


def too_short(one: Mapping[str, Any]) -> bool:
    """Tell whether a figure was measured on too few days to have a trend."""
    return all((one.get(window) or {}).get("direction", "unclear") == "unclear" for window in ("week", "month"))


def _row(name: str, one: Mapping[str, Any]) -> list[Value]:
    unit = _unit(name, one)
    week, month = one.get("week") or {}, one.get("month") or {}
    return [
        _title(name),
        _day(one.get("day") or {}),
        _judged(week),
        _change(week.get("change"), unit),
        _judged(month),
        _change(month.get("change"), unit),
        amount(month.get("mean"), unit),
    ]


def _title(name: str) -> str:
    metric, _, rest = name.partition(" ")
    return "Health of all services" if metric == "health" else series_title(metric, {"of": rest} if rest else {})


def _unit(name: str, one: Mapping[str, Any]) -> str:
    metric = name.split(" ", 1)[0]
    return str(one.get("unit") or (CATALOGUE[metric].unit if metric in CATALOGUE else ""))


def _judged(window: Mapping[str, Any]) -> Tag:
    """Return where a figure went in a window, and whether that is better or worse where one of the two is."""
    direction, judged = str(window.get("direction") or "unclear"), str(window.get("judged") or "")
    if direction == "unclear":
        return Tag("too few days", Tone.UNKNOWN)
    meant = _MEANT.get(judged, "")
    return Tag(f"{direction}{meant}", _TONES.get(judged, Tone.PLAIN))


def _day(day: Mapping[str, Any]) -> Value:
    if day.get("judged") in {None, "insufficient"}:
        return "-"
    rate = day.get("rate_percent")
    said = f" {rate:+.0f} %" if rate is not None and day["judged"] != "stable" else ""
    return Tag(f"{day['judged']}{said}", _TONES.get(day["judged"], Tone.PLAIN))


def _change(change: float | None, unit: str) -> str:
    return "-" if change is None else changed(change, unit)
