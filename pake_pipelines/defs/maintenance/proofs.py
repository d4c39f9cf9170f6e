"""The sensor that has backups proved which were made outside of the nightly job (BAK-18).

The job proves what it makes. A backup from `pake backup create`, or from the button in the UI, nobody has restored yet:
the sensor asks for its proof once, as soon as whoever made it has had the time to do so.
"""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

import dagster as dg

from pake_pipelines.defs.maintenance.tables import PROOF
from pake_pipelines.defs.shared.unfinished import UNFINISHED, goes_on
from pake_pipelines.model.maintenance import ProofState
from pake_pipelines.settings import Settings
from pake_pipelines.store.errors import StoreError

if TYPE_CHECKING:
    from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition as AssetJob

    from pake_pipelines.store.backups import BackupRow

NAME: Final = "backup_verification_sensor"
_EVERY_SECONDS: Final = 180
# `pake backup create && pake backup verify --latest` proves by itself
_GRACE: Final = timedelta(minutes=5)


def proof_sensor(settings: Settings, job: "AssetJob", *, on: bool) -> dg.SensorDefinition:
    """Return the sensor; it starts out stopped when `on` is false. A tick costs one query."""

    @dg.sensor(
        name=NAME,
        job=job,
        minimum_interval_seconds=_EVERY_SECONDS,
        default_status=dg.DefaultSensorStatus.RUNNING if on else dg.DefaultSensorStatus.STOPPED,
        description=f"Runs `{PROOF}` for a newest backup that nobody has proved: one made at the terminal or by hand "
        "in the UI. Once for each backup.",
    )
    def look(context: dg.SensorEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        try:
            newest = asyncio.run(_newest(settings))
        except StoreError as error:
            return dg.SkipReason(f"which backups there are is not known: {error}")
        why = reason_to_leave(newest, datetime.now(UTC))
        if newest is None or why:
            return dg.SkipReason(why)
        if _is_being_made(context.instance, newest.run_id) or goes_on(context.instance, job.name):
            return dg.SkipReason(f"{newest.name} is being made or proved right now")
        return dg.RunRequest(run_key=newest.name)

    return look


async def _newest(settings: Settings) -> "BackupRow | None":
    from pake_pipelines.store.backups import listed
    from pake_pipelines.store.database import addresses, open_database

    async with open_database(addresses(settings).knowledge) as database, database.connection() as connection:
        return next(iter(await listed(connection)), None)


def reason_to_leave(newest: "BackupRow | None", now: datetime) -> str:
    """Return why the newest backup needs no proof now; empty when it does."""
    if newest is None:
        return "there is no backup"
    if newest.state is not ProofState.UNPROVEN:
        return f"{newest.name} was tried: {newest.state.value}"
    if now - newest.created_at < _GRACE:
        return f"{newest.name} is new: whoever made it may be about to prove it"
    return ""


def _is_being_made(instance: dg.DagsterInstance, run_id: str) -> bool:
    """Tell whether the run that made a backup goes on: its proof may still come."""
    run = instance.get_run_by_id(run_id) if run_id else None
    return run is not None and run.status in UNFINISHED
