"""Playing a script: beat by beat, with what is asked for to go wrong."""

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import Final

from pake_pipelines.settings import Settings
from pake_pipelines.store.database import Patience, wait_for
from pake_pipelines_tests.alerts.harness.daemon import Beat, Daemons, Tick, beats
from pake_pipelines_tests.alerts.harness.receiver import Received, Receiver
from pake_pipelines_tests.alerts.harness.script import Acknowledges, Script, Silences
from pake_pipelines_tests.alerts.harness.world import World

_TABLES: Final = (
    "alert_transitions", "alerts", "alert_series", "alert_groups", "silences", "notifications", "channel_states",
    "incident_events", "incidents", "monitor_ticks",
)  # fmt: skip

EVERYWHERE: Final = range(1_000_000)


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
        stand_in: "StandIn | None" = None,
        beat_hook: "Callable[[int], None] | None" = None,
    ) -> Played:
        """Play `script`, with a restart before each of the beats `restarts`.

        `stand_in` does the beats that it wants in place of the daemon. `beat_hook` hears of each beat before it.
        """
        await self._clear()
        self.receiver.forget()
        channels = {name: self.receiver.url(name) for name in ("hook", "pager")}
        world = World(script, channels)
        async with Daemons(self.url, self.settings, daemons) as running:
            for number, beat in enumerate(beats(script)):
                if number in restarts:
                    await running.restart()
                if beat_hook:
                    beat_hook(number)
                world.at = self.receiver.now = beat.at
                if stand_in and isinstance(beat, Tick) and await stand_in.takes(number, beat, world):
                    continue
                await self._beat(beat, world, running)
        return Played(script, tuple(self.receiver.taken), await self._waiting())

    async def _beat(self, beat: Beat, world: World, running: Daemons) -> None:
        if isinstance(beat, Tick):
            await running.tick(beat, world)
        elif isinstance(beat.action, Silences | Acknowledges):
            await running.by_hand(beat.action, world)
        else:
            world.change(beat.action, self.receiver)

    async def _clear(self) -> None:
        connection = await wait_for(self.url, Patience())
        try:
            await connection.execute("; ".join(f"DELETE FROM pake.{table}" for table in _TABLES))
        finally:
            await connection.close()

    async def _waiting(self) -> int:
        connection = await wait_for(self.url, Patience())
        try:
            waiting: int = await connection.fetchval("SELECT count(*) FROM pake.notifications WHERE state = 'waiting'")
        finally:
            await connection.close()
        return waiting
