"""The clean-up of the cache: looks at its state, decides how far to go, removes in small batches, tells what it did.

Every figure is of what was really done (D-45): rows that another session used, renewed or holds stay and do not count.
"""

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from pake_pipelines.maintenance.cache.choosing import choose_policy, policy_in_force
from pake_pipelines.maintenance.cache.levels import (
    CacheState,
    Decision,
    Level,
    beyond,
    decide,
    going_order,
    has_expired,
    low_access,
)
from pake_pipelines.maintenance.errors import MaintenanceError
from pake_pipelines.maintenance.workplace import Workplace
from pake_pipelines.model.maintenance import Outcome, TaskState
from pake_pipelines.store import cache_accesses, cache_figures, cache_upkeep, link_checks
from pake_pipelines.store.cache_figures import Totals
from pake_pipelines.store.cache_upkeep import Held
from pake_pipelines.store.database import Connection, Database

LINKS: Final = "links"
"""Answers about links, which stages join with: a table of their own, cleaned by its own rule."""
SMART: Final = "smart"

_AT_ONCE: Final = 500  # a transaction of some milliseconds
_PACKED_AT_ONCE: Final = 20  # the same, of values up to a megabyte
_LARGE: Final = 2048  # bytes from which compressing is worth a look
_FEWEST_ACCESSES: Final = 50  # with fewer in a day a hit ratio says nothing


@dataclass
class _Done:
    removed: dict[str, int] = field(default_factory=dict)
    compressed: int = 0
    bytes_saved: int = 0
    details: dict[str, Any] = field(default_factory=dict)


async def run(place: Workplace) -> Outcome:
    """Clean the cache as far as `options` say: `level` (a level or `smart`) and, if only one is meant, `category`.

    Raises MaintenanceError for a level or category that does not exist.
    """
    level, category = str(place.options.get("level", SMART)), place.options.get("category")
    if level != SMART and level not in list(Level):
        raise MaintenanceError(f"no level {level!r} of cleaning the cache: choose {SMART}, {', '.join(Level)}")
    begun = time.perf_counter()
    async with place.open() as database:
        before = await _totals(database, category)
        if category is not None and category not in before:
            known = ", ".join((await _totals(database, None)) or ["nothing is cached"])
            raise MaintenanceError(f"no cache category {category!r}: {known}")
        decision = await _decision(database, place, level, category)
        done = await _clean(database, place, decision.level, category)
        after = before if place.dry_run else await _totals(database, category)
        async with database.connection() as connection:
            sizes = await cache_figures.sizes(connection)
    return _outcome(place, decision, done, (before, after), sizes, time.perf_counter() - begun)


async def _totals(database: Database, category: str | None) -> dict[str, Totals]:
    async with database.connection() as connection:
        found = await cache_figures.totals(connection, category)
        if category in (None, LINKS):
            found[LINKS] = Totals(*await link_checks.totals(connection))
    return found


async def state_of(connection: Connection, now: datetime, category: str | None = None) -> CacheState:
    """Return what the decision goes by; accesses of a sample are reckoned up to all."""
    kept = (await cache_figures.totals(connection, category)).values()
    share = await cache_accesses.sampled(connection)
    hour = await cache_accesses.used(connection, now - timedelta(hours=1), now, category)
    day = await cache_accesses.used(connection, now - timedelta(days=1), now, category)
    return CacheState(
        entries=sum(one.entries for one in kept),
        bytes=sum(one.bytes for one in kept),
        recent_accesses=round(hour.accesses / share),
        hit_ratio_percent=day.hit_ratio_percent if day.accesses >= _FEWEST_ACCESSES else None,
    )


async def _decision(database: Database, place: Workplace, level: str, category: str | None) -> Decision:
    if level != SMART:
        return Decision(Level(level), ("asked for",))
    async with database.connection() as connection:
        return decide(await state_of(connection, place.clock(), category), place.config.cache)


async def _clean(database: Database, place: Workplace, level: Level, category: str | None) -> _Done:
    rules, now, done = place.config.cache, place.clock(), _Done()
    if category in (None, LINKS):
        done.removed["unlinked"] = await _drop_links(database, now, dry_run=place.dry_run)
    if category == LINKS:
        return done
    async with database.connection() as connection:
        entries = await cache_upkeep.held(connection, category)
    expired = [one for one in entries if has_expired(one, now)]
    living = [one for one in entries if not has_expired(one, now)]
    await _remove(database, place, done, "expired", expired)
    if little := low_access(living, level, now):
        await _remove(database, place, done, "low_access", little)
        living = _without(living, little)
    if level is Level.DEEP:
        done.details |= await choose_policy(database, rules, now, dry_run=place.dry_run)
    if level is not Level.LIGHT:
        await _shrink(database, place, done, living, level, category)
    if not place.dry_run:
        async with database.transaction() as connection:
            done.details["accesses_dropped"] = await cache_accesses.drop_oldest(connection, rules.keep_accesses)
    return done


