"""The tasks of maintenance as assets, made by one factory: a materialization is work that was really done.

Where a task had nothing to do, could not look, or only said what it would do, nothing was made: that is an observation,
so that no freshness policy takes it for the work. The check `outcome` tells whether that is as it should be.
"""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

import dagster as dg
from pydantic import Field

from pake_pipelines.config.maintenance import MaintenanceConfig
from pake_pipelines.defs.maintenance.backup_checks import backup_check_specs, backup_checks
from pake_pipelines.defs.maintenance.metadata import metadata_of
from pake_pipelines.defs.maintenance.tables import BACKUP, WAIT_SECONDS, Face, faces
from pake_pipelines.defs.shared.tags import MAINTENANCE_GROUP, MAINTENANCE_POOL, OWNER
from pake_pipelines.model.maintenance import Outcome, TaskState
from pake_pipelines.settings import Settings

if TYPE_CHECKING:
    from pake_pipelines.maintenance.workplace import Workplace

OUTCOME: Final = "outcome"
_RETRY_SECONDS: Final = 60
_GOOD: Final = frozenset({TaskState.DONE, TaskState.SKIPPED})
Event = dg.MaterializeResult | dg.AssetCheckResult


class TaskConfig(dg.Config):
    """What one run asks for beyond the configuration files."""

    dry_run: bool = Field(False, description="Say what would be done and do nothing.")
    options: dict[str, Any] = Field(default_factory=dict, description="Options of the task: see docs/maintenance.md.")


def task_assets(
    settings: Settings, config: MaintenanceConfig, partitions: dg.PartitionsDefinition[str]
) -> list[dg.AssetsDefinition]:
    """Return an asset for each task, enabled or not; those that are not have no time."""
    return [_asset(face, place, settings, config, partitions) for place, face in enumerate(faces(config))]


def _asset(
    face: Face, place: int, settings: Settings, rules: MaintenanceConfig, partitions: dg.PartitionsDefinition[str]
) -> dg.AssetsDefinition:
    spec = dg.AssetSpec(
        face.name,
        deps=face.behind,
        description=f"{face.description}\n\nRuns {face.when}.",
        group_name=MAINTENANCE_GROUP,
        owners=[OWNER],
        kinds=set(face.kinds),
        tags={"maintenance_category": face.category, "maintenance_rhythm": face.rhythm},
        partitions_def=partitions if face.name == BACKUP else None,
        freshness_policy=_stays_fresh(rules.backup.max_age_hours) if face.name == BACKUP and face.enabled else None,
        skippable=True,
    )
    checks = [
        dg.AssetCheckSpec(
            OUTCOME,
            asset=face.name,
            description="The last run did its work, or had none to do and says why. What could not be looked at "
            "(`unavailable`) does not pass.",
        ),
        *backup_check_specs(face.name),
    ]

    @dg.multi_asset(
        name=face.name,
        specs=[spec],
        check_specs=checks,
        can_subset=True,
        pool=MAINTENANCE_POOL,
        retry_policy=dg.RetryPolicy(face.retries, delay=_RETRY_SECONDS) if face.retries else None,
        # steps of one run follow the table where nothing else orders them
        op_tags={"dagster/priority": str(-place)},
    )
    async def run(context: dg.AssetExecutionContext, config: TaskConfig):  # type: ignore[no-untyped-def]  # Dagster reads a return annotation as one output's type
        events = _run if context.selected_asset_keys else _look
        async for event in events(context, face, _place(context, settings, rules, config)):
            yield event

    return run


def _place(
    context: dg.AssetExecutionContext, settings: Settings, rules: MaintenanceConfig, asked: TaskConfig
) -> "Workplace":
    from pake_pipelines.maintenance.workplace import Workplace

    return Workplace(
        settings, rules, context.run_id, dry_run=asked.dry_run, options=asked.options, say=context.log.info
    )


