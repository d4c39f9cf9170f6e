"""Parts of the Dagster instance, judged by what the face has read of it; nothing is asked here."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final, assert_never

from pake_pipelines.config.services import DagsterService
from pake_pipelines.health.probes.answer import Answer, Facts, degraded, healthy, unhealthy, unknown
from pake_pipelines.model.dagster_facts import DaemonFact, DagsterFacts, PartitionsFact, PoolFact, QueueFact

_NOT_READ: Final = "it was not read from Dagster's instance"
# how many times its bound the oldest run must have waited until the queue counts as standing still
_STANDSTILL: Final = 2
# assets with failed partitions, and partitions of each, that are named
_SHOWN: Final = 3


def judge(service: DagsterService, facts: DagsterFacts | None, now: datetime) -> Answer:
    """Return how the service's part of the instance stands; what was not read, or could not be, is unknown."""
    if facts is None:
        return unknown(_NOT_READ)
    if service.part in facts.errors:
        return unknown(f"it could not be read from Dagster's instance: {facts.errors[service.part]}")
    match service.part:
        case "daemons":
            return judge_daemons(facts.daemons)
        case "code_location":
            return judge_code_location(loaded=facts.code_location_loaded, error=facts.code_location_error)
        case "queue":
            return judge_queue(facts.queue, now, timedelta(minutes=service.max_queue_minutes))
        case "partitions":
            return judge_partitions(facts.partitions)
        case "pools":
            return judge_pools(facts.pools)
        case _:
            assert_never(service.part)


def judge_daemons(daemons: Sequence[DaemonFact] | None) -> Answer:
    """Return how the daemons stand that the instance needs: unhealthy when one gives no heartbeat."""
    if daemons is None:
        return unknown(_NOT_READ)
    needed = [one for one in daemons if one.required]
    told: Facts = {one.kind: one.last_heartbeat.isoformat() if one.last_heartbeat else None for one in needed}
    if not needed:
        return unknown("the instance names no daemon that it needs", told)
    silent = [one for one in needed if one.healthy is False]
    if silent:
        return unhealthy(f"no good heartbeat of {_names(silent)}{_first_error(silent)}", facts=told)
    untold = [one for one in needed if one.healthy is None]
    if untold:
        return unknown(f"nothing is known of {_names(untold)}", told)
    failing = [one for one in needed if one.errors]
    if failing:
        return degraded(f"errors in {_names(failing)}{_first_error(failing)}", facts=told)
    return healthy(f"all {len(needed)} daemons give heartbeats", facts=told)


def _names(daemons: Sequence[DaemonFact]) -> str:
    return ", ".join(one.kind for one in daemons)


def _first_error(daemons: Sequence[DaemonFact]) -> str:
    errors = [error for one in daemons for error in one.errors]
    return f": {errors[0].strip()}" if errors else ""


def judge_code_location(*, loaded: bool | None, error: str | None) -> Answer:
    """Return how the code location stands: unhealthy when it does not load."""
    if error:
        return unhealthy(f"it does not load: {error}")
    if loaded is None:
        return unknown(_NOT_READ)
    return healthy("loaded") if loaded else unhealthy("it is not loaded")


def judge_queue(queue: QueueFact | None, now: datetime, longest: timedelta) -> Answer:
    """Return how the queue of runs stands: degraded when its oldest run waits for longer than `longest`."""
    if queue is None:
        return unknown(_NOT_READ)
    told = {"queued": queue.queued, "in_progress": queue.in_progress}
    if queue.queued == 0:
        return healthy(f"no run waits, {queue.in_progress} in progress", facts=told)
    if queue.oldest_queued_at is None:
        return unknown(f"{queue.queued} runs wait, nobody knows since when", told)
    age = max(now - queue.oldest_queued_at, timedelta())
    detail = f"{queue.queued} runs wait, the oldest for {age / timedelta(minutes=1):.0f} min"
    facts = {**told, "oldest_seconds": round(age.total_seconds())}
    if age > longest * _STANDSTILL:
        return unhealthy(detail, facts=facts)
    return degraded(detail, facts=facts) if age > longest else healthy(detail, facts=facts)


def judge_partitions(partitions: Sequence[PartitionsFact] | None) -> Answer:
    """Return how the partitions stand: degraded when some have failed and were not made good."""
    if partitions is None:
        return unknown(_NOT_READ)
    failed = [one for one in partitions if one.failed > 0]
    number = sum(one.failed for one in failed)
    told = {"failed": number}
    if not failed:
        return healthy("no failed partitions", facts=told)
    shown = "; ".join(f"{one.failed} of {one.asset} ({', '.join(one.sample[:_SHOWN])})" for one in failed[:_SHOWN])
    more = f"; and of {len(failed) - _SHOWN} more assets" if len(failed) > _SHOWN else ""
    return degraded(f"{number} failed partitions: {shown}{more}", facts=told)


def judge_pools(pools: Sequence[PoolFact] | None) -> Answer:
    """Return how the pools stand: degraded when dead runs hold slots, unhealthy when those are all of a pool's.

    A pool whose slots are all at work is a busy one; that work waits for too long, the age of the queue tells.
    """
    if pools is None:
        return unknown(_NOT_READ)
    told: Facts = {f"{one.name}.free": _free(one) for one in pools if one.limit is not None}
    stuck = [one for one in pools if one.limit and one.leaked >= one.limit]
    if stuck:
        return unhealthy(f"dead runs hold every slot of {', '.join(one.name for one in stuck)}", facts=told)
    leaking = [one for one in pools if one.leaked > 0]
    if leaking:
        shown = ", ".join(f"{one.leaked} of {one.name}" for one in leaking)
        return degraded(f"slots held by dead runs: {shown}", facts=told)
    busy = [f"{one.name} ({one.waiting} wait)" for one in pools if one.limit is not None and not _free(one)]
    return healthy(f"all slots at work: {', '.join(busy)}" if busy else "slots are free in every pool", facts=told)


def _free(pool: PoolFact) -> int:
    return max((pool.limit or 0) - pool.claimed, 0)
