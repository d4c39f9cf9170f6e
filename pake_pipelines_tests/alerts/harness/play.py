"""Playing a script: beat by beat, with what is asked for to go wrong."""

from collections.abc import AsyncIterator, Callable, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final, Protocol

from pake_pipelines.settings import Settings
from pake_pipelines.store.database import Connection, Patience, wait_for
from pake_pipelines_tests.alerts.harness.daemon import Beat, Daemons, Tick, beats
from pake_pipelines_tests.alerts.harness.receiver import Received, Receiver
from pake_pipelines_tests.alerts.harness.script import ByHand, Script
from pake_pipelines_tests.alerts.harness.world import World

_TABLES: Final = (
    "alert_transitions", "alerts", "alert_series", "alert_groups", "silences", "notifications", "channel_states",
    "incident_events", "incidents", "monitor_ticks",
)  # fmt: skip

EVERYWHERE: Final = range(1_000_000)


class StandIn(Protocol):
    """Does a beat in place of the daemon."""

    async def takes(self, number: int, tick: Tick, world: World) -> bool:
        """Do the beat, or leave it to the daemon and return False."""
        ...


@dataclass(frozen=True)
class Played:
    """What came of a play: the messages in the order in which they came in, and what the outbox still holds."""

    script: Script
    received: tuple[Received, ...]
    waiting: int


@dataclass
class Stage:
    """Where scripts are played: a database, a receiver, a project's settings."""

    url: str
    receiver: Receiver
    settings: Settings

    async def play(
        self,
        script: Script,
        *,
        restarts: Collection[int] = (),
        daemons: int = 1,
        apart: float = 0,
        stand_in: StandIn | None = None,
        hears: Callable[[int], None] | None = None,
    ) -> Played:
        """Play `script`, with a restart before each of the beats `restarts`.

        The clocks of several `daemons` are `apart` by so many seconds. `stand_in` does the beats that it wants in place
        of the daemon. `hears` is told of each beat before it.
        """
        async with self.maintenance() as connection:
            await connection.execute("; ".join(f"DELETE FROM pake.{table}" for table in _TABLES))
        self.receiver.forget()
        channels = {name: self.receiver.url(name) for name in ("hook", "pager")}
        world = World(script, channels)
        async with Daemons(self.url, self.settings, daemons, apart) as running:
            for number, beat in enumerate(beats(script)):
                if number in restarts:
                    await running.restart()
                if hears:
                    hears(number)
                world.at = self.receiver.now = beat.at
                if stand_in and isinstance(beat, Tick) and await stand_in.takes(number, beat, world):
                    continue
                await self._beat(beat, world, running)
        async with self.maintenance() as connection:
            waiting = await connection.fetchval("SELECT count(*) FROM pake.notifications WHERE state = 'waiting'")
        return Played(script, tuple(self.receiver.taken), waiting)

    async def _beat(self, beat: Beat, world: World, running: Daemons) -> None:
        if isinstance(beat, Tick):
            await running.tick(beat, world)
        elif isinstance(beat.action, ByHand):
            await running.by_hand(beat.action, world)
        else:
            world.change(beat.action, self.receiver)

    @asynccontextmanager
    async def maintenance(self) -> AsyncIterator[Connection]:
        """Lend a connection that belongs to no daemon."""
        connection = await wait_for(self.url, Patience())
        try:
            yield connection
        finally:
            await connection.close()
