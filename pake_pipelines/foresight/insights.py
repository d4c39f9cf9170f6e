"""Insights: what declines (ANA-04), what grows too fast (ANA-05), what reaches its limit (ANA-07), with what to do.

They are drawn from what the other analyses found; one that stands no more is taken back.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from pake_pipelines.config.reports import Advising
from pake_pipelines.foresight import trends
from pake_pipelines.foresight.finding import Finding, Place, subject
from pake_pipelines.store import analyses, forecasts, monitoring_statistics
from pake_pipelines.store.analyses import STANDS_FOR, Analysis
from pake_pipelines.store.forecasts import ForecastRow
from pake_pipelines.store.monitoring_statistics import Bin

KIND: Final = "insight"
DECLINE: Final = "performance_decline"
GROWTH: Final = "capacity_planning"
LIMIT: Final = "limit_crossing"
DECLINE_ADVICE: Final = (
    "Run cache optimization", "Check for memory leaks", "Review recent configuration changes",
)  # fmt: skip
GROWTH_ADVICE: Final = (
    "Plan for additional capacity", "Review retention policies", "Consider implementing archival",
)  # fmt: skip
LIMIT_ADVICE: Final = ("Make room before that day", "Look at what grows: the capacity report shows it")
_PERFORMANCE: Final = frozenset(
    {"api_response_ms", "db_query_ms", "run_duration_seconds", "cache_hit_ratio_percent", "source_success_percent"}
)
_GROWING: Final = ("db_size_bytes", "knowledge_nodes", "cache_total_bytes")
_LOOKED_BACK: Final = timedelta(days=14)
_COLUMNS: Final = ("insight", "severity", "of", "message")


async def draw_insights(place: Place) -> Finding:
    """Draw the insights of this moment, and keep them."""
    advice, now = place.rules.reports.advice, place.now
    async with place.database.connection() as connection:
        moved = await analyses.latest(connection, trends.KIND)
        foreseen = await forecasts.latest(connection)
        begin = now.replace(hour=0, minute=0, second=0, microsecond=0) - _LOOKED_BACK
        bins = await monitoring_statistics.metric_bins(connection, _GROWING, begin, now, timedelta(hours=1))
    found = [*declines(moved, advice, now), *growths(bins, advice), *limits(foreseen, advice, now)]
    results = dict(found)
    async with place.database.transaction() as connection:
        await analyses.save(connection, KIND, results, run_id=place.run_id, now=now)
    return _told(results)


def declines(moved: Mapping[str, Analysis], advice: Advising, now: datetime) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield performance that declined within a day by at least so many percent (ANA-04), by code."""
    for name, one in moved.items():
        day = one.result.get("day") or {}
        rate = day.get("rate_percent")
        if name.split(" ")[0] not in _PERFORMANCE or now - one.made_at > STANDS_FOR:
            continue
        if day.get("judged") == "declining" and rate is not None and abs(rate) >= advice.decline_percent:
            yield (
                f"{DECLINE}:{name}",
                {
                    "type": DECLINE,
                    "severity": "warning",
                    "message": f"Performance declining over the last 24 hours: {name} changed by {rate:+.1f} %",
                    "evidence": day["reason"],
                    "recommendations": list(DECLINE_ADVICE),
                    "metric": name,
                    "rate_percent": rate,
                },
            )


def growths(bins: Sequence[Bin], advice: Advising) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield what grows by more than so much of itself in a day (ANA-05), by code."""
    from pake_pipelines.analytics.trends import growth

    by_series: dict[str, list[Bin]] = {}
    for one in bins:
        by_series.setdefault(subject(one.metric, one.labels), []).append(one)
    for name, found in by_series.items():
        grown = growth(trends.days_of(found))
        if grown.share_per_day is not None and grown.share_per_day > advice.growth_per_day:
            yield (
                f"{GROWTH}:{name}",
                {
                    "type": GROWTH,
                    "severity": "info",
                    "message": f"High growth: {name} grows by {grown.share_per_day:.0%} a day",
                    "evidence": f"measured on {grown.days} days; more than {advice.growth_per_day:.0%} a day is high",
                    "recommendations": list(GROWTH_ADVICE),
                    "metric": name,
                    "growth_per_day": grown.share_per_day,
                },
            )


def limits(foreseen: Sequence[ForecastRow], advice: Advising, now: datetime) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield what is expected to reach its limit within so many days (ANA-07), by code."""
    for one in foreseen:
        if one.reaches_at is None or now - one.made_at > STANDS_FOR:
            continue
        ahead = (one.reaches_at - now) / timedelta(days=1)
        if ahead <= advice.days_to_full:
            name = subject(one.metric, one.labels)
            told_by = f"{one.model}, {one.readings} readings"
            if one.reaches_at <= one.made_at:
                message, evidence = f"{name} has reached {one.limit_value:g}", told_by
            else:
                message = f"{name} is expected to reach {one.limit_value:g} on {one.reaches_at:%Y-%m-%d}"
                early = f"{one.reaches_early:%Y-%m-%d}"
                late = f"{one.reaches_late:%Y-%m-%d}" if one.reaches_late else "later than is foreseen"
                evidence = told_by if early == late else f"between {early} and {late}; {told_by}"
            yield (
                f"{LIMIT}:{name}",
                {
                    "type": LIMIT,
                    "severity": "warning",
                    "message": message,
                    "evidence": evidence,
                    "recommendations": list(LIMIT_ADVICE),
                    "metric": name,
                    "days": max(ahead, 0.0),
                },
            )


def _told(results: Mapping[str, Mapping[str, Any]]) -> Finding:
    numbers: dict[str, float] = {"insights": len(results)}
    for kind in (DECLINE, GROWTH, LIMIT):
        numbers[kind] = sum(one["type"] == kind for one in results.values())
    rows = [(one["type"], one["severity"], one["metric"], one["message"]) for one in results.values()]
    said = f"insights: {len(results)}" if results else "nothing declines, grows too fast or reaches its limit soon"
    return Finding(said, numbers, _COLUMNS, rows)
