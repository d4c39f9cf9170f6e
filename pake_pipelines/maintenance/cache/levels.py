"""How far a clean-up goes (CCH-01..06): the levels, the decision between them, and which entries each removes.

- light: what has expired.
- targeted: also what was used less than half as often as entries are on average, unless it is younger than two hours.
- moderate: also what nobody asked for within a day and was used no more often than entries are on average.
- aggressive: what has expired, and then by the policy as much as exceeds `target_entries`.
- deep: the policy is chosen by replay first; then as aggressive, within `max_bytes`, too.

Whatever the level except light, values above `max_bytes` in all are compressed, and if that is not enough, those that
the policy gives least for go until the rest fits. An entry without an end never expires (CCH-07).
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from pake_pipelines.config.cache import CacheRules
from pake_pipelines.store.cache_upkeep import Held

_YOUNG: Final = timedelta(hours=2)
_OLD: Final = timedelta(hours=24)


class Level(StrEnum):
    """How far a clean-up goes, from the least on."""

    LIGHT = "light"
    TARGETED = "targeted"
    MODERATE = "moderate"
    AGGRESSIVE = "aggressive"
    DEEP = "deep"


@dataclass(frozen=True, slots=True)
class CacheState:
    """What the decision goes by: how much is kept, the accesses of the last hour, the hit ratio of the last day.

    The ratio is None where too few accesses were made to tell.
    """

    entries: int
    bytes: int
    recent_accesses: int
    hit_ratio_percent: float | None


@dataclass(frozen=True, slots=True)
class Decision:
    """A level, and everything that speaks for it or for a lower one."""

    level: Level
    reasons: tuple[str, ...]


def decide(state: CacheState, rules: CacheRules) -> Decision:
    """Return how far to clean. The strongest demand decides, and every one is named (D-46)."""
    asked = [
        *_by_number(state, rules),
        *_by_hit_ratio(state, rules),
        *_by_bytes(state, rules),
    ] or [(Level.LIGHT, "nothing asks for more than what has expired")]
    order = list(Level)
    return Decision(max((level for level, _ in asked), key=order.index), tuple(why for _, why in asked))


def _by_number(state: CacheState, rules: CacheRules) -> Iterable[tuple[Level, str]]:
    if state.entries > rules.aggressive_above:
        yield Level.AGGRESSIVE, f"{state.entries} entries are more than {rules.aggressive_above}"
    elif state.entries > rules.moderate_above and state.recent_accesses < rules.little_used:
        used = f"the {state.recent_accesses} accesses of the last hour less than {rules.little_used}"
        yield Level.MODERATE, f"{state.entries} entries are more than {rules.moderate_above}, and {used}"


def _by_hit_ratio(state: CacheState, rules: CacheRules) -> Iterable[tuple[Level, str]]:
    ratio = state.hit_ratio_percent
    if ratio is not None and ratio < rules.low_hit_ratio_percent:
        yield Level.TARGETED, f"a hit ratio of {ratio:.2f} % is below {rules.low_hit_ratio_percent:g} %"


def _by_bytes(state: CacheState, rules: CacheRules) -> Iterable[tuple[Level, str]]:
    if state.bytes > rules.max_bytes:
        yield Level.TARGETED, f"{state.bytes} bytes are more than {rules.max_bytes}"


def has_expired(entry: Held, now: datetime) -> bool:
    """Tell whether an entry's time is over; one without an end has no such time."""
    return entry.expires_at is not None and entry.expires_at <= now


def low_access(entries: Sequence[Held], level: Level, now: datetime) -> list[Held]:
    """Return the living entries that `targeted` and `moderate` remove for being used little."""
    if level not in (Level.TARGETED, Level.MODERATE) or not entries:
        return []
    average = sum(one.access_count for one in entries) / len(entries)
    return [
        one
        for one in entries
        if (one.access_count < average / 2 and now - max(one.created_at, one.accessed_at) >= _YOUNG)
        or (level is Level.MODERATE and one.access_count <= average and now - one.accessed_at >= _OLD)
    ]


def going_order(entries: Iterable[Held], policy: str, resident: frozenset[str]) -> list[Held]:
    """Return `entries` in the order in which they go.

    What a replay of the log by `policy` would not hold comes first. Within both halves, and for keys that the log does
    not tell of, the policy's own measure decides, read off the entry.
    """
    measure = _MEASURES[policy]
    return sorted(
        entries, key=lambda one: (f"{one.category}/{one.key}" in resident, measure(one), one.accessed_at, one.key)
    )


_FOREVER: Final = float("inf")
_MEASURES: Final[dict[str, Callable[[Held], float]]] = {
    "lru": lambda one: one.accessed_at.timestamp(),
    "lfu": lambda one: one.access_count,
    "gdsf": lambda one: (one.access_count + 1) * one.cost_ms / max(1, one.size_bytes),
    "ttl": lambda one: one.expires_at.timestamp() if one.expires_at else _FOREVER,
    # both spare what was used since it came in, and take the oldest of the rest
    "sieve": lambda one: one.access_count > 0,
    "s3-fifo": lambda one: one.access_count > 0,
}


def beyond(ordered: Sequence[Held], entries: int, max_bytes: float) -> list[Held]:
    """Return as many of the first of `ordered` as must go for the rest to be within both bounds."""
    count, size = len(ordered), sum(one.size_bytes for one in ordered)
    going = []
    for one in ordered:
        if count <= entries and size <= max_bytes:
            break
        going.append(one)
        count, size = count - 1, size - one.size_bytes
    return going
