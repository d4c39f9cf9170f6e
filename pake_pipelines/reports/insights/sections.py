"""The insights report, put together: what stands out first, the figures behind it last."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from pake_pipelines.reports import tones
from pake_pipelines.reports.amounts import counted
from pake_pipelines.reports.document import Advice, Document, Figure, Link, Recommendation, Section, Tone
from pake_pipelines.reports.insights.anomalies import anomalies
from pake_pipelines.reports.insights.figures import DAYS, Insights, declines
from pake_pipelines.reports.insights.groups import groups
from pake_pipelines.reports.insights.rhythms import frequencies, quiet_hours, quiet_window, regressions
from pake_pipelines.reports.insights.trends import trends
from pake_pipelines.reports.parts import foreseen
from pake_pipelines.reports.parts.periods import DAY
from pake_pipelines.reports.parts.series_names import series_title

_CODES: Final[Mapping[str, str]] = {
    "performance_decline": "ANA-04",
    "capacity_planning": "ANA-05",
    "limit_crossing": "ANA-07",
}
_SEVERITIES: Final[Mapping[str, Tone]] = {
    "info": Tone.NOTICE,
    "warning": Tone.WARN,
    "error": Tone.BAD,
    "critical": Tone.BAD,
}
_GRAVEST_FIRST: Final = (Tone.BAD, Tone.WARN, Tone.UNKNOWN, Tone.NOTICE)


def document(told: Insights) -> Document:
    """Return the report."""
    found = [
        Section("insights", "What stands out", [Advice("insights", insights(told), "Nothing stands out.")]),
        anomalies(told),
        _limits(told),
        trends(told),
        regressions(told),
        quiet_hours(told),
        frequencies(told),
    ]
    odd = [anomalies(told)] if told.anomalies else []
    sections = [*(found if told.known else odd), *groups(told)]
    return Document(
        "insights_report", "Insights", told.made_at, _tone(told), _lead(told), sections,
        since=told.made_at - DAYS * DAY, until=told.made_at, figures=_figures(told), missing=_missing(told),
    )  # fmt: skip


def insights(told: Insights) -> list[Recommendation]:
    """Return what the analyses drew as recommendations, the gravest first."""
    found = [_insight(one, told.dagster) for one in told.results("insight").values()]
    return sorted(found, key=lambda one: (_GRAVEST_FIRST.index(one.tone), one.code, one.says))


def _insight(one: Mapping[str, Any], dagster: str) -> Recommendation:
    acts = ". ".join(str(advice) for advice in one.get("recommendations", ()))
    return Recommendation(
        _CODES.get(str(one.get("type")), str(one.get("type"))),
        _SEVERITIES.get(str(one.get("severity")), Tone.UNKNOWN),
        f"{_in_words(str(one.get('message', '')), str(one.get('metric', '')))}.",
        str(one.get("evidence", "")),
        acts,
        Link("insights", f"{dagster}/assets/insights"),
    )


def _in_words(message: str, series: str) -> str:
    """Return a message with the series that it is of (`metric label`) called as people call it."""
    metric, _, label = series.partition(" ")
    return message.replace(series, f"{series_title(metric)} {label}".rstrip()) if metric else message


def _slower(told: Insights) -> list[str]:
    return [name for name, one in told.results("regression").items() if one.get("regressed")]


def _tone(told: Insights) -> Tone:
    return tones.worst(
        Tone.GOOD if told.known else Tone.UNKNOWN,
        *(one.tone for one in insights(told)),
        Tone.WARN if told.going_on or _slower(told) else Tone.GOOD,
        Tone.WARN if any(_is_soon(told, one.reaches_at) for one in told.foreseen) else Tone.GOOD,
    )


def _is_soon(told: Insights, at: datetime | None) -> bool:
    return at is not None and at - told.made_at <= told.days_to_full * DAY


def _lead(told: Insights) -> str:
    said = [] if told.known else [_silence(told)]
    if odd := told.going_on:
        named = ", ".join(series_title(one.metric, one.labels) for one in odd[:2])
        said.append(f"{named}{f' and {len(odd) - 2} more' if len(odd) > 2 else ''}: odd right now")
    if slower := _slower(told):
        said.append(f"{', '.join(slower[:2])}: slower than before")
    said += [
        f"{series_title(one.metric, one.labels)} reaches its limit {foreseen.when(one, told.made_at)}"
        for one in foreseen.dated(told.foreseen)[:1]
    ]
    worse = sum(declines(one) for one in told.results("trend").values())
    if worse:
        said.append(counted(worse, "figure declines", "figures decline"))
    return ". ".join(said or ["Nothing is odd, nothing declines, and nothing gets full"]) + "."


def _figures(told: Insights) -> list[Figure]:
    odd, ended = len(told.going_on), len(told.anomalies) - len(told.going_on)
    soon = sum(_is_soon(told, one.reaches_at) for one in told.foreseen)
    at, known = told.analysed_at, told.known
    found = [
        Figure("Odd right now", odd if known or odd else None, "count", Tone.WARN if odd else Tone.PLAIN,
               f"{ended} more in the last {DAYS} days" if ended else "", at, "metric_anomalies"),
        Figure(f"Full within {told.days_to_full} days", soon if told.foreseen else None, "count",
               Tone.WARN if soon else Tone.PLAIN, at=at, asset="forecasts"),
        Figure("Slower jobs", len(_slower(told)) if known else None, "count",
               Tone.WARN if _slower(told) else Tone.PLAIN, at=at, asset="run_performance"),
    ]  # fmt: skip
    if window := quiet_window(told):
        found.append(Figure("Best for upkeep", window, at=at, asset="maintenance_window_forecast"))
    return found


def _silence(told: Insights) -> str:
    at = told.analysed_at
    since = "yet" if at is None else f"since {at.astimezone(UTC):%d %b %Y %H:%M} UTC"
    return f"Nothing has been analysed {since}: what declines and what comes next is not known"


def _missing(told: Insights) -> list[str]:
    at = told.analysed_at
    if at is None:
        return ["Nothing has been analysed yet: the assets of the group analytics do that every few hours."]
    if told.made_at - at > DAY:
        return [f"Nothing has been analysed since {at.astimezone(UTC):%d %b %Y %H:%M} UTC."]
    return []


def _limits(told: Insights) -> Section:
    empty = "Nothing that is foreseen reaches a limit." if told.foreseen else foreseen.NONE_LATELY
    table = foreseen.table("limits", foreseen.dated(told.foreseen), empty=empty)
    return Section("limits", "What reaches its limit", [table])
