"""The books of healing: what is known of each service is read, decided upon, and what follows is written.

Both the sensor and the terminal look through here; without a service that can be healed it costs one query.
"""

from collections.abc import AsyncIterator, Collection, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from pake_pipelines.config.services import AnyService
from pake_pipelines.model.health import DOWN, HealthSample
from pake_pipelines.services.errors import ServiceError
from pake_pipelines.services.plan import IN_A_ROW, HealingPlan, ancestors, is_healable, plan_healing
from pake_pipelines.services.standing import HOUR, Standing, status_of
from pake_pipelines.store import health_samples, service_restarts
from pake_pipelines.store.database import Connection, Database

_LOOK_BACK: Final = timedelta(minutes=15)
"""So much longer than the longest span that decides anything."""


async def plan_now(
    database: Database, services: Mapping[str, AnyService], now: datetime, *, keep: bool = True
) -> HealingPlan:
    """Decide about `services` (those that are switched on) from what is stored.

    Writes what follows at once: attempts of the dead are closed, surrenders begin and end; without `keep` nothing.
    """
    async with database.transaction(keep=keep) as connection:
        given_up = await service_restarts.surrenders(connection)
        healable = [name for name, service in services.items() if is_healable(service)]
        if not healable and not given_up:
            return HealingPlan()
        await service_restarts.interrupt_dead(connection, now)
        newest = await health_samples.latest(connection, now)
        down = [one for one in healable if one in newest and status_of(Standing((newest[one],)), now) in DOWN]
        standings = await read_standings(connection, services, down, now)
        for name, surrender in given_up.items():
            seen = (newest[name],) if name in newest else ()
            standings[name] = replace(standings.get(name, Standing(seen)), surrender=surrender)
        plan = plan_healing(services, standings, now)
        for one in plan.gives_up:
            await service_restarts.surrender(connection, one.service, one.detail, now)
        for name in plan.over:
            await service_restarts.end_surrender(connection, name)
    return plan


async def read_standings(
    connection: Connection, services: Mapping[str, AnyService], names: Iterable[str], now: datetime
) -> dict[str, Standing]:
    """Return the standing of each of `names` and of everything that they depend on."""
    chosen = list(dict.fromkeys(one for name in names for one in (*ancestors(services, name), name)))
    if not chosen:
        return {}
    longest = max(timedelta(minutes=services[name].restarts.settled_minutes) for name in chosen)
    since = now - max(longest, HOUR) - _LOOK_BACK
    made = await service_restarts.attempts(connection, chosen, since)
    given_up = await service_restarts.surrenders(connection)
    return {
        name: Standing(
            tuple(one for one in reversed(await health_samples.history(connection, name, since)) if one.at <= now),
            made[name],
            given_up.get(name),
        )
        for name in chosen
    }


def plan_with(
    services: Mapping[str, AnyService],
    standings: Mapping[str, Standing],
    fresh: Sequence[HealthSample],
    now: datetime,
    *,
    rule: int = IN_A_ROW,
) -> HealingPlan:
    """Decide as if the samples `fresh` had been stored."""
    seen = {one.service: one for one in fresh}
    newer = {
        name: replace(standing, samples=(seen[name], *standing.samples)) if name in seen else standing
        for name, standing in standings.items()
    }
    return plan_healing(services, newer, now, rule=rule)


@asynccontextmanager
async def held(database: Database, name: str) -> AsyncIterator[Connection]:
    """Hold the lock of the service `name` on the connection that is lent. Raises BusyError when somebody else does."""
    async with database.connection() as connection:
        if not await service_restarts.lock(connection, name):
            raise BusyError(f"{name} is being started or stopped by somebody else right now: `pake services status`")
        try:
            yield connection
        finally:
            await service_restarts.unlock(connection, name)


class BusyError(ServiceError):
    """Somebody else is at the service."""


def known(services: Mapping[str, AnyService], names: Collection[str] | None) -> Collection[str]:
    """Return `names`, or all services. Raises ServiceError for one that there is not."""
    for name in names or ():
        if name not in services:
            raise ServiceError(f"no service {name!r} that is switched on: `pake services status` shows them all")
    return names if names is not None else services
