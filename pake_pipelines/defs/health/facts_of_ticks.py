"""The ticks of schedules and sensors that are switched on: two statements for all of them."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import dagster as dg
from dagster._core.definitions.run_request import InstigatorType
from dagster._core.scheduler.instigation import InstigatorState, InstigatorStatus, InstigatorTick, TickStatus

from pake_pipelines.model.dagster_facts import TickFact

_LATE: Final = timedelta(minutes=5)
# how many ticks are looked at for the latest that is over: the newest may be under way
_TICKS: Final = 2
_OVER: Final = (TickStatus.SUCCESS, TickStatus.FAILURE, TickStatus.SKIPPED)


def ticks(
    instance: dg.DagsterInstance, repository: dg.RepositoryDefinition, location: str | None, now: datetime
) -> tuple[TickFact, ...]:
    """Return how every schedule and sensor that is switched on ticks; one that is stopped is nobody's concern."""
    states = {
        (state.instigator_type, state.name): state
        for state in instance.all_instigator_state()
        if location is None or state.origin.repository_origin.code_location_origin.location_name == location
    }
    running = [one for one in _switchable(repository) if _is_on(one, states.get(_key(one)))]
    found = _latest(instance, [states[_key(one)] for one in running if _key(one) in states])
    return tuple(_fact(one, states.get(_key(one)), found, now) for one in running)


def _switchable(repository: dg.RepositoryDefinition) -> list[dg.ScheduleDefinition | dg.SensorDefinition]:
    return [*repository.schedule_defs, *repository.sensor_defs]


def _kind(one: dg.ScheduleDefinition | dg.SensorDefinition) -> InstigatorType:
    return InstigatorType.SCHEDULE if isinstance(one, dg.ScheduleDefinition) else InstigatorType.SENSOR


def _key(one: dg.ScheduleDefinition | dg.SensorDefinition) -> tuple[InstigatorType, str]:
    return _kind(one), one.name


def _is_on(one: dg.ScheduleDefinition | dg.SensorDefinition, state: InstigatorState | None) -> bool:
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


def _fact(
    one: dg.ScheduleDefinition | dg.SensorDefinition,
    state: InstigatorState | None,
    found: dict[str, list[InstigatorTick]],
    now: datetime,
) -> TickFact:
    newest = found.get(state.selector_id, []) if state else []
    over = next((tick for tick in newest if tick.status in _OVER), None)
    failed = over is not None and over.status is TickStatus.FAILURE
    return TickFact(
        name=one.name,
        kind=_kind(one).value.lower(),
        failed=failed,
        at=_moment(newest[0].timestamp) if newest else None,
        overdue=_overdue(one, state, newest, now),
        error=over.error.message.strip()[:500] if over and failed and over.error else "",
    )


def _overdue(
    one: dg.ScheduleDefinition | dg.SensorDefinition,
    state: InstigatorState | None,
    newest: Sequence[InstigatorTick],
    now: datetime,
) -> bool | None:
    """Tell whether a tick should have come by now; the daemon has not even looked yet where there is no state."""
    if state is None:
        return None
    if isinstance(one, dg.SensorDefinition):
        every = timedelta(seconds=one.minimum_interval_seconds or 30)
        return now - _moment(newest[0].timestamp) > max(_LATE, 5 * every) if newest else None
    started: Any = getattr(state.instigator_data, "start_timestamp", None)
    since = max([tick.timestamp for tick in newest] + ([started] if started else []), default=None)
    return None if since is None else _moment(since) < _due_before(one, now - _LATE)


def _due_before(schedule: dg.ScheduleDefinition, moment: datetime) -> datetime:
    """Return the last moment before `moment` for which the schedule has a tick."""
    from cronsim import CronSim

    crons = [schedule.cron_schedule] if isinstance(schedule.cron_schedule, str) else schedule.cron_schedule
    return max(next(CronSim(cron, moment, reverse=True)) for cron in crons)


def _moment(timestamp: float) -> datetime:
    return datetime.fromtimestamp(timestamp, UTC)
