"""The latest outcome of every job as a reading: an alert lasts until the job succeeds again (NOT-15)."""

from pake_pipelines.alerts.inputs.unread import unread
from pake_pipelines.model.alert import Condition, Reading, Readings
from pake_pipelines.model.dagster_facts import DagsterFacts


def run_readings(facts: DagsterFacts) -> Readings:
    """Return a series per job that has an outcome."""
    if facts.runs is None:
        return unread("run", "runs", facts)
    series = tuple(
        Reading(
            {"job": run.job},
            condition=Condition.OK if run.succeeded else Condition.BAD,
            detail=run.detail or ("" if run.succeeded else f"run {run.run_id}"),
        )
        for run in facts.runs
    )
    return Readings("run", series, complete=True)
