"""Replaying an access log through every policy: what share of it each would have answered, and the best of them.

The ceiling is Belady's MIN (L. Belady, A study of replacement algorithms for a virtual-storage computer, IBM Systems
Journal 5, 1966): with all of the future known, what is asked for latest goes, or does not come in.
"""

import heapq
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from pake_pipelines.maintenance.cache.policies import Capacity, Gdsf, Lfu, Lru, Request, Sieve, Simulator, Ttl
from pake_pipelines.maintenance.cache.s3_fifo import S3Fifo
from pake_pipelines.store.cache_accesses import Access

POLICIES: Final[Mapping[str, Callable[[Capacity], Simulator]]] = {
    "lru": Lru,
    "lfu": Lfu,
    "gdsf": Gdsf,
    "sieve": Sieve,
    "s3-fifo": S3Fifo,
    "ttl": Ttl,
}
DEFAULT: Final = "sieve"
"""The policy where no log tells of a better one."""
FEWEST: Final = 1000
"""With fewer accesses a replay says nothing."""
# a policy must save more work than the one in use by so much of all work, or chance would change it every night
_BETTER_BY: Final = 0.005


@dataclass(frozen=True, slots=True)
class Ratios:
    """Shares of all requests, of the bytes and of the milliseconds of work that a cache answered, each in [0, 1]."""

    hits: float
    bytes: float
    cost: float


def requests_of(accesses: Iterable[Access], ttl_days: Mapping[str, float]) -> list[Request]:
    """Return the requests that a log tells of, in its order; what was never made could not have been kept."""
    return [
        Request(
            at=one.at.timestamp(),
            key=f"{one.category}/{one.key}",
            size=one.size_bytes,
            cost=one.cost_ms,
            expires_at=_end(one, ttl_days.get(one.category)),
        )
        for one in accesses
        if one.size_bytes > 0
    ]


def _end(access: Access, days: float | None) -> float:
    return float("inf") if days is None else (access.at + timedelta(days=days)).timestamp()


def replay(requests: Sequence[Request], capacity: Capacity) -> dict[str, Ratios]:
    """Return what each policy would have answered within `capacity`, by its name."""
    return {name: _run(policy(capacity), requests) for name, policy in POLICIES.items()}


def _run(simulator: Simulator, requests: Sequence[Request]) -> Ratios:
    answered = [one for one in requests if simulator.ask(one)]
    return Ratios(
        _share(len(answered), len(requests)),
        _share(sum(one.size for one in answered), sum(one.size for one in requests)),
        _share(sum(one.cost for one in answered), sum(one.cost for one in requests)),
    )


def _share(part: float, whole: float) -> float:
    return part / whole if whole else 0.0


def best(ratios: Mapping[str, Ratios], in_use: str) -> str:
    """Return the policy that saves the most work; that `in_use` stays unless another is better by half a percent."""
    winner = max(ratios, key=lambda name: (ratios[name].cost, ratios[name].hits, name == in_use))
    if in_use in ratios and ratios[winner].cost - ratios[in_use].cost < _BETTER_BY:
        return in_use
    return winner


def residents(requests: Sequence[Request], policy: str, capacity: Capacity) -> frozenset[str]:
    """Return the keys that a cache of `policy` would hold after `requests`."""
    simulator = POLICIES[policy](capacity)
    for one in requests:
        simulator.ask(one)
    return frozenset(simulator.held)


def ceiling(requests: Sequence[Request], entries: int) -> float:
    """Return the share of requests that no policy of so many entries can exceed: MIN that may decline what comes in.

    Sizes and ends are left out, so that it bounds what any policy answers within them, too.
    """
    following = _following(requests)
    held: dict[str, int] = {}
    latest: list[tuple[int, str]] = []
    hits = 0
    for place, one in enumerate(requests):
        hits += one.key in held
        held[one.key] = following[place]
        heapq.heappush(latest, (-following[place], one.key))
        while len(held) > entries:
            again, key = heapq.heappop(latest)
            if held.get(key) == -again:
                del held[key]
    return _share(hits, len(requests))


def _following(requests: Sequence[Request]) -> list[int]:
    """Return the place of the next request for the same key, for each; one beyond the end where there is none."""
    seen: dict[str, int] = {}
    following = [len(requests)] * len(requests)
    for place in range(len(requests) - 1, -1, -1):
        following[place] = seen.get(requests[place].key, len(requests))
        seen[requests[place].key] = place
    return following
