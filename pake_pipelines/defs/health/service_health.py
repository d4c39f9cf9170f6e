"""The asset `service_health`: how every service stands, and a check for each (SVC-13, SVC-15, SVC-20)."""

from datetime import timedelta
from typing import TYPE_CHECKING, Final

import dagster as dg

from pake_pipelines.config.monitoring import MonitoringConfig
from pake_pipelines.defs.health.told import Told, results, table
from pake_pipelines.defs.health.watching import Watching
from pake_pipelines.defs.shared.tags import HEALTH_GROUP, HEALTH_POOL, OWNER
from pake_pipelines.model.health import DOWN, HealthSample, HealthStatus

if TYPE_CHECKING:
    from pake_pipelines.alerts.watch import Watched

SERVICE_HEALTH: Final = "service_health"
_KEY: Final = dg.AssetKey(SERVICE_HEALTH)
_GRAVE: Final = DOWN | {HealthStatus.UNKNOWN}


def check_name(service: str) -> str:
    """Return the name of a service's check."""
    return service.replace("-", "_")


def service_health_asset(config: MonitoringConfig, watching: Watching) -> dg.AssetsDefinition:
    """Return the asset; materializing it is a whole round of watching, as the sensor does it."""
    services = config.enabled_services()
    spec = dg.AssetSpec(
        _KEY,
        description="How every service stands: probed by the sensor `service_health`, which reports here every "
        f"{config.probing.report_minutes:g} minutes and whenever a status changes. Materializing it probes at once, "
        "and does with alerts whatever follows.",
        group_name=HEALTH_GROUP,
        owners=[OWNER],
        kinds={"python"},
        freshness_policy=stays_fresh(config.probing.report_minutes),
    )
    checks = [
        dg.AssetCheckSpec(
            check_name(name),
            asset=_KEY,
            description=f"{service.title or name} serves as it should. Silent while it is not configured.",
            metadata={"service": name, "kind": service.kind, "critical": service.critical},
        )
        for name, service in services.items()
    ]

    # only a step that may yield part of what it promises can leave a check unsaid
    @dg.multi_asset(name=SERVICE_HEALTH, specs=[spec], check_specs=checks, can_subset=True, pool=HEALTH_POOL)
    def service_health(context: dg.AssetExecutionContext):  # type: ignore[no-untyped-def]  # Dagster reads a return annotation as one output's type
        watched = watching.watch(watching.place_of_run(context), context.log)
        if not watched.samples:
            raise dg.Failure("nothing was probed", metadata=dict(watched.faults))
        yield from results(context, [told(watched)])

    return service_health


def stays_fresh(minutes: float) -> dg.FreshnessPolicy:
    """Return the policy of what is reported every so many minutes: the UI is red when our sensors have stopped."""
    return dg.FreshnessPolicy.time_window(
        fail_window=timedelta(minutes=max(3 * minutes, 3)), warn_window=timedelta(minutes=max(2 * minutes, 2))
    )


def told(watched: "Watched") -> Told:
    """Return what there is to tell of a round."""
    configured = [one for one in watched.samples if one.status is not HealthStatus.NOT_CONFIGURED]
    healthy = sum(one.status is HealthStatus.HEALTHY for one in configured)
    return Told(
        SERVICE_HEALTH,
        {
            "overall": watched.overall.value,
            "summary": f"{healthy} of {len(configured)} services are healthy",
            "healthy": healthy,
            "services": len(configured),
            "table": table(
                ("service", "status", "critical", "ms", "http", "what was found"), map(_row, watched.samples)
            ),
            "seconds": round(sum(watched.seconds.values()), 3),
            **({"faults": dict(watched.faults)} if watched.faults else {}),
        },
        [_check(one) for one in configured],
    )


def _row(sample: HealthSample) -> tuple[object, ...]:
    took = None if sample.response_ms is None else f"{sample.response_ms:.1f}"
    critical = "yes" if sample.critical else "no"
    return sample.service, sample.status.value, critical, took, sample.http_status, sample.detail


def _check(sample: HealthSample) -> dg.AssetCheckResult:
    """Return a service's check: what is unknown does not pass, and what only serves badly is a warning."""
    grave = sample.critical and sample.status in _GRAVE
    return dg.AssetCheckResult(
        asset_key=_KEY,
        check_name=check_name(sample.service),
        passed=sample.status is HealthStatus.HEALTHY,
        severity=dg.AssetCheckSeverity.ERROR if grave else dg.AssetCheckSeverity.WARN,
        description=f"{sample.status.value}: {sample.detail}",
        metadata={
            "service": sample.service,
            "status": sample.status.value,
            "at": sample.at.isoformat(),
            **({} if sample.response_ms is None else {"response_ms": round(sample.response_ms, 1)}),
            **({} if sample.http_status is None else {"http_status": sample.http_status}),
            **{f"fact_{name}": value for name, value in (sample.facts or {}).items() if value is not None},
        },
    )
