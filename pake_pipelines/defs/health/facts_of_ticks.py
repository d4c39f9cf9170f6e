"""Schedules and sensors, and the ticks of those that are switched on: two statements for all of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from urllib.parse import quote

import dagster as dg
from dagster._core.definitions.run_request import InstigatorType
from dagster._core.scheduler.instigation import InstigatorState, InstigatorStatus, InstigatorTick, TickStatus

from pake_pipelines.defs.health.place import Place
from pake_pipelines.model.dagster_facts import ScheduleFact, TickFact

_LATE: Final = timedelta(minutes=5)
# how many ticks are looked at for the latest that is over: the newest may be under way
_TICKS: Final = 2
_OVER: Final = (TickStatus.SUCCESS, TickStatus.FAILURE, TickStatus.SKIPPED)
# a sensor that names no interval of its own looks so often
_USUAL_SECONDS: Final = 30

Definition = dg.ScheduleDefinition | dg.SensorDefinition


@dataclass(frozen=True, slots=True)
class Instigator:
    """A schedule or sensor with what Dagster keeps of it; `newest` are its last ticks, none where it is stopped."""

    one: Definition
    state: InstigatorState | None
    on: bool
    newest: Sequence[InstigatorTick]


def instigators(place: Place) -> tuple[Instigator, ...]:
    """Return every schedule and sensor of a place."""
    states = {
        (state.instigator_type, state.name): state
        for state in place.instance.all_instigator_state()
        if place.location is None or state.origin.repository_origin.code_location_origin.location_name == place.location
    }
    standing = [(one, states.get(_key(one))) for one in _switchable(place.repository)]
    found = _latest(place.instance, [state for one, state in standing if state and _is_on(one, state)])
    return tuple(
        Instigator(one, state, _is_on(one, state), found.get(state.selector_id, ()) if state else ())
        for one, state in standing
    )


def ticks(seen: Sequence[Instigator], now: datetime) -> tuple[TickFact, ...]:
    """Return how every one that is switched on ticks; one that is stopped is nobody's concern."""
    return tuple(_tick(one, now) for one in seen if one.on)


def schedules(seen: Sequence[Instigator], place: Place) -> tuple[ScheduleFact, ...]:
    """Return how all of them stand."""
    within = f"locations/{place.repository.name}@{place.location}" if place.location else ""
    return tuple(_schedule(one, within) for one in seen)


def _switchable(repository: dg.RepositoryDefinition) -> list[Definition]:
    return [*repository.schedule_defs, *repository.sensor_defs]


def _kind(one: Definition) -> InstigatorType:
    return InstigatorType.SCHEDULE if isinstance(one, dg.ScheduleDefinition) else InstigatorType.SENSOR


def _key(one: Definition) -> tuple[InstigatorType, str]:
    return _kind(one), one.name


def _is_on(one: Definition, state: InstigatorState | None) -> bool:
    if state is None or state.status is InstigatorStatus.DECLARED_IN_CODE:
        return one.default_status in {dg.DefaultScheduleStatus.RUNNING, dg.DefaultSensorStatus.RUNNING}
    return state.status is InstigatorStatus.RUNNING


def _latest(instance: dg.DagsterInstance, states: Sequence[InstigatorState]) -> dict[str, list[InstigatorTick]]:
    """Return the newest ticks by selector, the newest first."""
    storage = instance.schedule_storage
    if storage is None or not states:
        return {}
    if storage.supports_batch_queries:
        batch = storage.get_batch_ticks([state.selector_id for state in states], limit=_TICKS)
        return {selector: list(several) for selector, several in batch.items()}
    return {
        state.selector_id: list(storage.get_ticks(state.instigator_origin_id, state.selector_id, limit=_TICKS))
        for state in states
    }


def _tick(seen: Instigator, now: datetime) -> TickFact:
    over = next((tick for tick in seen.newest if tick.status in _OVER), None)
    failed = over is not None and over.status is TickStatus.FAILURE
    return TickFact(
        name=seen.one.name,
        kind=_kind(seen.one).value.lower(),
        failed=failed,
        at=_moment(seen.newest[0].timestamp) if seen.newest else None,
        overdue=_overdue(seen.one, seen.state, seen.newest, now),
        error=over.error.message.strip()[:500] if over and failed and over.error else "",
    )


def _schedule(seen: Instigator, within: str) -> ScheduleFact:
    one, newest = seen.one, seen.newest[0] if seen.newest else None
    is_sensor = isinstance(one, dg.SensorDefinition)
    return ScheduleFact(
        name=one.name,
        kind="sensor" if is_sensor else "schedule",
        on=seen.on,
        crons=() if isinstance(one, dg.SensorDefinition) else _crons(one),
        every=_every(one) if isinstance(one, dg.SensorDefinition) else None,
        last_at=_moment(newest.timestamp) if newest else None,
        last_state=newest.status.value.lower() if newest else None,
        page=f"{within}/{'sensors' if is_sensor else 'schedules'}/{quote(one.name)}" if within else "automation",
    )


def _every(sensor: dg.SensorDefinition) -> timedelta:
    return timedelta(seconds=sensor.minimum_interval_seconds or _USUAL_SECONDS)


def _crons(schedule: dg.ScheduleDefinition) -> tuple[str, ...]:
    crons = schedule.cron_schedule
    return (crons,) if isinstance(crons, str) else tuple(crons)


def _overdue(
    one: Definition,
    state: InstigatorState | None,
    newest: Sequence[InstigatorTick],
    now: datetime,
) -> bool | None:
    """Tell whether a tick should have come by now; the daemon has not even looked yet where there is no state."""
    if state is None:
        return None
    if isinstance(one, dg.SensorDefinition):
        return now - _moment(newest[0].timestamp) > max(_LATE, 5 * _every(one)) if newest else None
    started: Any = getattr(state.instigator_data, "start_timestamp", None)
    since = max([tick.timestamp for tick in newest] + ([started] if started else []), default=None)
    return None if since is None else _moment(since) < _due_before(one, now - _LATE)


def _due_before(schedule: dg.ScheduleDefinition, moment: datetime) -> datetime:
    """Return the last moment before `moment` for which the schedule has a tick."""
    from cronsim import CronSim

    return max(next(CronSim(cron, moment, reverse=True)) for cron in _crons(schedule))


def _moment(timestamp: float) -> datetime:
    return datetime.fromtimestamp(timestamp, UTC)
