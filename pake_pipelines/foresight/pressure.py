"""Pressure (ANA-11, ANA-13): processors, memory, disks and connections that are above their bounds nearly all the time.

Bounds and window are those of the capacity check (`capacity` in maintenance.yaml).
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from pake_pipelines.config.upkeep import Capacity
from pake_pipelines.foresight.finding import Finding, Place, subject
from pake_pipelines.store import analyses, series
from pake_pipelines.store.series import SampledSeries

if TYPE_CHECKING:
    from pake_pipelines.analytics.pressure import State

KIND: Final = "pressure"
_DATABASE: Final = "db_query_ms"
_WEEK: Final = timedelta(days=7)
_DAY: Final = timedelta(days=1)
_COLUMNS: Final = ("series", "state", "share above", "bound", "samples", "why")


def _bounds(capacity: Capacity) -> dict[str, float]:
    return {
        "cpu_usage_percent": capacity.cpu_percent,
        "memory_usage_percent": capacity.memory_percent,
        "disk_usage_percent": capacity.disk_percent,
        "db_connections_used_percent": capacity.connections_percent,
    }


async def judge_pressure(place: Place) -> Finding:
    """Judge every series that has a bound, and whether queries got slower; keep it."""
    rules, now = place.rules.maintenance.capacity, place.now
    bounds = _bounds(rules)
    async with place.database.connection() as connection:
        found = await series.read(connection, list(bounds), now - timedelta(hours=rules.window_hours), now)
        queries = await series.read(connection, [_DATABASE], now - _WEEK - _DAY, now)
    measured = {one.metric for one in found}
    missing = [SampledSeries(metric, {}, (), ()) for metric in bounds if metric not in measured]
    results = {
        subject(one.metric, one.labels): _pressed(one, bounds[one.metric], rules, now) for one in [*found, *missing]
    }
    results[_DATABASE] = _slower(queries, now)
    async with place.database.transaction() as connection:
        await analyses.save(connection, KIND, results, run_id=place.run_id, now=now)
    return _told(results)


def _word(state: "State", above: str) -> str:
    from pake_pipelines.analytics.pressure import State

    return {State.UNDER_PRESSURE: above, State.NOT: "within", State.UNKNOWN: "unknown"}[state]


def _pressed(one: SampledSeries, bound: float, rules: Capacity, now: datetime) -> dict[str, Any]:
    from pake_pipelines.analytics.pressure import pressure

    found = pressure(
        one.metric, list(zip(one.times, one.values, strict=True)), bound, now=now,
        window=timedelta(hours=rules.window_hours), min_samples=rules.min_samples,
    )  # fmt: skip
    return {
        "state": _word(found.state, "consistent"), "share_above": found.share, "bound": bound,
        "samples": found.samples, "mean": found.mean, "reason": found.evidence,
    }  # fmt: skip


def _slower(queries: Sequence[SampledSeries], now: datetime) -> dict[str, Any]:
    """Return whether a query takes longer in the last day than in the week before it."""
    from pake_pipelines.analytics.pressure import increase

    pairs = [pair for one in queries for pair in zip(one.times, one.values, strict=True)]
    before = [value for at, value in pairs if at < now - _DAY]
    after = [value for at, value in pairs if at >= now - _DAY]
    found = increase(_DATABASE, before, after)
    return {
        "state": _word(found.state, "increased"), "share_above": None, "bound": None, "samples": len(pairs),
        "mean": found.after, "before": found.before, "reason": found.evidence,
    }  # fmt: skip


def _told(results: dict[str, dict[str, Any]]) -> Finding:
    pressed = [name for name, one in results.items() if one["state"] in {"consistent", "increased"}]
    unknown = [name for name, one in results.items() if one["state"] == "unknown"]
    numbers: dict[str, float] = {"series": len(results), "pressed": len(pressed), "unknown": len(unknown)}
    rows = [
        (name, one["state"], None if one["share_above"] is None else round(one["share_above"], 3), one["bound"],
         one["samples"], one["reason"])
        for name, one in sorted(results.items())
    ]  # fmt: skip
    summary = f"under pressure: {len(pressed)} of {len(results)} series; unknown: {len(unknown)}"
    return Finding(summary, numbers, _COLUMNS, rows)
