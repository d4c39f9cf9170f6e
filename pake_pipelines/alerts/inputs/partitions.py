"""Failed partitions as readings: an alert lasts until every partition of the asset has been made."""

from pake_pipelines.alerts.inputs.unread import unread
from pake_pipelines.model.alert import Condition, Reading, Readings
from pake_pipelines.model.dagster_facts import DagsterFacts, PartitionsFact

_NAMED = 5


def partition_readings(facts: DagsterFacts) -> Readings:
    """Return a series per partitioned asset that was ever launched."""
    if facts.partitions is None:
        return unread("partitions", "partitions", facts)
    series = tuple(
        Reading({"asset": one.asset}, condition=Condition.BAD if one.failed else Condition.OK, detail=_detail(one))
        for one in facts.partitions
    )
    return Readings("partitions", series, complete=True)


def _detail(one: PartitionsFact) -> str:
    if not one.failed:
        return ""
    named = ", ".join(one.sample[-_NAMED:])
    return f"{one.failed}: {named}" + (" and others" if one.failed > _NAMED else "")
