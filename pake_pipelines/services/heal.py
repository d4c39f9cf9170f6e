"""Healing: what was planned is carried out, parents before children, and every attempt is verified (SVC-12, D-08).

The plan says who is looked at; whether anything is done is decided anew for each service, under its lock, by a probe of
this moment. So a plan that is old, or carried out twice, does no harm.
"""

import asyncio
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from graphlib import TopologicalSorter
from typing import Final

from pake_pipelines.config.monitoring import MonitoringConfig
from pake_pipelines.config.services import AnyService
from pake_pipelines.crash import CrashPoint, point
from pake_pipelines.model.health import DOWN
from pake_pipelines.model.restart import RestartState
from pake_pipelines.services.books import BusyError, held, known, plan_now, plan_with, read_standings
from pake_pipelines.services.errors import ServiceError
from pake_pipelines.services.mechanics import Mechanics
from pake_pipelines.services.plan import IN_A_ROW, GiveUp, Heal, Wait, ancestors, is_healable
from pake_pipelines.settings import Settings
from pake_pipelines.sources.clock import SYSTEM, Clock
from pake_pipelines.store import service_restarts
from pake_pipelines.store.database import Connection, Database

# each attempt holds a connection with its lock, and all share the rest of the pool
_AT_ONCE: Final = 3


class HealState(StrEnum):
    """What came of looking at a service in order to heal it."""

    VERIFIED = "verified"
    FAILED = "failed"
    NOT_NEEDED = "not needed"
    WAITS = "waits"
    GAVE_UP = "gave up"
    BUSY = "busy"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one service; `restart_id` and `attempt` are None where nothing was tried."""

    service: str
    state: HealState
    detail: str
    restart_id: int | None = None
    attempt: int | None = None
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class HealResult:
    """The outcomes, in the order in which services were looked at."""

    outcomes: tuple[Outcome, ...]

    @property
    def ok(self) -> bool:
        """Whether no attempt failed and nothing was given up."""
        return not any(one.state in {HealState.FAILED, HealState.GAVE_UP} for one in self.outcomes)

    @property
    def attempted(self) -> tuple[Outcome, ...]:
        """The outcomes of what was tried."""
        return tuple(one for one in self.outcomes if one.restart_id is not None)


async def heal(
    database: Database,
    config: MonitoringConfig,
    settings: Settings,
    names: Collection[str] | None = None,
    *,
    cause: str = "",
    actor: str = "healing",
    run_id: str | None = None,
    clock: Clock = SYSTEM,
    environ: Mapping[str, str] | None = None,
    rule: int = IN_A_ROW,
) -> HealResult:
    """Heal `names` (all that can be healed without any), parents first, three at a time where they do not depend.

    `cause` is written with each attempt; without one it is what the probe said. Takes as long as the services take to
    start. Raises ServiceError for an unknown name; what goes wrong with a service is its outcome.
    """
    services = config.enabled_services()
    wanted = {name for name in known(services, names) if is_healable(services[name])}
    mechanics = Mechanics(database, config, settings, clock, *(() if environ is None else (environ,)))
    places, outcomes = asyncio.Semaphore(_AT_ONCE), []

    async def in_turn(name: str) -> Outcome:
        async with places:
            return await _heal_one(mechanics, name, cause=cause, actor=actor, run_id=run_id, rule=rule)

    for level in _levels(services, wanted):
        outcomes += await asyncio.gather(*(in_turn(name) for name in level))
    await plan_now(database, services, clock.now())
    return HealResult(tuple(outcomes))


def _levels(services: Mapping[str, AnyService], names: Collection[str]) -> list[list[str]]:
    """Return `names` in groups: what a service depends on, directly or not, is in a group before its own."""
    sorter = TopologicalSorter(
        {name: set(ancestors(services, name)) & set(names) for name in services if name in names}
    )
    sorter.prepare()
    levels = []
    while sorter.is_active():
        ready = sorter.get_ready()
        levels.append(sorted(ready, key=list(services).index))
        sorter.done(*ready)
    return levels


async def _heal_one(
    mechanics: Mechanics, name: str, *, cause: str, actor: str, run_id: str | None, rule: int
) -> Outcome:
    try:
        async with held(mechanics.database, name) as connection:
            decided = await _decide(mechanics, connection, name, rule)
            if isinstance(decided, Outcome):
                return decided
            service, now = mechanics.service(name), mechanics.clock.now()
            async with connection.transaction():
                restart_id = await service_restarts.claim(
                    connection,
                    service=name,
                    cause=cause or decided.cause,
                    attempt=decided.attempt,
                    actor=actor,
                    by_hand=False,
                    run_id=run_id,
                    now=now,
                    max_per_hour=service.restarts.max_per_hour,
                )
            if restart_id is None:
                return Outcome(name, HealState.WAITS, "the attempts of this hour are used up")
            point(CrashPoint.HEAL_CLAIMED)
            return await _attempt(mechanics, connection, name, restart_id, decided.attempt)
    except BusyError as error:
        return Outcome(name, HealState.BUSY, str(error))


async def _decide(mechanics: Mechanics, connection: Connection, name: str, rule: int) -> Heal | Outcome:
    """Return what to do about `name` as it is found now, under its lock: whatever is under way there is of the dead."""
    services = mechanics.config.enabled_services()
    async with connection.transaction():
        await service_restarts.interrupt(connection, name, mechanics.clock.now())
        standings = await read_standings(connection, services, [name], mechanics.clock.now())
    fresh = await mechanics.probe(name)
    if fresh.status not in DOWN:
        return Outcome(name, HealState.NOT_NEEDED, f"it is {fresh.status}: {fresh.detail}")
    above = [await mechanics.probe(parent) for parent in ancestors(services, name)]
    plan = plan_with(services, standings, [fresh, *above], mechanics.clock.now(), rule=rule)
    match plan.of(name):
        case Heal(after=()) as decided:
            return decided
        case Heal(after=parents):
            return Outcome(name, HealState.WAITS, f"it depends on {parents[0]}, which does not serve")
        case Wait(reason=reason, detail=detail):
            return Outcome(name, HealState.WAITS, f"{reason}: {detail}")
        case GiveUp(detail=detail):
            return Outcome(name, HealState.GAVE_UP, detail)
        case _:
            return Outcome(name, HealState.NOT_NEEDED, fresh.detail)


async def _attempt(mechanics: Mechanics, connection: Connection, name: str, restart_id: int, attempt: int) -> Outcome:
    began = mechanics.clock.monotonic()
    state, healed, detail = RestartState.VERIFIED, HealState.VERIFIED, ""
    try:
        launched = await mechanics.relaunch(name)
        point(CrashPoint.HEAL_LAUNCHED)
        await service_restarts.mark_started(connection, restart_id)
        point(CrashPoint.HEAL_STARTED)
        detail = (await mechanics.await_serving(name, launched)).detail
        point(CrashPoint.HEAL_VERIFIED)
    except ServiceError as error:
        state, healed, detail = RestartState.FAILED, HealState.FAILED, str(error)
    seconds = mechanics.clock.monotonic() - began
    settled = await service_restarts.settle(connection, restart_id, state, detail, mechanics.clock.now())
    point(CrashPoint.HEAL_SETTLED)
    if not settled:
        healed, detail = HealState.FAILED, "the lock was lost, and somebody else has taken over"
    return Outcome(name, healed, detail, restart_id, attempt, seconds)
