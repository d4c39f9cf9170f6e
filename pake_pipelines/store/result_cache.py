"""The cache of results as stages use it: many keys at a time, and what is new written together.

The cache never fails a stage. What goes wrong with it is logged as a warning and counted, and after a few failures in
a row it is left alone for the rest of the run. What it gives out is what the work itself would give: keys hold the
version of whatever the result depends on, and values are checked by their digest.
"""

import asyncio
import logging
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final, TypeVar

from pake_pipelines.config.cache import CacheRules
from pake_pipelines.store import cache_accesses, cache_entries, levers
from pake_pipelines.store.cache_accesses import Access, is_sampled
from pake_pipelines.store.cache_entries import Result
from pake_pipelines.store.cache_redis import RedisTier
from pake_pipelines.store.database import Database
from pake_pipelines.store.errors import UnstorableError

log = logging.getLogger(__name__)

_TIMEOUT_SECONDS: Final = 2.0  # a cache that takes longer than the work is none
_GIVE_UP_AFTER: Final = 3
_LARGEST: Final = 1 << 20

Done = TypeVar("Done")


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Tally:
    """What came of asking: hits and misses of results, damaged values that were removed, failures of the cache."""

    hits: int
    misses: int
    damaged: int
    failures: int


@dataclass(frozen=True, slots=True)
class Standing:
    """What holds for a cache while it is open: how much of the keys is logged, how much longer results are kept."""

    sampled: float = 1.0
    ttl_factor: float = 1.0


@dataclass
class _Unwritten:
    new: dict[str, dict[str, Result]] = field(default_factory=lambda: defaultdict(dict))
    touched: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    accesses: list[Access] = field(default_factory=list)
    missed: dict[tuple[str, str], datetime] = field(default_factory=dict)


class ResultCache:
    """Results by category and key; open one with `open_results`."""

    def __init__(
        self,
        database: Database,
        rules: CacheRules,
        standing: Standing,
        tier: RedisTier | None = None,
        clock: Callable[[], datetime] = _now,
    ) -> None:
        """Ask `tier`, if there is one, and then `database`; nothing at all where the rules switch the cache off."""
        self._database = database
        self._rules = rules
        self._standing = standing
        self._tier = tier
        self._clock = clock
        self._unwritten = _Unwritten()
        self._hits = self._misses = self._damaged = self._failures = self._in_a_row = 0

    @property
    def tally(self) -> Tally:
        """What came of it so far."""
        return Tally(
            self._hits, self._misses, self._damaged, self._failures + (self._tier.failures if self._tier else 0)
        )

    @property
    def in_use(self) -> bool:
        """Whether it is switched on and does not fail all the time."""
        return self._rules.enabled and self._in_a_row < _GIVE_UP_AFTER

    async def look_up(self, category: str, keys: Sequence[str]) -> dict[str, bytes]:
        """Return what is kept of `keys`, by key. Raises nothing: what cannot be had is missing."""
        wanted = list(dict.fromkeys(keys))
        if not wanted or not self.in_use:
            return {}
        now = self._clock()
        unwritten = self._unwritten.new.get(category, {})
        found = {key: unwritten[key] for key in wanted if key in unwritten}
        if self._tier and len(found) < len(wanted):
            found |= await self._tier.read(category, [key for key in wanted if key not in found], now)
        if missing := [key for key in wanted if key not in found]:
            stored = await self._tried("read", self._stored(category, missing, now)) or {}
            if self._tier:
                await self._tier.write(category, stored, now)
            found |= stored
        self._note(category, wanted, found, now)
        return {key: one.value for key, one in found.items()}

    def keep(self, category: str, key: str, value: bytes, cost_ms: float, expires_at: datetime | None = None) -> None:
        """Have `value` kept at the next `flush`, as long as the rules say for its category, to `expires_at` at most."""
        if not self.in_use:
            return
        now = self._clock()
        if self._unwritten.missed.pop((category, key), None) is not None and self._is_logged(category, key):
            self._unwritten.accesses.append(Access(now, category, key, False, len(value), cost_ms))
        if len(value) <= _LARGEST:
            self._unwritten.new[category][key] = Result(value, cost_ms, self._ends(category, now, expires_at))

    async def flush(self) -> None:
        """Write what is new and what was used, in one transaction. Raises nothing."""
        unwritten, self._unwritten = self._unwritten, _Unwritten()
        unwritten.accesses += [
            Access(at, category, key, False, 0, 0.0)
            for (category, key), at in unwritten.missed.items()
            if self._is_logged(category, key)
        ]
        if not self.in_use or not (unwritten.new or unwritten.touched or unwritten.accesses):
            return
        now = self._clock()
        await self._tried("written", self._write(unwritten, now))
        if self._tier:
            for category, results in unwritten.new.items():
                await self._tier.write(category, results, now)

    async def _stored(self, category: str, keys: Sequence[str], now: datetime) -> dict[str, Result]:
        async with self._database.connection() as connection:
            found, damaged = await cache_entries.read(connection, category, keys, now)
            if damaged:
                self._damaged += len(damaged)
                log.warning("cache %s: %d damaged values are removed and made again", category, len(damaged))
                await cache_entries.remove_damaged(connection, category, damaged)
        return found

    async def _write(self, unwritten: _Unwritten, now: datetime) -> None:
        async with self._database.transaction() as connection:
            # what a power cut takes of a cache is made again
            await connection.execute("SET LOCAL synchronous_commit = off")
            for category, results in sorted(unwritten.new.items()):
                await cache_entries.write(connection, category, results, now)
            for category, keys in sorted(unwritten.touched.items()):
                await cache_entries.touch(connection, category, keys, now)
            if unwritten.accesses:
                await cache_accesses.log(connection, unwritten.accesses)

    def _note(self, category: str, wanted: Sequence[str], found: dict[str, Result], now: datetime) -> None:
        self._hits += len(found)
        self._misses += len(wanted) - len(found)
        unwritten = self._unwritten
        for key in wanted:
            if one := found.get(key):
                unwritten.touched[category].append(key)
                if self._is_logged(category, key):
                    unwritten.accesses.append(Access(now, category, key, True, len(one.value), one.cost_ms))
            else:
                unwritten.missed[category, key] = now

    def _is_logged(self, category: str, key: str) -> bool:
        return is_sampled(category, key, self._standing.sampled)

    def _ends(self, category: str, now: datetime, latest: datetime | None) -> datetime | None:
        days = self._rules.ttl_days.get(category)
        if days is None:
            return latest
        ends = now + self._standing.ttl_factor * timedelta(days=days)
        return min(ends, latest) if latest else ends

    async def _tried(self, done: str, work: Awaitable[Done]) -> Done | None:
        import asyncpg

        try:
            async with asyncio.timeout(_TIMEOUT_SECONDS):
                result = await work
        except (asyncpg.PostgresError, asyncpg.InterfaceError, UnstorableError, OSError, TimeoutError) as error:
            self._failures += 1
            self._in_a_row += 1
            log.warning("the cache could not be %s: %s: %s", done, type(error).__name__, error)
            if not self.in_use:
                log.warning("the cache is left alone for the rest of this run: it failed %d times", self._in_a_row)
            return None
        self._in_a_row = 0
        return result


