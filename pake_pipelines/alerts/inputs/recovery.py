"""The latest recovery of each name as a reading: bad when it did not help, until it was taken back."""

from collections.abc import Iterable

from pake_pipelines.model.alert import Condition, Reading, Readings
from pake_pipelines.model.recovery import RecoveryRow, RecoveryState

_UNDER_WAY = frozenset({RecoveryState.ACTING, RecoveryState.VERIFYING})


def recovery_readings(latest: Iterable[RecoveryRow]) -> Readings:
    """Return a series per recovery that was ever tried; while one is under way nothing is known of it."""
    series = tuple(
        Reading(
            {"recovery": one.recovery},
            condition=_condition(one),
            detail=str(one.details.get("verdict") or one.state.value),
        )
        for one in latest
    )
    return Readings("recovery", series, complete=True)


def _condition(one: RecoveryRow) -> Condition:
    if one.state in _UNDER_WAY:
        return Condition.UNKNOWN
    helped = one.state is RecoveryState.RECOVERED
    return Condition.OK if helped or one.reverted_at is not None else Condition.BAD
