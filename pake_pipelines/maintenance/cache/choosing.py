"""Which policy the clean-up goes by: the one that is configured, or that a replay of the access log preferred."""

import asyncio
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

from pake_pipelines.config.cache import CacheRules
from pake_pipelines.maintenance.cache.policies import Capacity
from pake_pipelines.maintenance.cache.replay import (
    DEFAULT,
    FEWEST,
    Ratios,
    best,
    ceiling,
    replay,
    requests_of,
    residents,
)
from pake_pipelines.store import cache_accesses
from pake_pipelines.store.cache_accesses import Choice
from pake_pipelines.store.database import Database


async def policy_in_force(database: Database, rules: CacheRules, now: datetime) -> tuple[str, frozenset[str]]:
    """Return the policy, and the keys that it would hold by the log within the target and the bytes."""
    async with database.connection() as connection:
        choice = await cache_accesses.chosen(connection)
        share = await cache_accesses.sampled(connection)
        accesses = await cache_accesses.logged(connection)
    policy = policy_of(rules, choice)
    requests = [one for one in requests_of(accesses, rules.ttl_days) if one.at <= now.timestamp()]
    return policy, await asyncio.to_thread(residents, requests, policy, capacity_of(rules, share))


def capacity_of(rules: CacheRules, share: float) -> Capacity:
    """Return the capacity that a sample of `share` of the keys is replayed in (SHARDS)."""
    return Capacity(max(1, round(share * rules.target_entries)), max(1.0, share * rules.max_bytes))


async def replayed(database: Database, rules: CacheRules) -> tuple[int, dict[str, Ratios], Mapping[str, Any]]:
    """Return how many requests were replayed, what each policy would have answered, and all that as details."""
    async with database.connection() as connection:
        share = await cache_accesses.sampled(connection)
        accesses = await cache_accesses.logged(connection)
    requests = requests_of(accesses, rules.ttl_days)
    capacity = capacity_of(rules, share)
    ratios = await asyncio.to_thread(replay, requests, capacity)
    most = await asyncio.to_thread(ceiling, requests, capacity.entries)
    table = [
        {
            "policy": name,
            "hit_ratio_percent": round(100 * one.hits, 2),
            "byte_hit_ratio_percent": round(100 * one.bytes, 2),
            "work_saved_percent": round(100 * one.cost, 2),
        }
        for name, one in ratios.items()
    ]
    details = {
        "accesses_replayed": len(requests),
        "keys_sampled_percent": round(100 * share, 2),
        "policies": table,
        "ceiling_hit_ratio_percent": round(100 * most, 2),
    }
    return len(requests), ratios, details


async def choose_policy(database: Database, rules: CacheRules, now: datetime, *, dry_run: bool) -> dict[str, Any]:
    """Replay the log, remember the policy that it prefers and how much is logged from now on; return figures.

    Without enough accesses, or with a policy that is configured, that one stays and the figures are shown all the same.
    """
    async with database.connection() as connection:
        choice = await cache_accesses.chosen(connection)
        logged = await cache_accesses.count(connection)
    requests, ratios, details = await replayed(database, rules)
    before = policy_of(rules, choice)
    policy = best(ratios, before) if rules.policy == "auto" and requests >= FEWEST else before
    share_before = choice.sampled if choice else 1.0
    share = _share_to_log(logged, rules.keep_accesses, share_before)
    if not dry_run:
        told = {name: asdict(one) for name, one in ratios.items()}
        async with database.transaction() as connection:
            if share < share_before:
                await cache_accesses.thin(connection, share)
            await cache_accesses.choose(connection, Choice(now, policy, told, requests, share))
    return {**details, "policy_before": before, "policy": policy}


def policy_of(rules: CacheRules, choice: Choice | None) -> str:
    """Return the policy that is configured, or else the one that was chosen last."""
    if rules.policy != "auto":
        return rules.policy
    return choice.policy if choice else DEFAULT


def _share_to_log(logged: int, keep: int, share: float) -> float:
    """Return the share of keys to log from now on: halved while the log is full, doubled while it is nearly empty."""
    if logged >= keep:
        return share / 2
    return min(1.0, 2 * share) if logged < keep / 8 else share
