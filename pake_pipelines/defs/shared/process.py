"""What every process of Dagster sets up when it opens the instance: log files, redaction, the run that a line is of."""

from typing import Any

from pake_pipelines.settings import get_settings
from pake_pipelines.telemetry import guards
from pake_pipelines.telemetry.context import correlate_with
from pake_pipelines.telemetry.logs import set_up_logging


def set_up_process() -> None:
    """Have this process log into the project's files and redact what it prints. A second call changes nothing."""
    set_up_logging(get_settings(), "dagster")
    guards.guard_output()
    guards.log_unhandled()
    correlate_with(current_run)


def current_run() -> dict[str, Any]:
    """Return the run, asset and partition whose code runs here, nothing outside of a run."""
    from dagster._core.execution.context.compute import current_execution_context

    if (context := current_execution_context.get()) is None:
        return {}
    op = context.op_execution_context
    found = {
        "run_id": op.run_id,
        "job": op.job_name,
        "step": op.get_step_execution_context().step.key,
        "partition": op.partition_key if op.has_partition_key else None,
    }
    return {name: value for name, value in found.items() if value}
