"""Healing as Dagster shows it: the assets `service_restarts` and `recoveries`, their jobs, and the sensor behind them.

The sensor decides, the runs act: every attempt is a run with its log, behind `service_health` in the lineage.
"""

import asyncio
from datetime import datetime
from typing import TYPE_CHECKING, Final

import dagster as dg
from pydantic import Field

from pake_pipelines.defs.health.service_health import SERVICE_HEALTH
from pake_pipelines.defs.health.told import table
from pake_pipelines.defs.health.watching import Watching
from pake_pipelines.defs.shared.tags import HEALING_POOL, HEALTH_GROUP, OWNER
from pake_pipelines.defs.shared.unfinished import goes_on
from pake_pipelines.store.errors import StoreError

if TYPE_CHECKING:
    from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition as AssetJob

    from pake_pipelines.alerts.watch import Watched
    from pake_pipelines.model.recovery import RecoveryRow
    from pake_pipelines.services.plan import HealingPlan

HEAL: Final = "heal"
RECOVER: Final = "recover"
RESTARTS: Final = "service_restarts"
RECOVERIES: Final = "recoveries"
HEALING_SENSOR: Final = "healing"
_HEALED: Final = "services_serve_again"
_RECOVERED: Final = "recoveries_helped"
_LOOK_EVERY: Final = 30
# a run that never came to its attempt is asked for again after so long; Dagster launches a key once for all time
_ASK_AGAIN_SECONDS: Final = 120
# before anything else that waits: whatever it does needs the services
_TAGS: Final = {"dagster/max_runtime": "1800", "dagster/priority": "20"}


class HealConfig(dg.Config):
    """What is healed."""

    services: list[str] | None = Field(None, description="The services to look at; all that can be healed without any.")
    cause: str = Field("", description="Why, in the words of whoever asks; else what the probe says.")


class RecoverConfig(dg.Config):
    """What is recovered. Verifications and ways back that are due are done in any case."""

    recovery: str | None = Field(None, description="The recovery of configs/monitoring.yaml to be tried.")
    cause: str = Field("", description="The alert that asks for it, or a reason in words.")


def healing_assets(watching: Watching) -> list[dg.AssetsDefinition]:
    """Return both assets."""
    return [_restarts_asset(watching), _recoveries_asset(watching)]


def healing_jobs() -> "tuple[AssetJob, AssetJob]":
    """Return the jobs `heal` and `recover`."""
    heal = dg.define_asset_job(
        HEAL,
        selection=dg.AssetSelection.assets(RESTARTS),
        description="Restarts services that are down, parents first, and verifies each.",
        tags=_TAGS,
    )
    recover = dg.define_asset_job(
        RECOVER,
        selection=dg.AssetSelection.assets(RECOVERIES),
        description="Tries a recovery, verifies those that have acted, takes back what has had its time.",
        tags=_TAGS,
    )
    return heal, recover


def _restarts_asset(watching: Watching) -> dg.AssetsDefinition:
    @dg.asset(
        name=RESTARTS,
        deps=[SERVICE_HEALTH],
        group_name=HEALTH_GROUP,
        owners=[OWNER],
        kinds={"python", "postgres"},
        pool=HEALING_POOL,
        check_specs=[
            dg.AssetCheckSpec(_HEALED, asset=RESTARTS, description="Every service that was restarted serves again.")
        ],
        description="Services that are down are restarted: in the order of their dependencies, at most three times an "
        "hour each, after a growing pause, each attempt verified by a probe and kept in `service_restarts`.",
    )
    async def service_restarts(context: dg.AssetExecutionContext, config: HealConfig) -> dg.MaterializeResult:
        # a code location only describes the asset; importing what acts is left to the run
        from pake_pipelines.services.heal import heal

        async with watching.open() as database:
            done = await heal(
                database, watching.config, watching.settings, config.services, cause=config.cause, run_id=context.run_id
            )
        for one in done.outcomes:
            context.log.info("%s: %s %s", one.service, one.state, one.detail)
        rows = [(one.service, one.state.value, one.attempt, f"{one.seconds:.1f}", one.detail) for one in done.outcomes]
        return dg.MaterializeResult(
            metadata={
                "attempted": len(done.attempted),
                "verified": sum(one.state.value == "verified" for one in done.outcomes),
                "table": table(("service", "what came of it", "attempt", "s", "in words"), rows),
            },
            check_results=[
                dg.AssetCheckResult(
                    asset_key=dg.AssetKey(RESTARTS),
                    check_name=_HEALED,
                    passed=done.ok,
                    severity=dg.AssetCheckSeverity.WARN,
                    description="; ".join(
                        f"{one.service}: {one.detail}" for one in done.outcomes if one.state in {"failed", "gave up"}
                    )
                    or None,
                )
            ],
        )

    return service_restarts


