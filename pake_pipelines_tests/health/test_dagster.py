"""Dagster's parts are judged by what was read of them; what was not read is unknown, never healthy."""

from datetime import timedelta
from typing import get_args

import pytest

from pake_pipelines.config.services import DagsterPart, DagsterService
from pake_pipelines.health.probes.dagster import judge
from pake_pipelines.model.dagster_facts import DaemonFact, DagsterFacts, PartitionsFact, PoolFact, QueueFact
from pake_pipelines.model.health import HealthStatus
from pake_pipelines_tests.health.conftest import NOW

HEALTHY, DEGRADED, UNHEALTHY = HealthStatus.HEALTHY, HealthStatus.DEGRADED, HealthStatus.UNHEALTHY
UNKNOWN = HealthStatus.UNKNOWN
PARTS = get_args(DagsterPart)


def answer(part, **facts):
    return judge(DagsterService(part=part), DagsterFacts(at=NOW, **facts), NOW)


@pytest.mark.parametrize("part", PARTS)
def test_without_anything_read_nothing_is_known(part):
    assert judge(DagsterService(part=part), None, NOW).status is UNKNOWN
    assert answer(part).status is UNKNOWN


@pytest.mark.parametrize("part", PARTS)
def test_what_could_not_be_read_is_unknown_with_the_reason(part):
    everything = DagsterFacts(
        at=NOW, daemons=(daemon("SENSOR"),), code_location_loaded=True, queue=QueueFact(0, None, 0), pools=(),
        partitions=(), errors={part: "the instance does not answer"},
    )  # fmt: skip
    found = judge(DagsterService(part=part), everything, NOW)
    assert (found.status, "the instance does not answer" in found.detail) == (UNKNOWN, True)


def daemon(kind, *, required=True, healthy=True, errors=()):
    return DaemonFact(kind, required, healthy, NOW - timedelta(seconds=5), errors)


@pytest.mark.parametrize(
    ("daemons", "status", "detail"),
    [
        pytest.param((daemon("SENSOR"), daemon("QUEUE")), HEALTHY, "all 2 daemons give heartbeats", id="all well"),
        pytest.param(
            (daemon("SENSOR"), daemon("QUEUE", healthy=False)), UNHEALTHY, "no good heartbeat of QUEUE", id="1"
        ),
        pytest.param((daemon("SENSOR", healthy=False, errors=("boom",)),), UNHEALTHY, "of SENSOR: boom", id="says why"),
        pytest.param((daemon("SENSOR"), daemon("ASSET", required=False, healthy=False)), HEALTHY, "1", id="not needed"),
        pytest.param((daemon("SENSOR"), daemon("QUEUE", healthy=None)), UNKNOWN, "known of QUEUE", id="not known"),
        pytest.param((daemon("A", healthy=None), daemon("B", healthy=False)), UNHEALTHY, "of B", id="known to be ill"),
        pytest.param((daemon("SENSOR", errors=("boom",)),), DEGRADED, "errors in SENSOR: boom", id="errors"),
        pytest.param((), UNKNOWN, "names no daemon", id="none"),
    ],
)
def test_daemons_are_healthy_when_all_that_are_needed_give_heartbeats(daemons, status, detail):
    found = answer("daemons", daemons=daemons)
    assert (found.status, detail in found.detail) == (status, True), found.detail


@pytest.mark.parametrize(
    ("loaded", "error", "status"),
    [
        (True, None, HEALTHY),
        (False, None, UNHEALTHY),
        (False, "SyntaxError", UNHEALTHY),
        (None, "SyntaxError", UNHEALTHY),
        (None, None, UNKNOWN),
    ],
)
def test_a_code_location_is_healthy_when_it_is_loaded(loaded, error, status):
    found = answer("code_location", code_location_loaded=loaded, code_location_error=error)
    assert found.status is status
    assert not error or error in found.detail


@pytest.mark.parametrize(
    ("queued", "minutes", "status"),
    [
        (0, None, HEALTHY),
        (3, 30, HEALTHY),
        (3, 31, DEGRADED),
        (3, 60, DEGRADED),
        (3, 61, UNHEALTHY),
        (3, -60, HEALTHY),
        (3, None, UNKNOWN),
    ],
)
def test_a_queue_is_judged_by_how_long_its_oldest_run_has_waited(queued, minutes, status):
    """Half an hour is its bound; a run from the future was queued just now."""
    oldest = None if minutes is None else NOW - timedelta(minutes=minutes)
    found = answer("queue", queue=QueueFact(queued, oldest, 1))
    assert found.status is status
    assert found.facts["queued"] == queued


def test_failed_partitions_degrade_and_are_named():
    failed = tuple(PartitionsFact(f"asset_{number}", 5, ("a", "b", "c", "d", "e")) for number in range(4))
    found = answer("partitions", partitions=(PartitionsFact("well", 0, ()), *failed))
    assert found.status is DEGRADED
    assert found.detail == (
        "20 failed partitions: 5 of asset_0 (a, b, c); 5 of asset_1 (a, b, c); 5 of asset_2 (a, b, c); "
        "and of 1 more assets"
    )
    assert found.facts == {"failed": 20}


@pytest.mark.parametrize("partitions", [(), (PartitionsFact("well", 0, ()),)], ids=["no assets", "none failed"])
def test_without_failed_partitions_all_is_well(partitions):
    assert answer("partitions", partitions=partitions).status is HEALTHY


@pytest.mark.parametrize(
    ("pool", "status", "detail"),
    [
        pytest.param(PoolFact("p", 4, 1, 0), HEALTHY, "slots are free", id="free"),
        pytest.param(PoolFact("p", 4, 4, 9), HEALTHY, "all slots at work: p (9 wait)", id="busy"),
        pytest.param(PoolFact("p", None, 50, 0), HEALTHY, "slots are free", id="no limit"),
        pytest.param(PoolFact("p", 4, 2, 1, leaked=1), DEGRADED, "held by dead runs: 1 of p", id="a slot held"),
        pytest.param(PoolFact("p", 2, 2, 1, leaked=2), UNHEALTHY, "hold every slot of p", id="every slot held"),
        pytest.param(PoolFact("p", 1, 3, 1, leaked=1), UNHEALTHY, "hold every slot of p", id="limit was lowered"),
        pytest.param(PoolFact("p", 0, 0, 2), HEALTHY, "all slots at work", id="closed on purpose"),
    ],
)
def test_a_pool_is_judged_by_the_slots_that_dead_runs_hold(pool, status, detail):
    found = answer("pools", pools=(PoolFact("other", 1, 0, 0), pool))
    assert (found.status, detail in found.detail) == (status, True), found.detail


def test_pools_tell_their_free_slots():
    found = answer("pools", pools=(PoolFact("a", 4, 1, 0), PoolFact("b", 1, 2, 0), PoolFact("c", None, 1, 0)))
    assert found.facts == {"a.free": 3, "b.free": 0}
