"""The sensor that launches tasks which have left their schedules, when how things go or quiet hours say so (MNT-15)."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

import dagster as dg

from pake_pipelines.defs.maintenance.schedules import ADAPTIVE_SENSOR, job_name
from pake_pipelines.defs.maintenance.tables import BACKUP
from pake_pipelines.defs.shared.unfinished import goes_on
from pake_pipelines.settings import Settings
from pake_pipelines.store.errors import StoreError

if TYPE_CHECKING:
    from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition as AssetJob

    from pake_pipelines.analytics.adaptive import Decision
    from pake_pipelines.foresight.finding import Rules

_EVERY_SECONDS: Final = 300


def adaptive_sensor(
    settings: Settings, rules: "Rules", maintenance_jobs: "Sequence[AssetJob]", *, on: bool
) -> dg.SensorDefinition:
    """Return the sensor; it starts out stopped when `on` is false. Its cursor is when it launched each task last."""
    tasks = rules.reports.analytics.adaptive.tasks
    jobs = {job.name: job for job in maintenance_jobs}
    followed = [jobs[job_name(task)] for task in tasks if job_name(task) in jobs]

    @dg.sensor(
        name=ADAPTIVE_SENSOR,
        jobs=followed,
        minimum_interval_seconds=_EVERY_SECONDS,
        default_status=dg.DefaultSensorStatus.RUNNING if on else dg.DefaultSensorStatus.STOPPED,
        description=f"Launches {', '.join(tasks)}: frequent tasks by the interval that their last runs recommend, "
        "others in the quiet hours. Configured by `analytics.adaptive` in configs/reports.yaml.",
    )
    def follow(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
        now, launched = datetime.now(UTC), _launched(context.cursor)
        try:
            found = asyncio.run(_decisions(settings, rules, launched, now))
        except StoreError as error:
            return dg.SkipReason(f"what is due is not known: {error}")
        due = {task: one.reason for task, one in found.items() if one.run and not _goes_on(context.instance, task)}
        if not due:
            return dg.SkipReason("\n".join(f"{task}: {_said(one)}" for task, one in found.items()) or _NOTHING)
        for task, reason in due.items():
            context.log.info("%s: %s", task, reason)
        return dg.SensorResult(
            run_requests=[_request(task, reason, now) for task, reason in due.items()],
            cursor=json.dumps({**_texts(launched), **dict.fromkeys(due, now.isoformat())}),
        )

    return follow


_NOTHING: Final = "none of the tasks that follow has a time of its own, or all are switched off"


async def _decisions(
    settings: Settings, rules: "Rules", launched: Mapping[str, datetime], now: datetime
) -> "dict[str, Decision]":
    from pake_pipelines.foresight.following import decisions
    from pake_pipelines.store.database import addresses, open_database

    async with open_database(addresses(settings).knowledge) as database, database.connection() as connection:
        return await decisions(connection, rules, launched, now)


def _goes_on(instance: dg.DagsterInstance, task: str) -> bool:
    return goes_on(instance, job_name(task))


def _said(decision: "Decision") -> str:
    return (
        f"{decision.reason}, next at {decision.at:%Y-%m-%d %H:%M} UTC" if decision.at else f"{decision.reason}, goes on"
    )


def _request(task: str, reason: str, now: datetime) -> dg.RunRequest:
    # a backup is that of a day; of which one a run has to say
    day = f"{now:%Y-%m-%d}" if task == BACKUP else None
    return dg.RunRequest(job_name=job_name(task), partition_key=day, tags={"pake/adaptive": reason})


def _launched(cursor: str | None) -> dict[str, datetime]:
    return {task: datetime.fromisoformat(at) for task, at in json.loads(cursor or "{}").items()}


def _texts(launched: Mapping[str, datetime]) -> dict[str, str]:
    return {task: at.isoformat() for task, at in launched.items()}
