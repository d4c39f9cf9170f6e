"""Samples are kept once each; how a service stands and stood is read from them without reading them all."""

from datetime import timedelta

import pytest

from pake_pipelines.model.health import HealthSample, HealthStatus
from pake_pipelines.store import health_samples
from pake_pipelines_tests.conftest import NOW

S = HealthStatus


def at(seconds):
    return NOW + timedelta(seconds=seconds)


def sample(service="s", seconds=0, status=S.HEALTHY, **values):
    return HealthSample(
        service=service, kind=values.pop("kind", "http"), critical=values.pop("critical", False), status=status,
        at=at(seconds), response_ms=values.pop("response_ms", 1.5), detail=values.pop("detail", "status 200"), **values,
    )  # fmt: skip


@pytest.fixture
def keep(database):
    """Return a coroutine function that stores samples, given as (service, seconds, status) or whole."""

    async def save(*samples):
        made = [one if isinstance(one, HealthSample) else sample(*one) for one in samples]
        async with database.transaction() as connection:
            return await health_samples.save(connection, made)

    return save


async def test_what_is_kept_comes_back_as_it_was(database, keep):
    full = sample(http_status=200, critical=True, facts={"memory": "1M", "clients": 3, "ok": True, "none": None})
    bare = sample("t", response_ms=None, status=S.NOT_CONFIGURED, detail="")
    assert await keep(full, bare) == 2
    async with database.connection() as connection:
        assert await health_samples.latest(connection) == {"s": full, "t": bare}
        assert await health_samples.history(connection, "s", at(0)) == [full]


async def test_a_second_one_of_the_same_moment_changes_nothing(database, keep):
    """Two daemons by mistake may probe at the same moment."""
    await keep(sample(detail="first"))
    assert await keep(sample(detail="second"), sample("t")) == 1
    async with database.connection() as connection:
        assert (await health_samples.latest(connection))["s"].detail == "first"


async def test_nothing_to_keep_is_no_statement(database):
    assert await health_samples.save(None, []) == 0


async def test_the_latest_is_the_newest_of_each(database, keep):
    await keep(("a", 0, S.HEALTHY), ("a", 30, S.UNHEALTHY), ("b", 10, S.DEGRADED), ("c", 5, S.UNKNOWN))
    async with database.connection() as connection:
        found = await health_samples.latest(connection)
    assert {name: one.status for name, one in found.items()} == {"a": S.UNHEALTHY, "b": S.DEGRADED, "c": S.UNKNOWN}


async def test_one_of_a_clock_that_was_ahead_is_not_the_latest(database, keep):
    await keep(("a", 0, S.UNHEALTHY), ("a", 7200, S.HEALTHY))
    async with database.connection() as connection:
        assert (await health_samples.latest(connection, at(30)))["a"].status is S.UNHEALTHY
        assert await health_samples.latest(connection, at(-1)) == {}


async def test_the_latest_are_found_by_the_index_however_many_there_are(database):
    async with database.transaction() as connection:
        await connection.execute(
            """
            INSERT INTO health_samples (service, at, kind, critical, status, detail)
            SELECT 's' || n % 20, $1::timestamptz + n * interval '1 second', 'tcp', false, 'healthy', ''
            FROM generate_series(1, 40000) n
            """,
            NOW,
        )
        await connection.execute("ANALYZE health_samples")
        assert len(await health_samples.latest(connection)) == 20
        plan = await connection.fetch(
            f"""
            EXPLAIN (ANALYZE, BUFFERS, COSTS false, TIMING false)
            {health_samples._SERVICES} SELECT service FROM services
            """
        )
    assert not [line for (line,) in plan if "Seq Scan on health_samples" in line]


async def test_the_history_is_that_of_one_service_from_a_moment_on(database, keep):
    await keep(*(("a", seconds, S.HEALTHY) for seconds in (0, 30, 60)), ("b", 30, S.HEALTHY))
    async with database.connection() as connection:
        found = await health_samples.history(connection, "a", at(30))
    assert [one.at for one in found] == [at(30), at(60)]


async def test_transitions_are_the_changes_and_know_what_was_before(database, keep):
    states = [S.HEALTHY, S.HEALTHY, S.UNHEALTHY, S.UNKNOWN, S.UNKNOWN, S.HEALTHY]
    await keep(*(("a", 30 * number, status) for number, status in enumerate(states)), ("b", 60, S.HEALTHY))
    async with database.connection() as connection:
        of_all = await health_samples.transitions(connection, at(30))
        of_one = await health_samples.transitions(connection, at(0), "a")
    assert [(one.service, one.at, one.before, one.after) for one in of_all] == [
        ("a", at(60), S.HEALTHY, S.UNHEALTHY),
        ("b", at(60), None, S.HEALTHY),
        ("a", at(90), S.UNHEALTHY, S.UNKNOWN),
        ("a", at(150), S.UNKNOWN, S.HEALTHY),
    ]
    assert (of_one[0].before, of_one[0].after) == (None, S.HEALTHY)
    assert {one.service for one in of_one} == {"a"}


async def test_uptime_is_a_share_of_time_in_which_the_unknown_never_counts_as_up(database, keep):
    await keep(
        ("a", 0, S.HEALTHY), ("a", 100, S.UNHEALTHY), ("a", 200, S.UNKNOWN), ("a", 300, S.DEGRADED),
        ("b", 0, S.UNKNOWN), ("c", 0, S.NOT_CONFIGURED),
    )  # fmt: skip
    async with database.connection() as connection:
        found = await health_samples.uptimes(connection, at(0), at(400))
    a = found["a"]
    assert (a.healthy_seconds, a.unhealthy_seconds, a.unknown_seconds, a.degraded_seconds) == (100, 100, 100, 100)
    assert a.samples == 4
    assert (a.up_share, a.healthy_share, a.known_share) == (pytest.approx(2 / 3), pytest.approx(1 / 3), 0.75)
    assert (found["b"].up_share, found["b"].unknown_seconds) == (None, 400)
    assert (found["c"].up_share, found["c"].known_share, found["c"].unknown_seconds) == (None, None, 0)


async def test_time_that_nobody_watched_is_unknown(database, keep):
    await keep(("a", 100, S.HEALTHY), ("a", 4000, S.HEALTHY))
    async with database.connection() as connection:
        found = (await health_samples.uptimes(connection, at(0), at(4600), timedelta(seconds=600)))["a"]
    assert (found.healthy_seconds, found.unknown_seconds) == (1200, 3400)
    assert found.up_share == 1


async def test_uptimes_are_those_of_the_time_asked_for(database, keep):
    await keep(("a", 0, S.UNHEALTHY), ("a", 100, S.HEALTHY), ("a", 200, S.UNHEALTHY))
    async with database.connection() as connection:
        found = (await health_samples.uptimes(connection, at(100), at(200)))["a"]
    assert (found.samples, found.healthy_seconds, found.unhealthy_seconds) == (1, 100, 0)


async def test_pruning_takes_no_more_at_once_than_it_may_and_nothing_that_is_young(database, keep):
    await keep(*((service, 30 * number, S.HEALTHY) for service in "abc" for number in range(10)))
    deleted = []
    for _ in range(4):
        async with database.transaction() as connection:
            deleted.append(await health_samples.prune(connection, at(150), at_most=7))
    async with database.connection() as connection:
        left = await connection.fetch("SELECT service, at FROM health_samples")
    assert deleted == [7, 7, 1, 0]
    assert len(left) == 15
    assert min(row["at"] for row in left) == at(150)
