"""Situations as the rules see them, in which one thing or another is wrong, or nothing is."""

from datetime import UTC, datetime, timedelta

from pake_pipelines.config.loading import load_maintenance, load_monitoring, load_quality, load_reports, load_sources
from pake_pipelines.model.alert import Severity
from pake_pipelines.model.health import HealthSample, HealthStatus
from pake_pipelines.model.incident import Incident, IncidentSeverity, IncidentStatus
from pake_pipelines.model.maintenance import ProofState
from pake_pipelines.reports.advice import Situation, bounds_of
from pake_pipelines.reports.advice.situation import Alerts, Knowledge, Places, Sampling
from pake_pipelines.reports.desk import Configs
from pake_pipelines.reports.qa.figures import compute_statistics
from pake_pipelines.settings import PACKAGE_HOME
from pake_pipelines.store.alert_statistics import ActiveAlert
from pake_pipelines.store.analyses import Analysis
from pake_pipelines.store.anomalies import Anomaly
from pake_pipelines.store.backups import BackupRow
from pake_pipelines.store.channel_use import ChannelUse
from pake_pipelines.store.forecasts import ForecastRow
from pake_pipelines.store.maintenance_runs import TaskRun
from pake_pipelines.store.monitoring_statistics import Bin
from pake_pipelines.store.qa_statistics import Totals

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
HOME = PACKAGE_HOME / "configs"
CONFIGS = Configs(
    load_sources(HOME), load_quality(HOME), load_monitoring(HOME), load_maintenance(HOME), load_reports(HOME)
)
BOUNDS = bounds_of(CONFIGS)
PLACES = Places("http://localhost:3000", "../../docs/runbooks")


def situation(**known):
    """Return a situation under the shipped configuration; what is not given is not known."""
    return Situation(NOW, **{"bounds": BOUNDS, "places": PLACES, **known})


def service(status=HealthStatus.HEALTHY, *, name="redis", critical=True, ms=5.0):
    return HealthSample(name, "redis", critical, status, NOW, ms, "as it is")


def alert(rule="high-cpu", severity=Severity.WARNING, *, number=1, says=("look",), summary=None, runbook=None):
    told = summary or f"alert {number}"
    return ActiveAlert(f"alert_{number}", rule, severity, told, {}, NOW, None, False, says, runbook)


def alerts(*active, firing=None):
    return Alerts(len(active) if firing is None else firing, active)


def load(metric, mean, *, samples=12, **labels):
    return Bin(metric, labels, NOW - HOUR, mean, mean, mean, samples)


def incident(*, hours=3.0, target=60.0, taken=False, status=IncidentStatus.OPEN, closed=False):
    opened = NOW - hours * HOUR
    return Incident(
        "inc_1", "g", "redis is down", IncidentSeverity.HIGH, status, None, target, None, opened,
        acknowledged_at=opened if taken else None, resolved_at=NOW if closed else None,
    )  # fmt: skip


def knowledge(*, verified=0, pending=0, rejected=0, average=0.7, low=0, **evidence):
    total = verified + pending + rejected
    totals = Totals(total, verified, pending, rejected, 0, 0, 0, 0, low, average if total else None)
    return Knowledge(compute_statistics(totals), **evidence)


def backup(hours, state=ProofState.PROVEN, *, removed=False, name=None):
    made = NOW - hours * HOUR
    return BackupRow(
        name or f"backup-{hours}", "here", made, "run", 10**6, 1.0, False, "0007", state, made, 1.0, "as it is",
        NOW if removed else None,
    )  # fmt: skip


def task(name, state="done", *, hours=1.0, summary="as it is", **details):
    began = NOW - hours * HOUR
    return TaskRun(1, name, state, "pake", "run", False, began, began, summary, details)


def tasks(*runs):
    return {one.task: one for one in runs}


def forecast(days, *, metric="disk_usage_percent", made=HOUR, **labels):
    at = NOW + days * DAY if days is not None else None
    dates = (at, at - DAY, at + DAY, "") if at else (None, None, None, "no trend")
    return ForecastRow(metric, labels, NOW - made, "run", "linear", "percent", 100, 0.5, (), 90.0, *dates)


def analysis(kind, subject, result, *, made=HOUR):
    return {kind: {subject: Analysis(kind, subject, NOW - made, "run", result)}}


def anomaly(*, seen=HOUR):
    began = NOW - 5 * HOUR
    return Anomaly(1, "db_query_ms", {}, "spike", began, NOW - seen, began, None, 0.99, 900.0, 1.0, 20.0, began)


def channel(state, detail=""):
    return ChannelUse(state, NOW - HOUR, detail)


def fine():
    """Return a situation in which everything is known and nothing is wrong."""
    return situation(
        alerts=alerts(),
        services=[service()],
        sampling=Sampling(NOW),
        hour=[load("cpu_usage_percent", 20.0)],
        incidents=[],
        knowledge=knowledge(verified=100, average=0.8),
        forecasts=[forecast(None)],
        analyses={},
        anomalies=[],
        backups=[backup(2)],
        tasks=tasks(
            task("dependency_scan", packages_looked_at=3, total_vulnerabilities=0),
            task("configuration_audit", errors=0, warnings=0),
        ),
        channels={name: channel("sent") for name in BOUNDS.channels},
    )
