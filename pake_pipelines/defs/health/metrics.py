"""What is measured, as assets by family, with the key figures as their checks (MON-15..24, MON-40..42)."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final

import dagster as dg

from pake_pipelines.config.monitoring import MonitoringConfig
from pake_pipelines.defs.health.service_health import stays_fresh
from pake_pipelines.defs.health.told import Told, results, table
from pake_pipelines.defs.health.watching import Watching
from pake_pipelines.defs.shared.tags import HEALTH_GROUP, HEALTH_POOL, OWNER
from pake_pipelines.health.catalogue import FAMILIES
from pake_pipelines.model.metric import MetricSample
from pake_pipelines.model.status import CheckStatus

if TYPE_CHECKING:
    from pake_pipelines.alerts.measure import Measured
    from pake_pipelines.health.kpis import KpiResult

# asset -> family of metrics, what it shows
_ASSETS: Final[Mapping[str, tuple[str, str]]] = {
    "system_metrics": ("system", "Processors, memory, disks, network and processes of this machine (MON-03, MON-40)."),
    "application_metrics": (
        "application",
        "Runs and their durations, failures, items per minute, stages, visits to sources, answers of services.",
    ),
    "database_health": (
        "database",
        "Connections, sizes, cache hits, slow statements and unused indexes of the knowledge database (DB-13..20).",
    ),
    "security_metrics": ("security", "Refused logins and addresses, and rejected spam, of the last 24 hours (MON-17)."),
    "project_metrics": (
        "project",
        "Coverage, tests, known vulnerabilities and size of the project's own code, where its files are (MON-42).",
    ),
}
_KEPT_FRESH: Final = "system_metrics"
_SEVERITIES: Final = {CheckStatus.FAIL: dg.AssetCheckSeverity.ERROR}


def metric_assets(config: MonitoringConfig, watching: Watching) -> dg.AssetsDefinition:
    """Return the assets, all measured in one step."""
    every = config.metrics.every_minutes
    specs = [
        dg.AssetSpec(
            name,
            description=f"{said} Sampled by the sensor `metrics` every {every:g} minutes and kept in `metric_samples`.",
            group_name=HEALTH_GROUP,
            owners=[OWNER],
            kinds={"python", "postgres"} if family == "database" else {"python"},
            freshness_policy=stays_fresh(every) if name == _KEPT_FRESH else None,
            skippable=True,
        )
        for name, (family, said) in _ASSETS.items()
    ]
    checks = [
        dg.AssetCheckSpec(
            _check_name(name),
            asset=_asset_of(kpi.metric),
            description=f"`{kpi.metric}`: target {kpi.target:g}, warning beyond {kpi.warn:g}, critical beyond "
            f"{kpi.critical:g} {kpi.unit}. Silent where it cannot be had.",
        )
        for name, kpi in config.kpis.items()
    ]

    @dg.multi_asset(name="sample_metrics", specs=specs, check_specs=checks, can_subset=True, pool=HEALTH_POOL)
    def sample_metrics(context: dg.AssetExecutionContext):  # type: ignore[no-untyped-def]  # Dagster reads a return annotation as one output's type
        yield from results(context, told(watching.measure(watching.place_of_run(context))))

    return sample_metrics


def _check_name(kpi: str) -> str:
    return f"kpi_{kpi.replace('-', '_')}"


def _asset_of(metric: str) -> str:
    return next((asset for asset, (family, _) in _ASSETS.items() if metric in FAMILIES[family]), "application_metrics")


def told(measured: "Measured") -> list[Told]:
    """Return what there is to tell of a round, by asset; one of which nothing was ever sampled is left out."""
    by_asset: dict[str, list[MetricSample]] = {}
    for sample in measured.latest:
        by_asset.setdefault(_asset_of(sample.metric), []).append(sample)
    return [
        Told(
            asset,
            _metadata(by_asset[asset]),
            [_check(asset, one) for one in measured.kpis if _asset_of(one.metric) == asset],
        )
        for asset in _ASSETS
        if asset in by_asset
    ]


def _metadata(samples: Iterable[MetricSample]) -> dict[str, Any]:
    """Return the values, which the UI draws over time, and a table of those that are not there."""
    values = {_name(one): round(one.value, 3) for one in samples if one.value is not None}
    missing = [(_name(one), one.status.value, one.detail) for one in samples if one.value is None]
    return {**values, **({"not_there": table(("metric", "status", "why"), missing)} if missing else {})}


def _name(sample: MetricSample) -> str:
    return " ".join([sample.metric, *sample.labels.values()])


def _check(asset: str, kpi: "KpiResult") -> dg.AssetCheckResult:
    """Return a key figure's check: what is not known does not pass, and is no error."""
    value = kpi.detail if kpi.value is None else f"{kpi.value:.4g} {kpi.unit}"
    beyond = kpi.status in {CheckStatus.WARN, CheckStatus.FAIL}
    return dg.AssetCheckResult(
        asset_key=dg.AssetKey(asset),
        check_name=_check_name(kpi.name),
        passed=kpi.status is CheckStatus.OK,
        severity=_SEVERITIES.get(kpi.status, dg.AssetCheckSeverity.WARN),
        description=f"{kpi.status.value}: {value}" + (f"; {kpi.action}" if beyond and kpi.action else ""),
        metadata={
            "target": kpi.target,
            "warn": kpi.warn,
            "critical": kpi.critical,
            **({} if kpi.value is None else {"value": kpi.value, "on_target": bool(kpi.on_target)}),
        },
    )
