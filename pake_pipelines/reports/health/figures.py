"""The figures of the health report, and the sentence that says the most important of them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from pake_pipelines.health.kpis import KpiResult
from pake_pipelines.model.dagster_facts import DagsterFacts
from pake_pipelines.model.episode import Episode
from pake_pipelines.model.health import DOWN, HealthStatus, Transition, Uptime
from pake_pipelines.model.incident import Incident, IncidentStatistics
from pake_pipelines.reports.advice.rule import named
from pake_pipelines.reports.amounts import counted
from pake_pipelines.reports.document import Recommendation
from pake_pipelines.reports.monitoring.figures import ServiceLine
from pake_pipelines.store.alert_statistics import AlertCounts
from pake_pipelines.store.error_summary import ErrorCount
from pake_pipelines.store.monitoring_statistics import RestartCount


@dataclass(frozen=True, slots=True)
class Health:
    """Everything the health report says, as of `made_at`.

    `changes` are the changes of status within the last day, the newest first, `incidents` those of the last 30 days.
    `quiet_since` is when a critical service was last seen down, None when that was not within 30 days; `watched_since`
    is the first probe of these 30 days that told of one. `unjudged` says that nobody judges the alert rules, None
    where they are judged. `trends` are those that stand, by the names of their figures. `dagster` is the address of
    Dagster's pages.
    """

    made_at: datetime
    overall: HealthStatus
    services: Sequence[ServiceLine]
    quiet_since: datetime | None
    watched_since: datetime | None
    changes: Sequence[Transition]
    counts: AlertCounts
    alerts: Sequence[Episode]
    unjudged: str | None
    incidents: IncidentStatistics
    open_incidents: Sequence[Incident]
    restarts: Sequence[RestartCount]
    kpis: Sequence[KpiResult]
    trends: Mapping[str, Mapping[str, Any]]
    errors: Sequence[ErrorCount]
    facts: DagsterFacts | None
    recommendations: Sequence[Recommendation]
    dagster: str

    @property
    def watched(self) -> list[ServiceLine]:
        """The services that are configured."""
        return [one for one in self.services if one.status is not HealthStatus.NOT_CONFIGURED]

    @property
    def not_configured(self) -> list[ServiceLine]:
        """The services that are switched on, and whose variables are not set."""
        return [one for one in self.services if one.status is HealthStatus.NOT_CONFIGURED]

    def title(self, service: str) -> str:
        """Return what a service is called; one that is not switched on any more has its name only."""
        return next((one.title for one in self.services if one.name == service), service)

    def unbroken(self) -> timedelta | None:
        """Return for how long no critical service has been seen down; None where that is not known."""
        if self.watched_since is None or self.overall is HealthStatus.UNKNOWN:
            return None
        if any(one.critical and one.status in DOWN for one in self.services):
            return timedelta(0)
        return max(self.made_at - (self.quiet_since or self.watched_since), timedelta(0))


@dataclass(frozen=True, slots=True)
class OverallUptime:
    """The mean of the uptimes of several services (C-38): `share` is in [0, 1], None when nothing is known of any.

    Each is the share of the time that was looked at in which the service served; `seen` is how much was looked at,
    over all of them. `lowest` is the service that served least.
    """

    share: float | None
    seen: float | None
    services: int
    lowest: str | None = None
    lowest_share: float | None = None


def overall_uptime(uptimes: Sequence[tuple[str, Uptime | None]]) -> OverallUptime:
    """Return how several services served together; one of which nothing is known does not count as up or down."""
    known = [(name, one.up_share) for name, one in uptimes if one is not None and one.up_share is not None]
    seen = [one.known_share for _, one in uptimes if one is not None and one.known_share is not None]
    if not known:
        return OverallUptime(None, None, 0)
    lowest, share = min(known, key=lambda pair: pair[1])
    mean = sum(share for _, share in known) / len(known)
    return OverallUptime(mean, sum(seen) / len(seen) if seen else None, len(known), lowest, share)


def since_when(changes: Iterable[Transition], service: str) -> datetime | None:
    """Return when `service` came to stand as it does, None when that was before the changes that are known."""
    return max((one.at for one in changes if one.service == service), default=None)


def lead(health: Health) -> str:
    """Return the one sentence of the report."""
    watched, status = health.watched, health.overall
    if not watched:
        return "No service is watched: nothing is known of how it stands."
    if status is HealthStatus.HEALTHY:
        said = "The one service that is watched is healthy"
        if len(watched) > 1:
            said = f"All {len(watched)} services that are watched are healthy"
    else:
        said = f"{status.value.capitalize()}: {_named(health)}"
    standing = (
        (health.counts.firing, "alert fires", "alerts fire"),
        (len(health.open_incidents), "incident is open", "incidents are open"),
    )
    open_ = [counted(number, one, several) for number, one, several in standing if number]
    return f"{said}. {', '.join(open_)}." if open_ else f"{said}."


def _named(health: Health) -> str:
    if all(one.status is HealthStatus.UNKNOWN for one in health.watched):
        return "nothing is known of any service"
    return named(
        f"{one.title} is {one.status.value}" for one in health.watched if one.status is not HealthStatus.HEALTHY
    )
