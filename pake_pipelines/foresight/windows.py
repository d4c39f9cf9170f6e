"""When upkeep disturbs least (ANA-08, MNT-15): quiet hours by the load of a metric, kept for schedules and reports."""

from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from pake_pipelines.foresight.finding import Finding, Place
from pake_pipelines.store import analyses, monitoring_statistics

if TYPE_CHECKING:
    from pake_pipelines.analytics.windows import Window, WindowForecast

KIND: Final = "quiet_hours"
_LOOKED_BACK: Final = timedelta(days=30)
_HOUR: Final = timedelta(hours=1)


async def find_quiet_hours(place: Place) -> Finding:
    """Find the quiet hours of the last 30 days, and keep them."""
    from pake_pipelines.analytics.windows import quiet_windows

    rules, now = place.rules.reports.analytics.quiet_hours, place.now
    begin = now.replace(minute=0, second=0, microsecond=0) - _LOOKED_BACK
    async with place.database.connection() as connection:
        bins = await monitoring_statistics.metric_bins(connection, [rules.metric], begin, now, _HOUR)
    found = quiet_windows(
        [(one.at, one.mean) for one in bins],
        hours=rules.hours, low_share=rules.low_share, fewest_days=rules.fewest_days,
    )  # fmt: skip
    result = as_result(found, rules.hours)
    async with place.database.transaction() as connection:
        await analyses.save(connection, KIND, {rules.metric: result}, run_id=place.run_id, now=now)
    return _told(found, rules.metric, rules.hours)


def as_result(found: "WindowForecast", hours: int) -> dict[str, Any]:
    """Return what is kept of a forecast of windows: the best one, or why there is none.

    `impact` is the load in the window by the daily average; `hourly` is the mean load of each hour of the day (UTC).
    """
    best = found.best
    return {
        "start_hour": best.start_hour if best else None,
        "hours": hours,
        "confidence": best.confidence if best else None,
        "impact": best.load_share if best else None,
        "load": best.load if best else None,
        "days": found.days,
        "reason": found.reason,
        "hourly": list(found.profile),
    }


def window_of(result: Mapping[str, Any]) -> "Window | None":
    """Return the window of what was kept, None where there is none."""
    from pake_pipelines.analytics.windows import Window

    if result.get("start_hour") is None:
        return None
    return Window(
        result["start_hour"], result["hours"], result["confidence"], result["days"], result["load"], result["impact"]
    )


def _told(found: "WindowForecast", metric: str, hours: int) -> Finding:
    best = found.best
    columns = ("from (UTC)", "hours", "quiet on", "of days", "load", "of the day's average")
    rows = [
        (f"{one.start_hour:02}:00", one.hours, f"{one.confidence:.0%}", one.days, round(one.load, 2),
         f"{one.load_share:.0%}")
        for one in found.windows
    ]  # fmt: skip
    if best is None:
        return Finding(f"no quiet hours by {metric}: {found.reason}", {"days": found.days, "windows": 0}, columns, rows)
    numbers = {
        "days": found.days, "windows": len(found.windows), "start_hour": best.start_hour,
        "confidence": round(best.confidence, 3), "load_share": round(best.load_share, 3),
    }  # fmt: skip
    end = (best.start_hour + hours) % 24
    summary = (
        f"quiet from {best.start_hour:02}:00 to {end:02}:00 UTC on {best.confidence:.0%} of {best.days} days, at "
        f"{best.load_share:.0%} of the daily average of {metric}"
    )
    return Finding(summary, numbers, columns, rows)
