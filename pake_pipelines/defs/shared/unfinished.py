"""Whether the last run of a job is over: what a schedule asks before it launches another."""

from typing import Final

import dagster as dg

_UNFINISHED: Final = [
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]


def goes_on(context: dg.ScheduleEvaluationContext, job: str) -> bool:
    """Tell whether some run of `job` is queued or in progress."""
    return bool(context.instance.get_runs(dg.RunsFilter(job_name=job, statuses=_UNFINISHED), limit=1))
