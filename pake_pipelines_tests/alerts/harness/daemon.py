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
from pake_pipelines.store import silences
from pake_pipelines.store.database import Database, open_database
from pake_pipelines_tests.alerts.harness.script import Acknowledges, Script, Silences, Step
from pake_pipelines_tests.alerts.harness.world import World

_DELIVERY_SECONDS = 5.0


@dataclass(frozen=True)
class Tick:
    """Half a tick of the daemon: it evaluates, or it delivers."""

    at: float
    delivers: bool


Beat = Step | Tick


def beats(script: Script) -> Iterator[Beat]:
    """Yield everything that happens in a script, in order; what happens at a tick happens before it."""
    steps = sorted(script.steps, key=lambda step: step.at)
    at = 0.0
    while at <= script.until:
        while steps and steps[0].at <= at:
            yield steps.pop(0)
        yield Tick(at, delivers=False)
        yield Tick(at, delivers=True)
        at += script.tick
    assert not steps, f"{script.name}: {steps} come after its end"


class Daemons:
    """One daemon, or several by mistake, on one database."""

    def __init__(self, url: str, settings: Settings, count: int = 1) -> None:
        """Describe them."""
        self._url = url
        self._settings = settings
        self._count = count
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
        """Do what is to be done at a tick; several do it at the same time."""
        config, now = world.config(), world.now
        work = (
            deliver(one, config, self._settings, lambda: now, seconds=_DELIVERY_SECONDS, environ={})
            if tick.delivers
            else evaluate(one, config, world.readings(), now)
            for one in self._databases
        )
        await asyncio.gather(*work)

    async def by_hand(self, action: Silences | Acknowledges, world: World) -> None:
        """Do what a person asks for."""
        async with self._databases[0].transaction() as connection:
            match action:
                case Silences(service, seconds):
                    ends_at = world.now + timedelta(seconds=seconds)
                    await silences.add(connection, {"service": service}, world.now, ends_at, "somebody")
                case Acknowledges(service):
                    await connection.execute(
                        """
                        UPDATE alerts SET acknowledged_at = $1, acknowledged_by = 'somebody'
                        WHERE state = 'firing' AND labels ->> 'service' = $2
                        """,
                        world.now,
                        service,
                    )
