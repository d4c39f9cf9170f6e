"""The gate that all runs pass together: whose turn it is at a host stands in the database."""

import asyncio
import uuid
from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Final

from pake_pipelines.config.manners import Http, Rate
from pake_pipelines.pipeline.grouping import Grouped
from pake_pipelines.sources.clock import SYSTEM, Clock
from pake_pipelines.sources.http.gate import budget_of, check_hold
from pake_pipelines.store import hosts
from pake_pipelines.store.database import Database
from pake_pipelines.store.hosts import Turn, TurnRequest

# how soon to look again whether another run is done with a host
_LOOK_AGAIN: Final = timedelta(seconds=0.25)
_TOGETHER: Final = 256


class HostGate:
    """Grants turns to this process's requests, one at a time for each budget, among those of all processes."""

    def __init__(self, database: Database, http: Http, clock: Clock = SYSTEM) -> None:
        """Keep to the rates of `http`; a crashed holder's lease ends when a request could no longer be under way."""
        self._database = database
        self._http = http
        self._clock = clock
        self._holder = uuid.uuid4()
        self._lease = timedelta(seconds=2 * http.total_seconds)
        self._locks: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._taking = Grouped(self._take, _TOGETHER)
        self._giving = Grouped(self._give, _TOGETHER)

    @asynccontextmanager
    async def turn(self, host: str) -> AsyncIterator[None]:
        """See `sources.gate.Gate.turn`."""
        budget, rate = budget_of(host, self._http)
        async with self._locks[budget]:
            await self._wait(budget, rate)
            try:
                yield
            finally:
                await self._giving.put(budget)

    async def hold(self, host: str, until: datetime) -> None:
        """See `sources.gate.Gate.hold`."""
        budget, _ = budget_of(host, self._http)
        async with self._database.connection() as connection:
            await hosts.hold(connection, budget, self._clock.now(), until)

    async def close(self) -> None:
        """Grant nothing more."""
        await self._taking.close()
        await self._giving.close()

    async def _wait(self, budget: str, rate: Rate) -> None:
        wanted = TurnRequest(budget, timedelta(minutes=1 / rate.requests_per_minute), rate.burst)
        while not (turn := await self._taking.put(wanted)).granted:
            if turn.held_until:
                check_hold(budget, turn.held_until, self._clock.now(), self._http.total_seconds)
            await self._clock.sleep(max(turn.wait, _LOOK_AGAIN).total_seconds())

    async def _take(self, wanted: Sequence[TurnRequest]) -> Sequence[Turn]:
        async with self._database.connection() as connection:
            return await hosts.take_turns(connection, wanted, self._holder, self._clock.now(), self._lease)

    async def _give(self, budgets: Sequence[str]) -> Sequence[None]:
        async with self._database.connection() as connection:
            await hosts.give_back(connection, budgets, self._holder, self._clock.now())
        return [None] * len(budgets)
