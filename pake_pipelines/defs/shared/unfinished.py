"""Whether the last run of a job is over: what a schedule or sensor asks before it launches another."""

from typing import Final

import dagster as dg

UNFINISHED: Final = [
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]


def goes_on(instance: dg.DagsterInstance, job: str) -> bool:
    """Tell whether some run of `job` is queued or in progress."""
    return bool(instance.get_runs(dg.RunsFilter(job_name=job, statuses=UNFINISHED), limit=1))
