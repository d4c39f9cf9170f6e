"""The daemon of a script: one process's share of the work, which can be started anew at any moment.

What it knows from one beat to the next stands in PostgreSQL alone.
"""

import asyncio
from collections.abc import Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import timedelta
from typing import Self

from pake_pipelines.alerts.deliver import deliver
from pake_pipelines.alerts.evaluate import evaluate
from pake_pipelines.settings import Settings
from pake_pipelines.store import alerts, silences
from pake_pipelines.store.database import Database, open_database
from pake_pipelines_tests.alerts.harness.script import Acknowledges, ByHand, Script, Silences, Step
from pake_pipelines_tests.alerts.harness.world import World

_DELIVERY_SECONDS = 5.0


@dataclass(frozen=True)
class Tick:
    """Half a tick of the daemon: it evaluates, or it delivers."""

    at: float
    delivers: bool
    number: int


Beat = Step | Tick


def beats(script: Script) -> Iterator[Beat]:
    """Yield everything that happens in a script, in order; what happens at a tick happens before it."""
    steps = sorted(script.steps, key=lambda step: step.at)
    for number in range(int(script.until / script.tick) + 1):
        at = number * script.tick
        while steps and steps[0].at <= at:
            yield steps.pop(0)
        yield Tick(at, False, number)
        yield Tick(at, True, number)
    assert not steps, f"{script.name}: {steps} come after its end"


class Daemons:
    """One daemon, or several by mistake, on one database."""

    def __init__(self, url: str, settings: Settings, count: int = 1, apart: float = 0) -> None:
        """Describe them; their clocks are `apart` by so many seconds."""
        self._url = url
        self._settings = settings
        self._count = count
        self._apart = timedelta(seconds=apart)
        self._open = AsyncExitStack()
        self._databases: list[Database] = []

    async def __aenter__(self) -> Self:
        """Start them."""
        self._databases = [await self._open.enter_async_context(open_database(self._url)) for _ in range(self._count)]
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stop them."""
        await self._open.aclose()

    async def restart(self) -> None:
        """Stop and start them."""
        await self._open.aclose()
        await self.__aenter__()

    async def tick(self, tick: Tick, world: World) -> None:
        """Do what is to be done at a tick. Several do it at the same time; at every other tick one after the other."""
        work = [self._part(one, tick, world, number) for number, one in enumerate(self._databases)]
        if tick.number % 2:
            await asyncio.gather(*work)
        else:
            for one in work:
                await one

    async def _part(self, database: Database, tick: Tick, world: World, number: int) -> None:
        config, now = world.config(), world.now + number * self._apart
        if tick.delivers:
            await deliver(database, config, self._settings, lambda: now, seconds=_DELIVERY_SECONDS, environ={})
        else:
            await evaluate(database, config, world.readings(), now)

    async def by_hand(self, action: ByHand, world: World) -> None:
        """Do what a person asks for."""
        async with self._databases[0].transaction() as connection:
            if isinstance(action, Silences):
                ends_at = world.now + timedelta(seconds=action.seconds)
                await silences.add(connection, {"service": action.service}, world.now, ends_at, "somebody")
                return
            episodes = (await alerts.load_open(connection)).values()
            meant = [one.alert_id for one in episodes if one.labels["service"] == action.service]
            do = alerts.acknowledge if isinstance(action, Acknowledges) else alerts.resolve_by_hand
            assert await do(connection, meant, "somebody", "", world.now) == meant != []
