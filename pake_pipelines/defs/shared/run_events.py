"""What Dagster's events say in the log files and in traces: how long steps took, and every failure with its error."""

import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from pake_pipelines.telemetry import tracing
from pake_pipelines.telemetry.context import correlated
from pake_pipelines.telemetry.events import FIELDS, performance_event

if TYPE_CHECKING:
    from dagster import DagsterEvent, EventLogEntry
    from dagster_shared.error import SerializableErrorInfo

_log: Final = logging.getLogger("pake_pipelines.runs")
_FAILED: Final = frozenset({"STEP_FAILURE", "STEP_UP_FOR_RETRY", "PIPELINE_FAILURE", "PIPELINE_CANCELED"})
_MILD: Final = frozenset({"STEP_UP_FOR_RETRY", "PIPELINE_CANCELED"})
_STEP_ENDS: Final = frozenset({"STEP_SUCCESS", "STEP_FAILURE", "STEP_UP_FOR_RETRY"})
_RUN_ENDS: Final = frozenset({"PIPELINE_SUCCESS", "PIPELINE_FAILURE", "PIPELINE_CANCELED"})
_MOST_NUMBERS: Final = 40

# (run, step) -> when it began, in the process that runs it
_begun: Final[dict[tuple[str, str | None], float]] = {}


def tell(entry: "EventLogEntry") -> None:
    """Log and trace `entry` if it is the end of a step, a materialization, or something that failed."""
    event = entry.dagster_event
    if event is None:
        return
    kind, step = event.event_type_value, (entry.run_id, entry.step_key)
    with correlated(**_where(entry)):
        if kind == "STEP_START":
            _begun[step] = entry.timestamp
        elif kind == "ASSET_MATERIALIZATION":
            _tell_materialization(event)
        elif kind in _FAILED or _error(event) is not None:
            _tell_failure(event)
        if kind in _STEP_ENDS:
            _tell_step(event, entry.timestamp - _begun.pop(step, entry.timestamp))
        if kind in _RUN_ENDS:
            tracing.flush()


def _where(entry: "EventLogEntry") -> dict[str, Any]:
    found = {"run_id": entry.run_id, "job": entry.job_name, "step": entry.step_key}
    return {name: value for name, value in found.items() if value}


def _tell_step(event: "DagsterEvent", seconds: float) -> None:
    error = _error(event)
    performance_event("step", seconds, outcome=event.event_type_value.removeprefix("STEP_").lower())
    said = None if event.event_type_value == "STEP_SUCCESS" else error.to_string() if error else event.message
    tracing.past_span(event.step_key or "step", seconds, error=said)


def _tell_materialization(event: "DagsterEvent") -> None:
    made = event.step_materialization_data.materialization
    numbers: dict[str, Any] = {
        name.rpartition("/")[2]: one.value
        for name, one in list(made.metadata.items())[:_MOST_NUMBERS]
        if isinstance(one.value, int | float)
    }
    seconds = numbers.pop("seconds", None)
    if seconds is not None:
        where: Mapping[str, Any] = {"asset_key": made.asset_key.to_user_string(), "partition": made.partition}
        performance_event("asset", float(seconds), **{**numbers, **where})


def _tell_failure(event: "DagsterEvent") -> None:
    error, kind = _error(event), event.event_type_value
    said = {"dagster_event": kind, **({"traceback": error.to_string()} if error else {})}
    _log.log(logging.WARNING if kind in _MILD else logging.ERROR, "%s", event.message or kind, extra={FIELDS: said})


def _error(event: "DagsterEvent") -> "SerializableErrorInfo | None":
    return getattr(event.event_specific_data, "error", None)
