"""Rules on services, alerts, load and the watching itself (MON-09..12)."""

from typing import Final

from pake_pipelines.model.health import DOWN, HealthStatus
from pake_pipelines.reports.advice.rule import Rule, named
from pake_pipelines.reports.advice.situation import Situation
from pake_pipelines.reports.amounts import amount
from pake_pipelines.reports.document import Tone
from pake_pipelines.reports.strangers import shown
from pake_pipelines.store.monitoring_statistics import Bin

_FEWEST: Final = 3  # samples of an hour: one alone tells nothing (D-41)


def _critical_down(now: Situation) -> str | None:
    found = [one for one in now.services or () if one.critical and one.status in DOWN]
    return named(f"{shown(one.service, 60)}: {shown(one.detail)}" for one in found) or None


def _nothing_probed(now: Situation) -> str | None:
    told = [one for one in now.services or () if one.status is not HealthStatus.NOT_CONFIGURED]
    if not told or any(one.status is not HealthStatus.UNKNOWN for one in told):
        return None
    return f"{len(told)} services are unknown: {shown(told[0].detail)}."


def _nothing_sampled(now: Situation) -> str | None:
    if now.sampling is None:
        return None
    at = now.sampling.at
    if at is None:
        return "Sampled last: never."
    old = (now.now - at).total_seconds() / 60
    return f"Sampled last: {at:%d %b %H:%M} UTC." if old > now.bounds.sample_minutes else None


def _many_alerts(now: Situation) -> str | None:
    most = now.bounds.advising.active_alerts
    if now.alerts is None or now.alerts.firing <= most:
        return None
    return f"{now.alerts.firing} alerts fire, more than {most}."


def _overdue(now: Situation) -> str | None:
    late = [one for one in now.incidents or () if one.overdue_minutes(now.now) is not None]
    return named(f"{one.incident_id}: {shown(one.title)}" for one in late) or None


def _slow(now: Situation) -> str | None:
    bound = now.bounds.above.get("probe_response_ms")
    if bound is None:
        return None
    found = [one for one in now.services or () if one.response_ms is not None and one.response_ms > bound]
    slow = named(f"{shown(one.service, 60)} takes {amount(one.response_ms, 'ms')}" for one in found)
    return f"{slow}; {amount(bound, 'ms')} are allowed." if slow else None


def series_name(metric: str, labels: "dict[str, str] | object") -> str:
    """Return what a series is called: the metric in words, and what its labels name."""
    words = metric.removesuffix("_percent").replace("_", " ")
    values = labels.values() if isinstance(labels, dict) else ()
    return " ".join([words, *(shown(value, 60) for value in values)])


def _high(metric: str) -> "Rule.find":  # type: ignore[valid-type]
    def find(now: Situation) -> str | None:
        bound = now.bounds.above.get(metric)
        if bound is None:
            return None
        over = [one for one in now.hour or () if one.metric == metric and one.samples >= _FEWEST and one.mean > bound]
        return named(_mean(one) for one in over) + f"; above {bound:g} %." if over else None

    return find


def _mean(one: Bin) -> str:
    return f"{series_name(one.metric, one.labels)} {one.mean:.1f} % on average of the last hour"
