"""When tasks run by themselves: a job and a schedule for each that has a time; what comes after it is in its job."""

from collections.abc import Callable, Collection, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

import dagster as dg

from pake_pipelines.defs.maintenance.tables import BACKUP, PROOF, WAIT_SECONDS, Face
from pake_pipelines.defs.shared.tags import PRIORITIES
from pake_pipelines.defs.shared.unfinished import goes_on

if TYPE_CHECKING:
    from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition as AssetJob

# beyond the time of its tasks a run has this much for starting and ending
_MARGIN_SECONDS: Final = 120
ADAPTIVE_SENSOR: Final = "adaptive_schedules"
"""The sensor that launches the tasks which have left their schedules."""

Tick = Callable[[dg.ScheduleEvaluationContext], dg.RunRequest | dg.SkipReason]


def job_name(task: str) -> str:
    """Return the name of a task's job."""
    return f"{task}_job"


def task_jobs(faces: Sequence[Face]) -> "dict[str, AssetJob]":
    """Return the job of each task that comes after no other, by task, and that of the proof alone."""
    roots = [face for face in faces if face.after is None or face.name == PROOF]
    return {root.name: _job(root, _with_followers(root, faces)) for root in roots}


def _with_followers(root: Face, faces: Sequence[Face]) -> list[Face]:
    return [root, *(face for face in faces if face.after == root.name and face.enabled)]


def _job(root: Face, members: Sequence[Face]) -> "AssetJob":
    seconds = sum((one.seconds + WAIT_SECONDS) * (one.retries + 1) + _MARGIN_SECONDS * one.retries for one in members)
    return dg.define_asset_job(
        job_name(root.name),
        selection=dg.AssetSelection.assets(*(one.name for one in members)),
        description=f"Maintenance: {', then '.join(one.name for one in members)}.",
        tags={
            "dagster/max_runtime": str(round(seconds + _MARGIN_SECONDS)),
            "dagster/max_retries": str(root.retries),
            "dagster/priority": PRIORITIES[root.priority],
        },
    )


def task_schedules(
    faces: Sequence[Face], jobs: "dict[str, AssetJob]", *, on: bool, adaptive: Collection[str] = ()
) -> list[dg.ScheduleDefinition]:
    """Return the schedule of each task that has a time; those that are disabled, or all unless `on`, are stopped.

    Those of `adaptive` tasks only say who launches them.
    """
    return [
        _schedule(face, cron, jobs[face.name], _left if face.name in adaptive else _tick(face), on=on)
        for face in faces
        if (cron := face.cron)
    ]


def _schedule(face: Face, cron: str, job: "AssetJob", tick: Tick, *, on: bool) -> dg.ScheduleDefinition:
    running = on and face.enabled
    return dg.ScheduleDefinition(
        name=face.name,
        job=job,
        cron_schedule=cron,
        execution_timezone="UTC",
        description=f"{face.description} Runs {face.when}.",
        execution_fn=tick,
        default_status=dg.DefaultScheduleStatus.RUNNING if running else dg.DefaultScheduleStatus.STOPPED,
    )


def _left(_: dg.ScheduleEvaluationContext) -> dg.SkipReason:
    return dg.SkipReason(f"follows quiet hours and how its runs go: the sensor {ADAPTIVE_SENSOR} launches it")


def _tick(face: Face) -> Tick:
    def tick(context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        if goes_on(context.instance, job_name(face.name)):
            return dg.SkipReason("the last one goes on")
        if face.name != BACKUP:
            return dg.RunRequest()
        day, today = context.scheduled_execution_time.astimezone(UTC).date(), datetime.now(UTC).date()
        if day < today:
            return dg.SkipReason(f"the scheduler was away on {day}: a backup of that day cannot be made any more")
        return dg.RunRequest(partition_key=str(day))

    return tick
