"""Incidents that nobody has taken up within their target, as readings (MON-30)."""

from collections.abc import Iterable
from datetime import datetime

from pake_pipelines.model.alert import Condition, Reading, Readings
from pake_pipelines.model.incident import Incident


def incident_readings(overdue: Iterable[Incident], now: datetime) -> Readings:
    """Return a series per incident of `overdue`; one that is taken up, or closed, is gone from it for good."""
    series = tuple(
        Reading(
            {"incident": one.incident_id, "severity": one.severity},
            condition=Condition.BAD,
            detail=f"{one.title}; {one.overdue_minutes(now) or 0:.0f} minutes beyond its target",
        )
        for one in overdue
    )
    return Readings("incident", series, complete=True)
