"""The assets `alerts` and `incidents`: what is open now, as tables, and whether anything critical fires (MON-07)."""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Final

import dagster as dg

from pake_pipelines.defs.health.service_health import SERVICE_HEALTH
from pake_pipelines.defs.health.told import Told, results, table
from pake_pipelines.defs.health.watching import Watching
from pake_pipelines.defs.shared.tags import HEALTH_GROUP, HEALTH_POOL, OWNER
from pake_pipelines.model.alert import AlertState, Severity

if TYPE_CHECKING:
    from pake_pipelines.model.episode import Episode
    from pake_pipelines.model.incident import Incident

ALERTS: Final = "alerts"
INCIDENTS: Final = "incidents"
_CHECK: Final = "no_critical_alerts"
_SHOWN: Final = 50


def standing_assets(watching: Watching) -> list[dg.AssetsDefinition]:
    """Return the assets."""
    alerts_spec = dg.AssetSpec(
        ALERTS,
        deps=[SERVICE_HEALTH, "system_metrics", "application_metrics", "database_health", "project_metrics"],
        description="The alerts that are open: `pake alerts list` shows the same, and more. Reported whenever one "
        "begins, fires or is resolved.",
        group_name=HEALTH_GROUP,
        owners=[OWNER],
        kinds={"python", "postgres"},
    )
    incidents_spec = dg.AssetSpec(
        INCIDENTS,
        deps=[ALERTS],
        description="The incidents that are open: who has taken them up, and within which target (MON-30). "
        "`pake incidents` shows their timelines.",
        group_name=HEALTH_GROUP,
        owners=[OWNER],
        kinds={"python", "postgres"},
    )
    check = dg.AssetCheckSpec(_CHECK, asset=ALERTS, description="No critical alert fires.")

    @dg.multi_asset(
        name="open_alerts", specs=[alerts_spec, incidents_spec], check_specs=[check], can_subset=True, pool=HEALTH_POOL
    )
    def open_alerts(context: dg.AssetExecutionContext):  # type: ignore[no-untyped-def]  # Dagster reads a return annotation as one output's type
        yield from results(context, standing(watching))

    return [open_alerts]


def standing(watching: Watching) -> list[Told]:
    """Return what there is to tell of open alerts and incidents. Raises StoreError."""
    alerts, incidents = asyncio.run(_read(watching))
    return [_alerts(alerts), _incidents(incidents, watching.clock())]


async def _read(watching: Watching) -> "tuple[list[Episode], list[Incident]]":
    from pake_pipelines.store import alerts, incidents

    async with watching.open() as database, database.connection() as connection:
        opened = (await alerts.load_open(connection)).values()
        return list(opened), await incidents.list_incidents(connection)


def _alerts(episodes: "Sequence[Episode]") -> Told:
    firing = [one for one in episodes if one.state is AlertState.FIRING]
    critical = [one for one in firing if one.severity is Severity.CRITICAL]
    gravest = sorted(episodes, key=lambda one: (-one.severity.rank, one.started_at))
    rows = [
        (
            one.severity.value,
            one.state.value,
            one.rule,
            one.summary,
            _shown(one.started_at),
            one.alert_id,
        )
        for one in gravest[:_SHOWN]
    ]
    return Told(
        ALERTS,
        {
            "open": len(episodes),
            "firing": len(firing),
            **{severity.value: sum(one.severity is severity for one in firing) for severity in Severity},
            "table": table(("severity", "state", "rule", "what", "since (UTC)", "id"), rows),
        },
        [
            dg.AssetCheckResult(
                asset_key=dg.AssetKey(ALERTS),
                check_name=_CHECK,
                passed=not critical,
                severity=dg.AssetCheckSeverity.ERROR,
                description="; ".join(one.summary for one in critical[:3]) or None,
                metadata={"critical": len(critical)},
            )
        ],
    )


def _incidents(incidents: "Sequence[Incident]", now: datetime) -> Told:
    rows = [
        (
            one.severity,
            one.status.value,
            one.title,
            one.owner or "nobody",
            _shown(one.opened_at),
            one.incident_id,
        )
        for one in incidents[:_SHOWN]
    ]
    return Told(
        INCIDENTS,
        {
            "open": len(incidents),
            "overdue": sum(one.overdue_minutes(now) is not None for one in incidents),
            "table": table(("severity", "status", "title", "owner", "opened (UTC)", "id"), rows),
        },
    )


def _shown(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S}"