@asynccontextmanager
async def open_results(
    database: Database,
    rules: CacheRules,
    redis_url: str | None = None,
    service: str | None = None,
    clock: Callable[[], datetime] = _now,
) -> AsyncIterator[ResultCache]:
    """Lend the cache by `rules`; what is not written at the end is written then.

    `redis_url` is that of a tier in front, and `service` its name among the services: while a lever has taken that
    out of use, it is not asked.
    """
    tier = _tier(redis_url) if rules.enabled else None
    if rules.enabled:
        standing, is_off = await _standing(database, service, clock())
        if tier is not None and is_off:
            await tier.close()
            tier = None
    else:
        standing = Standing()
    cache = ResultCache(database, rules, standing, tier, clock)
    try:
        yield cache
    finally:
        await cache.flush()
        if tier is not None:
            await tier.close()


def _tier(url: str | None) -> RedisTier | None:
    if not url:
        return None
    try:
        return RedisTier(url)
    except ValueError:
        log.warning("the cache tier in Redis is left out: its variable does not hold a redis:// address")
        return None


async def _standing(database: Database, service: str | None, now: datetime) -> tuple[Standing, bool]:
    """Return what holds now, and whether the tier is out of use; the usual where the database does not tell."""
    import asyncpg

    try:
        async with database.connection() as connection:
            choice = await cache_accesses.chosen(connection)
            factor = await levers.number(connection, levers.LINK_TTL_FACTOR, 1.0, now)
            is_off = service is not None and await levers.is_on(connection, levers.tier_off(service), now)
    except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError) as error:
        log.warning("how the cache stands is not known: %s: %s", type(error).__name__, error)
        return Standing(), False
    return Standing(choice.sampled if choice else 1.0, factor), is_off


def summary(tally: Tally) -> dict[str, Any]:
    """Return what a stage says of its cache; nothing where it had no reason to ask."""
    counts = {"hits": tally.hits, "misses": tally.misses, "damaged": tally.damaged, "failures": tally.failures}
    return {"cache": counts} if any(counts.values()) else {}