async def _run(context: dg.AssetExecutionContext, face: Face, place: "Workplace") -> AsyncIterator[Event]:
    from pake_pipelines.maintenance.errors import MaintenanceError
    from pake_pipelines.maintenance.runner import run_task
    from pake_pipelines.redaction import redact

    if face.name == BACKUP:
        _refuse_other_days(context)
    try:
        outcome = await run_task(place, face.name, actor="dagster", wait_seconds=WAIT_SECONDS)
    except MaintenanceError as error:
        raise dg.Failure(redact(str(error))) from error
    shown = metadata_of(outcome, dry_run=place.dry_run)
    if outcome.state is TaskState.FAILED:
        raise dg.Failure(outcome.summary, metadata=shown)
    for event in _told(context, face, outcome, shown, dry_run=place.dry_run):
        yield event
    for check in await _further_checks(context, face, place):
        yield check


async def _look(context: dg.AssetExecutionContext, face: Face, place: "Workplace") -> AsyncIterator[Event]:
    """Evaluate the checks alone, of what is there: the button beside a check in the UI runs no task."""
    from pake_pipelines.store import maintenance_runs

    for check in await _further_checks(context, face, place):
        yield check
    if not _is_asked_for(context, face, OUTCOME):
        return
    async with place.open() as database, database.transaction() as connection:
        await maintenance_runs.close_abandoned_if_free(connection, place.clock())
        last = (await maintenance_runs.latest(connection)).get(face.name)
    state, said = (last.state, last.summary) if last else ("never run", "nothing is known of its work")
    yield _outcome(face, state, said, passed=state in _GOOD)


def _told(
    context: dg.AssetExecutionContext, face: Face, outcome: Outcome, shown: dict[str, Any], *, dry_run: bool
) -> list[Event]:
    key = dg.AssetKey(face.name)
    made: list[Event] = []
    if outcome.state is TaskState.DONE and not dry_run:
        made.append(dg.MaterializeResult(key, metadata=shown))
    else:
        context.log_event(dg.AssetObservation(key, description=outcome.summary, metadata=shown))
    if not dry_run and _is_asked_for(context, face, OUTCOME):
        made.append(_outcome(face, outcome.state.value, outcome.summary, passed=outcome.state in _GOOD))
    return made


def _outcome(face: Face, state: str, summary: str, *, passed: bool) -> dg.AssetCheckResult:
    return dg.AssetCheckResult(
        asset_key=dg.AssetKey(face.name),
        check_name=OUTCOME,
        passed=passed,
        severity=dg.AssetCheckSeverity.WARN,
        description=f"{state}: {summary}",
    )


def _is_asked_for(context: dg.AssetExecutionContext, face: Face, check: str) -> bool:
    return dg.AssetCheckKey(dg.AssetKey(face.name), check) in context.selected_asset_check_keys


async def _further_checks(
    context: dg.AssetExecutionContext, face: Face, place: "Workplace"
) -> list[dg.AssetCheckResult]:
    if place.dry_run or not backup_check_specs(face.name):
        return []
    found = await backup_checks(place, face.name)
    return [one for one in found if _is_asked_for(context, face, one.check_name or "")]


def _refuse_other_days(context: dg.AssetExecutionContext) -> None:
    """Raise Failure unless the partition is the day on which the run was asked for, or today's."""
    day, today = date.fromisoformat(context.partition_key), datetime.now(UTC).date()
    record = context.instance.get_run_record_by_id(context.run_id)
    asked_on = record.create_timestamp.astimezone(UTC).date() if record else today
    if day not in {today, asked_on}:
        raise dg.Failure(
            f"a backup holds the data as they are now, so that there is none to be made of {day}: materialize the "
            f"partition of today, {today}. What was kept of other days shows `pake backup list`",
            allow_retries=False,
        )


def _stays_fresh(hours: float) -> dg.FreshnessPolicy:
    return dg.FreshnessPolicy.time_window(fail_window=timedelta(hours=hours))
