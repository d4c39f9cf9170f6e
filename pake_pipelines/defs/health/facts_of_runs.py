"""Runs, their queue and the pools that they wait for."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

import dagster as dg
from dagster._core.storage.dagster_run import JobBucket, RunRecord
from dagster._core.storage.tags import WILL_RETRY_TAG

from pake_pipelines.model.dagster_facts import LEAKED_AFTER, PoolFact, QueueFact, RunFact, RunTotals

BY_HAND: Final = "assets"
_ASSET_JOB: Final = "__ASSET_JOB"
_OVER: Final = [dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE]
_IN_PROGRESS: Final = [
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]
# a run is tried again once at most, so the latest three of a job hold one whose outcome stands
_LATEST: Final = 3
_MAX_RUNS: Final = 2000
_MAX_QUEUED: Final = 500


def queue(instance: dg.DagsterInstance) -> QueueFact:
    """Return how many runs wait, since when, and how many are under way: two statements."""
    waiting = instance.get_run_records(
        dg.RunsFilter(statuses=[dg.DagsterRunStatus.QUEUED]), limit=_MAX_QUEUED, ascending=True
    )
    return QueueFact(
        queued=len(waiting),
        oldest_queued_at=min((record.create_timestamp for record in waiting), default=None),
        in_progress=instance.get_runs_count(dg.RunsFilter(statuses=_IN_PROGRESS)),
    )


def latest_runs(instance: dg.DagsterInstance, jobs: Sequence[str]) -> tuple[RunFact, ...]:
    """Return the latest outcome of every job that has one; of a failed run also what its failure says.

    A cancelled run has no outcome, and neither has one that failed and is being tried again.
    """
    records = instance.get_run_records(
        dg.RunsFilter(statuses=_OVER), bucket_by=JobBucket([*jobs, _ASSET_JOB], bucket_limit=_LATEST)
    )
    latest: dict[str, RunRecord] = {}
    for record in sorted(records, key=lambda record: record.storage_id, reverse=True):
        if record.dagster_run.tags.get(WILL_RETRY_TAG) != "true":
            latest.setdefault(record.dagster_run.job_name, record)
    return tuple(_fact(record, _why(instance, record)) for record in latest.values())


def last_day(instance: dg.DagsterInstance, now: datetime) -> tuple[RunFact, ...]:
    """Return all runs that ended within the last day, at most the newest 2,000."""
    records = instance.get_run_records(
        dg.RunsFilter(statuses=_OVER, updated_after=now - timedelta(days=1)), limit=_MAX_RUNS
    )
    return tuple(_fact(record) for record in records)


def totals(instance: dg.DagsterInstance) -> RunTotals:
    """Return how many runs have ended so far: two statements."""
    return RunTotals(
        finished=instance.get_runs_count(dg.RunsFilter(statuses=_OVER)),
        succeeded=instance.get_runs_count(dg.RunsFilter(statuses=[dg.DagsterRunStatus.SUCCESS])),
    )


def pools(instance: dg.DagsterInstance, now: datetime) -> tuple[PoolFact, ...]:
    """Return the pools with the slots that runs hold which are over, or gone, for longer than slots are kept."""
    storage = instance.event_log_storage
    if not storage.supports_global_concurrency_limits:
        return ()
    limits = {pool.name: pool.limit for pool in storage.get_pool_limits()}
    infos = storage.get_concurrency_infos(sorted(limits))
    holders = {slot.run_id for info in infos.values() for slot in info.claimed_slots}
    dead = _dead(instance, holders, now)
    return tuple(
        PoolFact(
            name=name,
            limit=limit,
            claimed=len(infos[name].claimed_slots),
            waiting=infos[name].pending_step_count,
            leaked=sum(slot.run_id in dead for slot in infos[name].claimed_slots),
        )
        for name, limit in sorted(limits.items())
        if name in infos
    )


def _dead(instance: dg.DagsterInstance, run_ids: Iterable[str], now: datetime) -> set[str]:
    ids = sorted(run_ids)
    if not ids:
        return set()
    records = {record.dagster_run.run_id: record for record in instance.get_run_records(dg.RunsFilter(run_ids=ids))}
    return {one for one in ids if one not in records or _is_long_over(records[one], now)}


def _is_long_over(record: RunRecord, now: datetime) -> bool:
    return record.dagster_run.is_finished and now - record.update_timestamp > LEAKED_AFTER


def _fact(record: RunRecord, detail: str = "") -> RunFact:
    run = record.dagster_run
    return RunFact(
        job=BY_HAND if run.job_name == _ASSET_JOB else run.job_name,
        run_id=run.run_id,
        succeeded=run.status is dg.DagsterRunStatus.SUCCESS,
        started_at=_moment(record.start_time),
        ended_at=_moment(record.end_time),
        detail=detail,
    )


def _why(instance: dg.DagsterInstance, record: RunRecord) -> str:
    """Return what the failure of a failed run says, its first failed step before what follows from it."""
    run = record.dagster_run
    if run.status is not dg.DagsterRunStatus.FAILURE:
        return ""
    failures = instance.get_records_for_run(run.run_id, of_type=dg.DagsterEventType.RUN_FAILURE).records
    if not failures or not (event := failures[-1].event_log_entry.dagster_event):
        return "its process ended"
    data = event.job_failure_data
    first = data.first_step_failure_event
    if first is not None and first.step_failure_data.error:
        error = first.step_failure_data.error
        cause = error.cause.message if error.cause else error.message
        return f"{first.step_key}: {cause.strip()}"[:500]
    return (data.error.message if data.error else event.message or "").strip()[:500]


def _moment(timestamp: float | None) -> datetime | None:
    return None if timestamp is None else datetime.fromtimestamp(timestamp, UTC)
