"""Typed form of `monitoring.yaml`: probes, metrics, key figures, recoveries, alerting."""

from datetime import timedelta
from typing import Annotated, Literal

from pydantic import Field

from pake_pipelines.config.alerting import Alerting, Name
from pake_pipelines.config.section import Faults, Section
from pake_pipelines.config.services import AnyService, ServiceName, dependency_faults


class Probing(Section):
    """How probes run: `concurrency` at a time, each within its own time, all of them within `tick_seconds`.

    Of a body no more than `max_body_bytes` are read.
    """

    timeout_seconds: float = Field(10, gt=0)
    tick_seconds: float = Field(
        20, gt=0, le=20, description="a whole round takes 24 s at most; Dagster ends a tick after 60"
    )
    concurrency: int = Field(64, ge=1)
    max_body_bytes: int = Field(65536, ge=1)
    report_minutes: float = Field(5, gt=0, description="how often an unchanged state is reported to Dagster")
    keep_days: int = Field(30, ge=1)

    def faults(self) -> Faults:
        """Yield a time that no round has."""
        if self.timeout_seconds > self.tick_seconds:
            yield ("timeout_seconds",), f"must not be more than tick_seconds ({self.tick_seconds:g})"


class Metrics(Section):
    """How metrics are sampled; files are read from the project's home where they exist (MON-42)."""

    every_minutes: float = Field(5, gt=0)
    keep_days: int = Field(30, ge=1)
    coverage_file: str = "coverage.xml"
    junit_file: str = "junit.xml"
    audit_file: str = "pip-audit.json"
    source_directory: str = "pake_pipelines"

    @property
    def stands_for(self) -> timedelta:
        """How long a sample says how things are: two rounds of sampling may have been left out."""
        return 3 * timedelta(minutes=self.every_minutes)


class Kpi(Section):
    """A key figure with its bounds: beyond `warn` a warning, beyond `critical` an error (MON-18..23, C-09..C-13)."""

    metric: str
    better: Literal["lower", "higher"] = "lower"
    target: float
    warn: float
    critical: float
    unit: str
    action: str = ""

    def faults(self) -> Faults:
        """Yield bounds in the wrong order."""
        sign = 1 if self.better == "lower" else -1
        if not sign * self.target <= sign * self.warn <= sign * self.critical:
            yield ("warn",), "must lie between target and critical"


class Recovery(Section):
    """An automatic recovery (SVC-25..31): verified after `verify_seconds`, taken back after `revert_minutes`."""

    enabled: bool = True
    kind: Literal["cache_tier_failure", "high_memory_usage", "low_hit_ratio", "performance_degradation"]
    tier: Annotated[str | None, Field(description="the service that is a tier of the cache")] = None
    verify_seconds: float = Field(30, ge=0)
    revert_minutes: float = Field(60, gt=0)
    ttl_factor: float = Field(2, ge=1, description="so much longer cached results are believed in the meantime")
    bound: float | None = Field(None, description="the figure that must be reached for it to have worked")


class MonitoringConfig(Section):
    """The whole file."""

    probing: Probing = Probing()
    metrics: Metrics = Metrics()
    services: dict[ServiceName, AnyService]
    kpis: dict[Name, Kpi]
    recoveries: dict[Name, Recovery]
    alerting: Alerting
    digest_cron: str = "0 */6 * * *"

    def faults(self) -> Faults:
        """Yield everything that only the whole file can tell."""
        for path, message in self.probing.faults():
            yield ("probing", *path), message
        yield from dependency_faults(self.services)
        for name, service in self.services.items():
            for path, message in service.faults():
                yield ("services", name, *path), message
            if service.timeout_seconds is not None and service.timeout_seconds > self.probing.tick_seconds:
                longest = f"probing.tick_seconds ({self.probing.tick_seconds:g})"
                yield ("services", name, "timeout_seconds"), f"must not be more than {longest}"
        for name, kpi in self.kpis.items():
            for path, message in kpi.faults():
                yield ("kpis", name, *path), message
        for name, recovery in self.recoveries.items():
            if (recovery.kind == "cache_tier_failure") != (recovery.tier is not None):
                yield ("recoveries", name, "tier"), "a tier belongs to cache_tier_failure and to nothing else"
            if recovery.tier is not None and recovery.tier not in self.services:
                yield ("recoveries", name, "tier"), f"no service {recovery.tier!r}"
        for path, message in self.alerting.faults():
            yield ("alerting", *path), message
        for name, rule in self.alerting.rules.items():
            if rule.action and rule.action.recovery not in self.recoveries:
                yield ("alerting", "rules", name, "action"), f"no recovery {rule.action.recovery!r}"

    def enabled_services(self) -> dict[str, AnyService]:
        """Return the services that are switched on."""
        return {name: service for name, service in self.services.items() if service.enabled}
