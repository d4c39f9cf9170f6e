"""The latest evaluations of asset checks as readings, from runs and from ticks alike (NOT-15)."""

from pake_pipelines.alerts.inputs.unread import unread
from pake_pipelines.model.alert import Condition, Reading, Readings
from pake_pipelines.model.dagster_facts import CheckFact, DagsterFacts


def check_readings(facts: DagsterFacts) -> Readings:
    """Return a series per check that was ever evaluated; one that could not be is unknown."""
    if facts.checks is None:
        return unread("check", "checks", facts)
    return Readings("check", tuple(map(_reading, facts.checks)), complete=True)


def _reading(check: CheckFact) -> Reading:
    return Reading(
        {"asset": check.asset, "check": check.check, "error_severity": str(check.error_severity).lower()},
        condition=Condition.UNKNOWN if check.passed is None else Condition.OK if check.passed else Condition.BAD,
        detail=check.detail,
    )
