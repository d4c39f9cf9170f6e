"""A gate in front of another that leaves each host a pause between two requests of ours, and counts them."""

from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime

from pake_pipelines.sources.clock import SYSTEM, Clock
from pake_pipelines.sources.http.gate import Gate


class PacedGate:
    """Passes turns of `gate` on, each at least `pause` seconds after the last of the same host has ended.

    `requests` and `hosts` count what went through.
    """

    def __init__(self, gate: Gate, pause: float, clock: Clock = SYSTEM) -> None:
        """Pause by `clock`."""
        self.requests = 0
        self._gate = gate
        self._pause = pause
        self._clock = clock
        self._rested_at: defaultdict[str, float] = defaultdict(lambda: float("-inf"))

    @property
    def hosts(self) -> int:
        """How many different hosts were asked."""
        return len(self._rested_at)

    @asynccontextmanager
    async def turn(self, host: str) -> AsyncIterator[None]:
        """See `Gate.turn`."""
        async with self._gate.turn(host):
            wait = self._rested_at[host] - self._clock.monotonic()
            if wait > 0:
                await self._clock.sleep(wait)
            self.requests += 1
            try:
                yield
            finally:
                self._rested_at[host] = self._clock.monotonic() + self._pause

    async def hold(self, host: str, until: datetime) -> None:
        """See `Gate.hold`."""
        await self._gate.hold(host, until)
