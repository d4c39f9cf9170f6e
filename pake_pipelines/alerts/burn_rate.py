"""Burn rates: how fast an objective's error budget is used up, over a long and over a short window.

The method is "Multiwindow, Multi-Burn-Rate Alerts" of the SRE workbook (Google, chapter 5). The burn rate is the share
of events that were not good, as a multiple of the share that the objective allows: at 1 the budget lasts exactly as
long as the objective says. The long window tells that it matters, the short one that it still goes on.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from pake_pipelines.config.alerting import BurnWindow, Slo
from pake_pipelines.model.alert import Condition, Reading


@dataclass(frozen=True, slots=True)
class Counted:
    """By how much the two counters of an objective grew within a window; None where that cannot be told."""

    good: float | None
    total: float | None


def lengths(slo: Slo) -> tuple[float, ...]:
    """Return the lengths in minutes of all windows of `slo`, each once."""
    return tuple(sorted({length for one in slo.windows for length in (one.long_minutes, one.short_minutes)}))


def judge(name: str, slo: Slo, counted: Mapping[float, Counted]) -> tuple[Reading, ...]:
    """Return a series per pair of windows, with its severity as a label, and the burn rate of the long one as value.

    `counted` has what was counted within each of `lengths`. Nothing is known of a pair while a counter of it cannot be
    told, has stood still, or has counted too little for shares to mean anything: an alert then stays as it is.
    """
    return tuple(_judge(name, slo, one, counted) for one in slo.windows)


def burn_rate(slo: Slo, counted: Counted) -> float | None:
    """Return the burn rate within one window; None where nothing was counted or that cannot be told."""
    if counted.good is None or not counted.total:
        return None
    failed = max(0.0, counted.total - counted.good) / counted.total
    return failed / (1 - slo.objective)


def _judge(name: str, slo: Slo, window: BurnWindow, counted: Mapping[float, Counted]) -> Reading:
    long, short = counted[window.long_minutes], counted[window.short_minutes]
    labels = {
        "slo": name,
        "window": f"{window.long_minutes:g}m/{window.short_minutes:g}m",
        "severity": window.severity.value,
    }
    if long.good is None or long.total is None:
        return Reading(labels, condition=Condition.UNKNOWN, detail=f"{slo.good} or {slo.total} is not measured")
    over_long, over_short = burn_rate(slo, long), burn_rate(slo, short)
    if long.total < slo.min_events or over_long is None or over_short is None:
        detail = f"{long.total:g} events in {_span(window.long_minutes)} are too few to tell"
        return Reading(labels, value=over_long or 0.0, condition=Condition.UNKNOWN, detail=detail)
    burns = over_long > window.factor and over_short > window.factor
    detail = (
        f"{over_long:.1f} times too fast over {_span(window.long_minutes)}, {over_short:.1f} times over the last "
        f"{_span(window.short_minutes)}; the budget of {slo.days} days would last {_lasts(slo, over_long)}"
    )
    return Reading(labels, value=over_long, condition=Condition.BAD if burns else Condition.OK, detail=detail)


def _span(minutes: float) -> str:
    """Return a window in the largest unit of which it is twice as long or more: `3 days`, `6 hours`, `60 minutes`."""
    for unit, name in ((1440, "days"), (60, "hours")):
        if minutes >= 2 * unit:
            return f"{minutes / unit:g} {name}"
    return f"{minutes:g} minutes"


def _lasts(slo: Slo, rate: float) -> str:
    hours = slo.days * 24 / rate if rate else float("inf")
    if hours == float("inf"):
        return "for ever"
    return f"{hours / 24:.1f} days" if hours >= 48 else f"{hours:.1f} hours"
