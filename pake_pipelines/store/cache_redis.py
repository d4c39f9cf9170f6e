"""Redis as a tier in front of the kept results: values with a TTL, read by many at once, checked by their digest.

It is never asked twice in a row when it fails: after an error it rests for a while, and what was wanted of it comes
from PostgreSQL. Nothing is kept in it alone.
"""

import logging
import struct
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from pake_pipelines.store.cache_entries import Result, digest_of

log = logging.getLogger(__name__)

_PREFIX: Final = "pake:cache"
_LONGEST: Final = timedelta(days=1)
"""What never ends, or later than this, is asked of PostgreSQL again after this long."""
_TIMEOUT_SECONDS: Final = 0.5  # the bound of a tier that serves (SVC-32)
_RESTS_SECONDS: Final = 30.0
_AT_ONCE: Final = 1000
_HEAD: Final = struct.Struct(">16sdd")  # digest, cost in ms, end as a Unix time (infinite: never)


class RedisTier:
    """One Redis server as a tier; `failures` counts how often it did not do its part."""

    def __init__(self, url: str, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        """Connect to nothing yet. Raises ValueError for what is no address of a Redis server."""
        from redis.asyncio import Redis
        from redis.asyncio.retry import Retry
        from redis.backoff import NoBackoff

        self._redis = Redis.from_url(
            url,
            socket_timeout=_TIMEOUT_SECONDS,
            socket_connect_timeout=_TIMEOUT_SECONDS,
            retry=Retry(NoBackoff(), 0),
            protocol=2,
        )
        self._monotonic = monotonic
        self._rests_until = 0.0
        self.failures = 0

    @property
    def rests(self) -> bool:
        """Whether it failed a moment ago and is not asked."""
        return self._monotonic() < self._rests_until

    async def read(self, category: str, keys: Sequence[str], now: datetime) -> dict[str, Result]:
        """Return what it holds of `keys`, valid at `now` and whole; nothing while it rests. Raises nothing."""
        from redis.exceptions import RedisError

        if self.rests:
            return {}
        try:
            values = await self._redis.mget([_name(category, key) for key in keys])
        except (RedisError, OSError, TimeoutError) as error:
            self._fail("read", error)
            return {}
        found = {key: _parsed(category, key, value) for key, value in zip(keys, values, strict=True)}
        return {
            key: one
            for key, one in found.items()
            if one is not None and (one.expires_at is None or one.expires_at > now)
        }

    async def write(self, category: str, results: Mapping[str, Result], now: datetime) -> None:
        """Hold `results` until they end, a day at the longest. Raises nothing."""
        from redis.exceptions import RedisError

        if self.rests or not results:
            return
        try:
            pipeline = self._redis.pipeline(transaction=False)
            for key, one in results.items():
                left = min(one.expires_at - now, _LONGEST) if one.expires_at else _LONGEST
                if left > timedelta(0):
                    pipeline.set(_name(category, key), _framed(category, key, one), px=left)
            await pipeline.execute()
        except (RedisError, OSError, TimeoutError) as error:
            self._fail("written to", error)

    async def clear(self) -> int:
        """Remove everything of ours; return how many values went. Raises ConnectionError when it cannot."""
        from redis.exceptions import RedisError

        removed = 0
        try:
            names: list[bytes] = []
            async for name in self._redis.scan_iter(match=f"{_PREFIX}:*", count=_AT_ONCE):
                names.append(name)
                if len(names) == _AT_ONCE:
                    removed += await self._redis.unlink(*names)
                    names.clear()
            if names:
                removed += await self._redis.unlink(*names)
        except (RedisError, OSError, TimeoutError) as error:
            raise ConnectionError(f"the cache tier in Redis could not be cleared: {type(error).__name__}") from error
        return removed

    async def close(self) -> None:
        """Hang up."""
        await self._redis.aclose()

    def _fail(self, done: str, error: Exception) -> None:
        self.failures += 1
        self._rests_until = self._monotonic() + _RESTS_SECONDS
        log.warning(
            "the cache tier in Redis could not be %s (%s): PostgreSQL answers for the next %g s",
            done,
            type(error).__name__,
            _RESTS_SECONDS,
        )


def _name(category: str, key: str) -> str:
    return f"{_PREFIX}:{category}:{key}"


def _framed(category: str, key: str, one: Result) -> bytes:
    ends = one.expires_at.timestamp() if one.expires_at else float("inf")
    return _HEAD.pack(digest_of(category, key, one.value), one.cost_ms, ends) + one.value


def _parsed(category: str, key: str, framed: Any) -> Result | None:
    if not isinstance(framed, bytes) or len(framed) < _HEAD.size:
        return None
    digest, cost_ms, ends = _HEAD.unpack_from(framed)
    value = framed[_HEAD.size :]
    if digest_of(category, key, value) != digest:
        return None
    return Result(value, cost_ms, None if ends == float("inf") else datetime.fromtimestamp(ends, UTC))
