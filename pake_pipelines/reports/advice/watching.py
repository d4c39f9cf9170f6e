"""Rules on services, alerts, load and the watching itself (MON-09..12)."""

from collections.abc import Callable
from typing import Final

from pake_pipelines.model.health import DOWN, HealthStatus
from pake_pipelines.reports.advice.rule import Rule, named
from pake_pipelines.reports.advice.situation import Situation
from pake_pipelines.reports.amounts import amount, counted
from pake_pipelines.reports.document import Tone
from pake_pipelines.reports.parts.series_names import series_name
from pake_pipelines.reports.strangers import shown

_FEWEST: Final = 3  # samples of an hour: one alone tells nothing (D-41)


def _critical_down(now: Situation) -> str | None:
    found = [one for one in now.services or () if one.critical and one.status in DOWN]
    return named(f"{shown(one.service, 60)}: {shown(one.detail)}" for one in found) or None


def _nothing_probed(now: Situation) -> str | None:
    told = [one for one in now.services or () if one.status is not HealthStatus.NOT_CONFIGURED]
    if not told or any(one.status is not HealthStatus.UNKNOWN for one in told):
        return None
    return f"{counted(len(told), 'service is', 'services are')} unknown: {shown(told[0].detail)}"


def _nothing_sampled(now: Situation) -> str | None:
    if now.sampling is None:
        return None
    at = now.sampling.at
    if at is None:
        return "sampled last: never"
    old = (now.now - at).total_seconds() / 60
    return f"sampled last: {at:%d %b %H:%M} UTC" if old > now.bounds.sample_minutes else None


def _many_alerts(now: Situation) -> str | None:
    most = now.bounds.advising.active_alerts
    if now.alerts is None or now.alerts.firing <= most:
        return None
    return f"{counted(now.alerts.firing, 'alert fires', 'alerts fire')}, more than {most}"


def _overdue(now: Situation) -> str | None:
    late = [one for one in now.incidents or () if one.overdue_minutes(now.now) is not None]
    return named(f"{one.incident_id}: {shown(one.title)}" for one in late) or None


def _slow(now: Situation) -> str | None:
    bound = now.bounds.above.get("probe_response_ms")
    if bound is None:
        return None
    found = [one for one in now.services or () if one.response_ms is not None and one.response_ms > bound]
    slow = named(f"{shown(one.service, 60)} takes {amount(one.response_ms, 'ms')}" for one in found)
    return f"{slow}; {amount(bound, 'ms')} are allowed" if slow else None


def _high(metric: str) -> Callable[[Situation], str | None]:
    def find(now: Situation) -> str | None:
        bound = now.bounds.above.get(metric)
        if bound is None:
            return None
        over = [one for one in now.hour or () if one.metric == metric and one.samples >= _FEWEST and one.mean > bound]
        said = named(f"{series_name(metric, one.labels)} {one.mean:.1f} %" for one in over)
        return f"{said} on average of the last hour; {bound:g} % are allowed" if said else None

    return find


WATCHING: Final = (
    Rule(
        "critical-services-down", "MON-09", Tone.BAD,
        "URGENT: Critical services are down - immediate attention required",
        "a critical service is unhealthy",
        "`pake services status` shows what was tried, `pake services restart NAME` tries again",
        _critical_down, runbook="service-down",
    ),
    Rule(
        "nothing-probed", "MON-01", Tone.BAD,
        "Nothing is being probed: see whether Dagster's daemon runs and the sensor service_health is on",
        "every service is unknown",
        "`pake status` tells of the daemon, `pake up` starts it; the page Automation of Dagster's UI switches sensors "
        "on",
        _nothing_probed, runbook="system-down",
    ),
    Rule(
        "nothing-sampled", "MON-24", Tone.BAD,
        "No metrics are being sampled: see whether the sensor metrics is on",
        "no round of samples within six times `metrics.every_minutes` of configs/monitoring.yaml",
        "`pake monitor metrics` shows what was sampled last; the page Automation of Dagster's UI switches sensors on",
        _nothing_sampled, runbook="ticks",
    ),
    Rule(
        "incidents-overdue", "MON-30", Tone.BAD,
        "Incidents wait for somebody to take them up",
        "an open incident is not acknowledged within its target",
        "`pake incidents update ID --status investigating --owner NAME` takes one up",
        _overdue, runbook="incidents",
    ),
    Rule(
        "many-alerts", "MON-10", Tone.WARN,
        "High number of active alerts - review system configuration",
        "more alerts fire than `advice.active_alerts` of configs/reports.yaml",
        "`pake alerts list` shows what they have in common; bounds stand under `alerting.rules` in "
        "configs/monitoring.yaml",
        _many_alerts, runbook="many-alerts",
    ),
    Rule(
        "slow-services", "MON-11", Tone.WARN,
        "Slow response times detected - investigate performance issues",
        "a service takes longer to answer than the lowest bound of the alert rules on `probe_response_ms`",
        "`pake health NAME --now` asks the service again, `pake diagnose` gathers what slows it",
        _slow, runbook="slow-responses",
    ),
    Rule(
        "high-cpu", "MON-12", Tone.WARN,
        "High CPU usage - consider scaling or optimization",
        "the mean of the last hour is above the lowest bound of the alert rules on `cpu_usage_percent`",
        "Fewer runs at a time (`concurrency` in dagster.yaml), or more processors",
        _high("cpu_usage_percent"), runbook="high-load",
    ),
    Rule(
        "high-memory", "MON-12", Tone.WARN,
        "High memory usage - monitor for memory leaks",
        "the mean of the last hour is above the lowest bound of the alert rules on `memory_usage_percent`",
        "The recovery `high-memory-usage` frees what it can; `pake diagnose` shows who holds it",
        _high("memory_usage_percent"), runbook="high-memory",
    ),
    Rule(
        "low-disk-space", "MON-12", Tone.BAD,
        "Low disk space - clean up or expand storage",
        "the mean of the last hour is above the lowest bound of the alert rules on `disk_usage_percent`",
        "`pake maintenance run storage_cleanup` and `pake maintenance run backup_retention` free space",
        _high("disk_usage_percent"), runbook="disk-full",
    ),
)  # fmt: skip
