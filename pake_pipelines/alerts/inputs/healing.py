"""Services that healing has given up, as readings."""

from collections.abc import Iterable

from pake_pipelines.model.alert import Condition, Reading, Readings
from pake_pipelines.model.restart import Surrender


def healing_readings(surrenders: Iterable[Surrender]) -> Readings:
    """Return a series per service that was given up; who stopped a service by hand knows of it."""
    series = tuple(
        Reading({"service": one.service}, condition=Condition.BAD, detail=one.detail)
        for one in surrenders
        if not one.by_hand
    )
    return Readings("healing", series, complete=True)
