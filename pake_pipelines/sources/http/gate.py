"""Whose turn it is: one request at a time and so many a minute for each host, or for hosts that share a budget."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Protocol

from pake_pipelines.config.manners import Http, Rate
from pake_pipelines.sources.clock import SYSTEM, Clock
from pake_pipelines.sources.http.bucket import interval_of, reserve
from pake_pipelines.sources.protocol import SourceError

_LONG_AGO = datetime.min.replace(tzinfo=UTC)


class Gate(Protocol):
    """What every request passes before it goes out; `host` is in lower case and without a trailing dot."""

    def turn(self, host: str) -> AbstractAsyncContextManager[None]:
        """Wait until `host` may be asked, and keep others from asking it inside.

        Raises SourceError (busy, with `retry_at`) when the host is held for longer than a request may take.
        """
        ...

    async def hold(self, host: str, until: datetime) -> None:
        """Let nobody ask `host` before `until` (aware). A hold never shortens another."""
        ...


def budget_of(host: str, http: Http) -> tuple[str, Rate]:
    """Return the name and rate of the budget that requests to `host` are taken from.

    A host listed in `http.rates` shares its budget with its sub-domains, the longest listed name deciding. Any other
    host has a budget of its own.
    """
    name = host
    while name:
        if name in http.rates:
            return name, http.rates[name]
        _, _, name = name.partition(".")
    return host, http.rate


def check_hold(budget: str, until: datetime, now: datetime, patience: float) -> float:
    """Return the seconds until a hold ends. Raises SourceError (busy) when that is more than `patience` seconds."""
    wait = (until - now).total_seconds()
    if wait > patience:
        raise SourceError("busy", f"{budget} is not to be asked before {until:%Y-%m-%d %H:%M:%S} UTC", retry_at=until)
    return max(0.0, wait)


@dataclass(slots=True)
class _Budget:
    """What is known of one budget: who has the turn, when its bucket is full, and until when it is held."""

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    full_at: float = float("-inf")
    held_until: datetime = _LONG_AGO


class LocalGate:
    """The gate of one process."""

    def __init__(self, http: Http, clock: Clock = SYSTEM) -> None:
        """Keep to the rates of `http`, by `clock`."""
        self._http = http
        self._clock = clock
        self._budgets: defaultdict[str, _Budget] = defaultdict(_Budget)

    @asynccontextmanager
    async def turn(self, host: str) -> AsyncIterator[None]:
        """See `Gate.turn`."""
        name, rate = budget_of(host, self._http)
        budget = self._budgets[name]
        async with budget.lock:
            await self._outwait(name, budget)
            now = self._clock.monotonic()
            wait, budget.full_at = reserve(budget.full_at, rate, now)
            if wait:
                await self._clock.sleep(wait)
                await self._outwait(name, budget)
            try:
                yield
            finally:
                # the host counts from the end of a slow request, too
                budget.full_at = max(budget.full_at, self._clock.monotonic() + interval_of(rate))

    async def hold(self, host: str, until: datetime) -> None:
        """See `Gate.hold`."""
        name, _ = budget_of(host, self._http)
        budget = self._budgets[name]
        budget.held_until = max(budget.held_until, until)

    async def _outwait(self, name: str, budget: _Budget) -> None:
        """Wait until nothing holds `budget`; a hold may be prolonged meanwhile."""
        while wait := check_hold(name, budget.held_until, self._clock.now(), self._http.total_seconds):
            await self._clock.sleep(wait)