async def _shrink(
    database: Database, place: Workplace, done: _Done, living: Sequence[Held], level: Level, category: str | None
) -> None:
    """Bring what is left down to the target, by the policy, and within the bytes."""
    rules, now = place.config.cache, place.clock()
    target = rules.target_entries if level in (Level.AGGRESSIVE, Level.DEEP) else len(living)
    if len(living) <= target and sum(one.size_bytes for one in living) <= rules.max_bytes:
        return
    policy, resident = await policy_in_force(database, rules, now)
    done.details["policy"] = policy
    ordered = going_order(living, policy, resident)
    over = beyond(ordered, target, float("inf"))
    await _remove(database, place, done, f"policy_{policy}", over)
    left = ordered[len(over) :]
    size = sum(one.size_bytes for one in left)
    if size > rules.max_bytes:
        large = [one for one in left if one.size_bytes >= _LARGE]
        await _compress(database, place, done, large)
        if not place.dry_run:
            async with database.connection() as connection:
                alive = {(one.category, one.key): one for one in await cache_upkeep.held(connection, category)}
            left = [alive[one.category, one.key] for one in left if (one.category, one.key) in alive]
        limit = rules.max_bytes + (done.bytes_saved if place.dry_run else 0)
        await _remove(database, place, done, "over_max_bytes", beyond(left, len(left), limit))


async def _remove(database: Database, place: Workplace, done: _Done, why: str, entries: Sequence[Held]) -> None:
    if place.dry_run and entries:
        done.removed[why] = len(entries)
        return
    for batch in _batches(entries):
        async with database.transaction() as connection:
            gone = await cache_upkeep.remove(connection, batch)
        done.removed[why] = done.removed.get(why, 0) + gone


async def _compress(database: Database, place: Workplace, done: _Done, entries: Sequence[Held]) -> None:
    for batch in _batches(entries, _PACKED_AT_ONCE):
        async with database.transaction() as connection:
            packed, saved = await cache_upkeep.pack(connection, batch, keep=not place.dry_run)
        done.compressed += packed
        done.bytes_saved += saved


async def _drop_links(database: Database, now: datetime, *, dry_run: bool) -> int:
    if dry_run:
        async with database.connection() as connection:
            return await link_checks.count_unlinked(connection, now)
    total = 0
    while True:
        async with database.transaction() as connection:
            dropped = await link_checks.drop_unlinked(connection, now, _AT_ONCE)
        total += dropped
        if dropped < _AT_ONCE:
            return total


def _without(entries: Sequence[Held], gone: Sequence[Held]) -> list[Held]:
    keys = {(one.category, one.key) for one in gone}
    return [one for one in entries if (one.category, one.key) not in keys]


def _batches(entries: Sequence[Held], size: int = _AT_ONCE) -> Iterator[Sequence[Held]]:
    for start in range(0, len(entries), size):
        yield entries[start : start + size]


def _outcome(
    place: Workplace,
    decision: Decision,
    done: _Done,
    totals: tuple[Mapping[str, Totals], Mapping[str, Totals]],
    sizes: Mapping[str, int],
    seconds: float,
) -> Outcome:
    before, after = totals
    removed = sum(done.removed.values())
    said = "would remove" if place.dry_run else "removed"
    packed = f", {done.compressed} values compressed" if done.compressed else ""
    table = [
        {
            "category": name,
            "entries_before": before.get(name, Totals()).entries,
            "entries_after": after.get(name, Totals()).entries,
            "bytes_before": before.get(name, Totals()).bytes,
            "bytes_after": after.get(name, Totals()).bytes,
        }
        for name in sorted({*before, *after})
    ]
    return Outcome(
        TaskState.DONE,
        f"{decision.level}: {said} {removed} of {sum(one.entries for one in before.values())} entries{packed}",
        {
            "level": decision.level.value,
            "reasons": list(decision.reasons),
            "removed": removed,
            **{f"removed_{why}": number for why, number in done.removed.items()},
            "compressed": done.compressed,
            "bytes_saved_by_compression": done.bytes_saved,
            "bytes_before": sum(one.bytes for one in before.values()),
            "bytes_after": sum(one.bytes for one in after.values()),
            **done.details,
            "categories": table,
            "sizes": [{"value": name, "entries": number} for name, number in sizes.items()],
            "seconds": round(seconds, 3),
        },
    )
