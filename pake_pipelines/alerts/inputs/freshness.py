"""Freshness policies as readings: bad when an asset is older than its policy says, or about to be."""

from pake_pipelines.alerts.inputs.unread import unread
from pake_pipelines.model.alert import Condition, Reading, Readings
from pake_pipelines.model.dagster_facts import DagsterFacts

_CONDITIONS = {"pass": Condition.OK, "warn": Condition.BAD, "fail": Condition.BAD}


def freshness_readings(facts: DagsterFacts) -> Readings:
    """Return a series per asset with a policy."""
    if facts.freshness is None:
        return unread("freshness", "freshness", facts)
    series = tuple(
        Reading(
            {"asset": one.asset},
            condition=_CONDITIONS.get(one.state, Condition.UNKNOWN),
            detail=f"its freshness policy says {one.state}",
        )
        for one in facts.freshness
    )
    return Readings("freshness", series, complete=True)
