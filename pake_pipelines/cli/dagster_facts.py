"""What Dagster's instance knows of itself, as the terminal can ask it: over GraphQL, when the stack is up.

Only what is complete that way is read. Runs, checks, ticks and freshness are left out, on purpose and so without an
entry in `errors`, to the sensor inside of Dagster: what is half known would look as if the rest were gone.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final, TypeVar

from pake_pipelines.cli.dagster_api import DagsterApi, DagsterError
from pake_pipelines.cli.stack import running
from pake_pipelines.model.dagster_facts import (
    HEARTBEAT_TOLERANCE,
    LEAKED_AFTER,
    DaemonFact,
    DagsterFacts,
    PartitionsFact,
    PoolFact,
    QueueFact,
)
from pake_pipelines.settings import Settings

DOWN: Final = "Dagster is not up here: `pake up` starts it"
_READ: Final = ("daemons", "code_location", "queue", "pools", "partitions")

DAEMONS: Final = """
query Daemons { instance { daemonHealth { allDaemonStatuses {
  daemonType required lastHeartbeatTime lastHeartbeatErrors { message } } } } }
"""
QUEUE: Final = """
query Queue {
  queued: runsOrError(filter: {statuses: [QUEUED]}) { ... on Runs { count results { creationTime } } }
  going: runsOrError(filter: {statuses: [NOT_STARTED, STARTING, STARTED, CANCELING]}) { ... on Runs { count } }
}
"""
POOLS: Final = """
query Pools { instance { concurrencyLimits {
  concurrencyKey limit slotCount claimedSlots { runId } pendingStepCount } } }
"""
HOLDERS: Final = """
query Holders($ids: [String!]!) {
  runsOrError(filter: {runIds: $ids}) { ... on Runs { results { runId endTime } } }
}
"""
PARTITIONS: Final = """
query Partitions { assetNodes { assetKey { path } partitionStats { numFailed } } }
"""

Value = TypeVar("Value")


def read_facts(settings: Settings, now: datetime) -> DagsterFacts:
    """Return what can be read at `now`; what cannot is None, with its cause in `errors`. Nothing is raised."""
    held = running(settings)
    if held is None:
        return DagsterFacts(now, errors=dict.fromkeys(_READ, DOWN))
    return facts_of(DagsterApi(held[1]), now)


def facts_of(api: DagsterApi, now: datetime) -> DagsterFacts:
    """Return what the webserver behind `api` says."""
    errors: dict[str, str] = {}

    def attempt(part: str, reading: Callable[[], Value]) -> Value | None:
        try:
            return reading()
        except DagsterError as error:
            errors[part] = str(error)
            return None

    # the location is loaded with "", which tells it from what could not be asked
    location = attempt("code_location", lambda: api.location_error() or "")
    return DagsterFacts(
        at=now,
        daemons=attempt("daemons", lambda: _daemons(api.ask(DAEMONS), now)),
        code_location_loaded=None if location is None else not location,
        code_location_error=location or None,
        queue=attempt("queue", lambda: _queue(api.ask(QUEUE))),
        pools=attempt("pools", lambda: _pools(api, now)),
        partitions=attempt("partitions", lambda: _partitions(api.ask(PARTITIONS)["assetNodes"])),
        errors=errors,
    )


def _daemons(said: Mapping[str, Any], now: datetime) -> tuple[DaemonFact, ...]:
    return tuple(_daemon(one, now) for one in said["instance"]["daemonHealth"]["allDaemonStatuses"])


def _daemon(one: Mapping[str, Any], now: datetime) -> DaemonFact:
    beat = _moment(one["lastHeartbeatTime"])
    beats = beat is not None and now - beat <= HEARTBEAT_TOLERANCE
    return DaemonFact(
        kind=one["daemonType"],
        required=one["required"],
        healthy=beats if one["required"] else None,
        last_heartbeat=beat,
        errors=tuple(error["message"].strip() for error in one["lastHeartbeatErrors"] or ()),
    )


def _queue(said: Mapping[str, Any]) -> QueueFact:
    queued = said["queued"].get("results", [])
    return QueueFact(
        queued=said["queued"].get("count", len(queued)),
        oldest_queued_at=min((at for one in queued if (at := _moment(one["creationTime"]))), default=None),
        in_progress=said["going"].get("count", 0),
    )


def _pools(api: DagsterApi, now: datetime) -> tuple[PoolFact, ...]:
    pools = api.ask(POOLS)["instance"]["concurrencyLimits"]
    dead = _dead(api, sorted({slot["runId"] for pool in pools for slot in pool["claimedSlots"]}), now)
    return tuple(
        PoolFact(
            name=one["concurrencyKey"],
            limit=one["limit"] if one["limit"] is not None else one["slotCount"],
            claimed=len(one["claimedSlots"]),
            waiting=one["pendingStepCount"],
            leaked=sum(slot["runId"] in dead for slot in one["claimedSlots"]),
        )
        for one in pools
    )


def _dead(api: DagsterApi, holders: Sequence[str], now: datetime) -> set[str]:
    """Return those runs that are gone, or over for longer than their slots are kept."""
    if not holders:
        return set()
    found = {one["runId"]: _moment(one["endTime"]) for one in api.ask(HOLDERS, ids=holders)["runsOrError"]["results"]}
    return {
        one for one in holders if one not in found or ((end := found[one]) is not None and now - end > LEAKED_AFTER)
    }


def _partitions(nodes: Sequence[Mapping[str, Any]]) -> tuple[PartitionsFact, ...]:
    return tuple(
        PartitionsFact("/".join(node["assetKey"]["path"]), node["partitionStats"]["numFailed"], ())
        for node in nodes
        if node["partitionStats"] is not None
    )


def _moment(timestamp: float | str | None) -> datetime | None:
    return None if timestamp is None else datetime.fromtimestamp(float(timestamp), UTC)
