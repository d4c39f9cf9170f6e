"""The sections on when and how often work runs, and how long it takes: quiet hours, frequencies, regressions."""

from collections.abc import Mapping
from datetime import UTC, datetime, time, timedelta
from typing import Any, Final

from pake_pipelines.health.catalogue import CATALOGUE
from pake_pipelines.reports.amounts import amount, counted, share
from pake_pipelines.reports.document import (
    Block,
    Column,
    Figure,
    Figures,
    LineChart,
    Prose,
    Section,
    Table,
    Tag,
    Tone,
    Value,
)
from pake_pipelines.reports.insights.figures import Insights
from pake_pipelines.reports.parts.series_names import series_name, series_title

_HOURS: Final = 24
_ALIKE: Final = 0.01  # an interval that differs by less is the same


def regressions(told: Insights) -> Section:
    """Return the jobs whose last runs took longer than those before, and how many could be judged."""
    found = told.results("regression")
    columns = [
        Column("job", "Job"), Column("from", "Took", "s"), Column("to", "Takes", "s"), Column("ratio", "Times"),
        Column("since", "Since"), Column("runs", "Runs", "count"), Column("why", "Why"),
    ]  # fmt: skip
    slower = sorted(
        (pair for pair in found.items() if pair[1].get("regressed")), key=lambda pair: -(pair[1].get("ratio") or 0)
    )
    rows: list[list[Value]] = [
        [name, one.get("median_seconds"), one.get("recent_seconds"), one.get("ratio"), _moment(one.get("since")),
         one.get("runs"), str(one.get("reason", ""))]
        for name, one in slower
    ]  # fmt: skip
    judged = sum(one.get("recent_seconds") is not None for one in found.values())
    empty = (
        f"Of {counted(judged, 'job', 'jobs')} none became slower."
        if judged
        else "No job has run often enough to be judged."
    )
    title = "What runs slower than before"
    if not found:
        return Section("regressions", title, [], ["Durations of runs have not been looked at yet."])
    return Section("regressions", title, [Table("regressions", columns, rows, empty)])


def _moment(text: Any) -> datetime | str:
    return datetime.fromisoformat(text) if isinstance(text, str) else "-"


def quiet_window(told: Insights) -> str | None:
    """Return the best hours for upkeep in words, None where there are none."""
    return next((window for one in told.results("quiet_hours").values() if (window := _window(one))), None)


def _window(one: Mapping[str, Any]) -> str | None:
    start = one.get("start_hour")
    if start is None:
        return None
    end = (int(start) + int(one.get("hours") or 0)) % _HOURS
    return f"{int(start):02}:00 to {end:02}:00 UTC"


def quiet_hours(told: Insights) -> Section:
    """Return when upkeep disturbs least, how sure that is and why, with the load of the hours of a day."""
    blocks: list[Block] = []
    missing: list[str] = []
    for metric, one in told.results("quiet_hours").items():
        window, days = _window(one), one.get("days")
        if window is None:
            why = one.get("reason") or "no hour is quiet on most days"
            blocks.append(Prose(f"There are no quiet hours by {series_name(metric)}: {why}."))
        else:
            of_load = f"at {share(one.get('impact'))} of the daily average of {series_name(metric)}"
            blocks.append(
                Figures("quiet_hours", [
                    Figure("Best window", window, note=of_load),
                    Figure("Quiet on", one.get("confidence"), "share", note=f"of {days} days"),
                ])
            )  # fmt: skip
        if (chart := _hourly(metric, one, told)) is not None:
            blocks.append(chart)
    if not told.results("quiet_hours"):
        missing.append("Quiet hours have not been looked for yet.")
    return Section("quiet_hours", "When upkeep disturbs least", blocks, missing)


def _hourly(metric: str, one: Mapping[str, Any], told: Insights) -> LineChart | None:
    """Return the mean load of each hour of a day, with the level below which an hour is quiet."""
    hourly = list(one.get("hourly") or ())
    known = [load for load in hourly if load is not None]
    if len(hourly) != _HOURS or len(known) < 2:
        return None
    day = datetime.combine(told.made_at.astimezone(UTC).date(), time(), UTC)
    nothing = [None] * _HOURS
    return LineChart(
        "hours_of_the_day", f"{series_title(metric)} by the hour of the day (UTC), quiet below the line",
        CATALOGUE[metric].unit if metric in CATALOGUE else "", [day + timedelta(hours=hour) for hour in range(_HOURS)],
        hourly, nothing, nothing, limit=told.quiet_share * sum(known) / len(known),
    )  # fmt: skip


def frequencies(told: Insights) -> Section:
    """Return what should run more or less often than it does."""
    found = told.results("frequency")
    columns = [
        Column("task", "Task or schedule"), Column("current", "Runs every"), Column("recommended", "Recommended"),
        Column("score", "Score"), Column("change", ""), Column("why", "Why"),
    ]  # fmt: skip
    rows = [_frequency(name, one) for name, one in sorted(found.items()) if _differs(one)]
    blocks: list[Block] = [Table("frequencies", columns, rows, "Everything runs as often as it should.")]
    unknown = sum(one.get("score") is None for one in found.values())
    if unknown:
        blocks.append(Prose(f"{unknown} of {len(found)} have not run often enough to be judged."))
    missing = [] if found else ["How often work is needed has not been reckoned yet."]
    return Section("frequencies", "How often work should run", blocks if found else [], missing)


def _differs(one: Mapping[str, Any]) -> bool:
    current, asked = one.get("current_seconds"), one.get("recommended_seconds")
    return bool(current and asked and abs(asked - current) > _ALIKE * current)


def _frequency(name: str, one: Mapping[str, Any]) -> list[Value]:
    current, asked = one["current_seconds"], one["recommended_seconds"]
    change = Tag("less often", Tone.NOTICE) if asked > current else Tag("more often", Tone.WARN)
    return [name, amount(current, "s"), amount(asked, "s"), one.get("score"), change, str(one.get("reason", ""))]
