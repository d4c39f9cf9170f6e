"""Telling a running Dagster of a task that was run at the terminal, so that the history of its asset has it."""

from datetime import UTC, datetime
from typing import Final

from pake_pipelines.cli.dagster_api import DagsterApi, DagsterError
from pake_pipelines.cli.stack import running
from pake_pipelines.model.maintenance import Outcome, TaskState
from pake_pipelines.settings import Settings

_PARTITIONED: Final = "database_backup"


def tell_dagster(settings: Settings, task: str, outcome: Outcome) -> str | None:
    """Report a run to Dagster where it is up; return why it could not be, None when it was or nobody is there.

    What did its work is a materialization, of today's partition where there are partitions; all else is an observation.
    """
    held = running(settings)
    if held is None:
        return None
    today = datetime.now(UTC).date().isoformat()
    try:
        DagsterApi(held[1]).report_asset(
            task,
            made=outcome.state is TaskState.DONE,
            partition=today if task == _PARTITIONED else None,
            description=f"{outcome.state.value}, at the terminal: {outcome.summary}",
        )
    except DagsterError as error:
        return str(error)
    return None