def _recoveries_asset(watching: Watching) -> dg.AssetsDefinition:
    @dg.asset(
        name=RECOVERIES,
        deps=[SERVICE_HEALTH],
        group_name=HEALTH_GROUP,
        owners=[OWNER],
        kinds={"python", "postgres"},
        pool=HEALING_POOL,
        check_specs=[
            dg.AssetCheckSpec(_RECOVERED, asset=RECOVERIES, description="Every recovery that was verified has helped.")
        ],
        description="Recoveries that alerts ask for (SVC-25..31): each acts, is verified after a while, and what it "
        "changed is taken back. Kept in `recoveries`, `levers` has what is in force.",
    )
    async def recoveries(context: dg.AssetExecutionContext, config: RecoverConfig) -> dg.MaterializeResult:
        from pake_pipelines.services.recovery import follow_up, recover

        settings, done = watching.settings, []
        async with watching.open() as database:
            if config.recovery is not None:
                done.append(
                    await recover(
                        database, watching.config, settings, config.recovery, cause=config.cause, run_id=context.run_id
                    )
                )
            done += await follow_up(database, watching.config, settings)
        for one in done:
            context.log.info("%s: %s %s", one.recovery, one.state or "not begun", one.detail)
        rows = [(one.recovery, one.state or "not begun", one.detail, one.recovery_id) for one in done]
        failed = [one for one in done if one.state in {"failed", "interrupted"}]
        return dg.MaterializeResult(
            metadata={"done": len(done), "table": table(("recovery", "what came of it", "in words", "id"), rows)},
            check_results=[
                dg.AssetCheckResult(
                    asset_key=dg.AssetKey(RECOVERIES),
                    check_name=_RECOVERED,
                    passed=not failed,
                    severity=dg.AssetCheckSeverity.WARN,
                    description="; ".join(f"{one.recovery}: {one.detail}" for one in failed) or None,
                )
            ],
        )

    return recoveries


def recovery_requests(watched: "Watched") -> list[dg.RunRequest]:
    """Return the runs that try what firing alerts ask for; the rules' cool-down has bounded them already."""
    asked = watched.evaluated.actions if watched.evaluated else ()
    return [
        dg.RunRequest(
            run_key=f"{RECOVER}:{one.alert_id}:{watched.at.isoformat()}",
            job_name=RECOVER,
            run_config=recovery_config(one.recovery, one.alert_id),
            tags={"pake/alert": one.alert_id, "pake/recovery": one.recovery},
        )
        for one in asked
    ]


def recovery_config(recovery: str, cause: str) -> dict[str, object]:
    """Return the run configuration that tries `recovery`."""
    return {"ops": {RECOVERIES: {"config": {"recovery": recovery, "cause": cause}}}}


def healing_sensor(watching: Watching, heal: "AssetJob", recover: "AssetJob", *, on: bool) -> dg.SensorDefinition:
    """Return the sensor that launches both jobs when there is something to do."""

    @dg.sensor(
        name=HEALING_SENSOR,
        jobs=[heal, recover],
        minimum_interval_seconds=_LOOK_EVERY,
        default_status=dg.DefaultSensorStatus.RUNNING if on else dg.DefaultSensorStatus.STOPPED,
        description="Decides which services are to be restarted now, and whether a recovery is to be verified or taken "
        f"back; runs of `{HEAL}` and `{RECOVER}` do it.",
    )
    def healing(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
        now = watching.clock()
        try:
            plan, due = asyncio.run(_decide(watching, now))
        except StoreError as error:
            return dg.SkipReason(f"nothing can be decided without the knowledge database: {error}")
        instance = watching.place(context).instance if plan.heal or due else None
        requests = []
        if instance and plan.heal and not goes_on(instance, HEAL):
            requests.append(_heal_request(plan, now))
        if instance and due and not goes_on(instance, RECOVER):
            requests.append(_due_request(due, now))
        if requests:
            return dg.SensorResult(run_requests=requests)
        return dg.SkipReason(_why_nothing(plan))

    return healing


async def _decide(watching: Watching, now: datetime) -> "tuple[HealingPlan, list[RecoveryRow]]":
    from pake_pipelines.services.books import plan_now
    from pake_pipelines.services.recovery import due

    async with watching.open() as database:
        plan = await plan_now(database, watching.config.enabled_services(), now)
        return plan, await due(database, watching.config, now)


def _heal_request(plan: "HealingPlan", now: datetime) -> dg.RunRequest:
    return dg.RunRequest(
        run_key=f"{plan.key}:{_turn(now)}",
        job_name=HEAL,
        run_config={"ops": {RESTARTS: {"config": {"services": list(plan.names)}}}},
        tags={"pake/services": "_".join(plan.names)[:63]},
    )


def _due_request(due: "list[RecoveryRow]", now: datetime) -> dg.RunRequest:
    key = ",".join(f"{one.recovery_id}:{one.state}" for one in due)
    return dg.RunRequest(run_key=f"{RECOVER}:{key}:{_turn(now)}", job_name=RECOVER)


def _turn(now: datetime) -> int:
    return int(now.timestamp()) // _ASK_AGAIN_SECONDS


def _why_nothing(plan: "HealingPlan") -> str:
    waits = [f"{one.service}: {one.reason}: {one.detail}" for one in plan.waits]
    return "\n".join(waits) or "nothing is to be healed"
