"""What the monitoring report recommends: what the rules that fire say, and what nobody would be told otherwise."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from pake_pipelines.model.alert import Severity
from pake_pipelines.model.health import HealthStatus
from pake_pipelines.reports.monitoring_figures import ServiceLine
from pake_pipelines.store.alert_statistics import ActiveAlert, AlertCounts

MANY_ALERTS: Final = 5
"""More alerts than that at once say that the configuration tells of too much (MON-10)."""


@dataclass(frozen=True, slots=True)
class Advice:
    """One recommendation, the gravest alert that gives it, and what it is because of."""

    severity: Severity
    text: str
    because: tuple[str, ...]


def advise(
    alerts: Sequence[ActiveAlert], counts: AlertCounts, services: Sequence[ServiceLine], sampled_at: datetime | None,
    now: datetime,
) -> tuple[Advice, ...]:  # fmt: skip
    """Return what to do, the gravest first; each recommendation once, whatever number of alerts give it."""
    found = [*_of_monitoring_itself(services, sampled_at, now), *_of_alerts(alerts)]
    if counts.firing > MANY_ALERTS:
        text = "High number of active alerts: review the configuration, or look for what they have in common."
        found.append(Advice(Severity.WARNING, text, (f"{counts.firing} alerts fire",)))
    return tuple(sorted(found, key=lambda one: -one.severity.rank))


def _of_alerts(alerts: Sequence[ActiveAlert]) -> list[Advice]:
    found: dict[str, list[ActiveAlert]] = {}
    for alert in alerts:
        for text in alert.recommendations:
            found.setdefault(text, []).append(alert)
    return [
        Advice(max((one.severity for one in some), key=lambda one: one.rank), text, tuple(one.summary for one in some))
        for text, some in found.items()
    ]


def _of_monitoring_itself(services: Sequence[ServiceLine], sampled_at: datetime | None, now: datetime) -> list[Advice]:
    """Return what says that nobody is looking: no alert is raised by something that does not run."""
    found = []
    unknown = [one for one in services if one.status is HealthStatus.UNKNOWN]
    if services and len(unknown) == len(services):
        text = "Nothing is being probed: see whether Dagster's daemon runs and the sensor service_health is on."
        found.append(Advice(Severity.CRITICAL, text, tuple(dict.fromkeys(one.sample.detail for one in unknown))[:1]))
    if sampled_at is None or (now - sampled_at).total_seconds() > _SAMPLES_OLD_SECONDS:
        when = "never" if sampled_at is None else f"{sampled_at:%d %b %H:%M} UTC"
        text = "No metrics are being sampled: see whether the sensor metrics is on."
        found.append(Advice(Severity.ERROR, text, (f"sampled last: {when}",)))
    return found


_SAMPLES_OLD_SECONDS: Final = 1800
