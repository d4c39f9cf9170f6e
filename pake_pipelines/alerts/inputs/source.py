"""How sources stand as readings: bad while one is at rest after failures, or has ended for good."""

from collections.abc import Mapping
from datetime import datetime

from pake_pipelines.model.alert import Condition, Reading, Readings
from pake_pipelines.store.sources import SourceState


def source_readings(states: Mapping[str, SourceState], now: datetime) -> Readings:
    """Return a series per enabled source of `states`.

    A source whose rest is over stays bad until a visit succeeds: the first visit after a rest is a trial.
    """
    return Readings("source", tuple(_reading(name, state, now) for name, state in states.items()), complete=True)


def _reading(source: str, state: SourceState, now: datetime) -> Reading:
    reason = _reason(state, now)
    return Reading({"source": source}, condition=Condition.BAD if reason else Condition.OK, detail=reason or "")


def _reason(state: SourceState, now: datetime) -> str | None:
    if state.disabled_because:
        return f"it has ended: {state.disabled_because}"
    if state.resting_until is None or not state.consecutive_failures:
        return None
    after = f"after {state.consecutive_failures} failures in a row ({state.last_error})"
    return f"at rest until {state.resting_until:%Y-%m-%d %H:%M} UTC {after}" if now < state.resting_until else after
