"""A part of Dagster's facts that was not read: all series of its input are unknown, and none is gone."""

from pake_pipelines.model.alert import Readings
from pake_pipelines.model.dagster_facts import DagsterFacts


def unread(name: str, part: str, facts: DagsterFacts) -> Readings:
    """Return the readings of input `name`, whose facts in `part` are missing."""
    return Readings(name, error=facts.errors.get(part, "it was not read"))
