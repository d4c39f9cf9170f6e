"""The ticks of schedules and sensors as readings; what is switched off has none, and no alerts any more."""

from pake_pipelines.alerts.inputs.unread import unread
from pake_pipelines.model.alert import Condition, Reading, Readings
from pake_pipelines.model.dagster_facts import DagsterFacts, TickFact


def tick_readings(facts: DagsterFacts) -> Readings:
    """Return a series per schedule and sensor that is switched on: bad when it fails or stays away."""
    if facts.ticks is None:
        return unread("tick", "ticks", facts)
    return Readings("tick", tuple(map(_reading, facts.ticks)), complete=True)


def _reading(tick: TickFact) -> Reading:
    bad = tick.failed or tick.overdue
    return Reading(
        {"name": tick.name, "kind": tick.kind},
        condition=Condition.BAD if bad else Condition.UNKNOWN if tick.overdue is None else Condition.OK,
        detail=_detail(tick),
    )


def _detail(tick: TickFact) -> str:
    if tick.failed:
        return tick.error or "its latest tick failed"
    if tick.overdue:
        return f"no tick since {tick.at:%Y-%m-%d %H:%M} UTC" if tick.at else "it has never ticked"
    return ""
