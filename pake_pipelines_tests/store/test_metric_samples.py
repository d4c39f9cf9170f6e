"""Samples are kept as they were made, the newest of each series is found, and windows of counters survive restarts."""

from datetime import timedelta

import pytest

from pake_pipelines.health.catalogue import measured, missing
from pake_pipelines.model.metric import MetricSample
from pake_pipelines.model.status import CheckStatus
from pake_pipelines.store import metric_samples
from pake_pipelines.store.errors import UnstorableError
from pake_pipelines_tests.conftest import NOW


def ago(minutes):
    return NOW - timedelta(minutes=minutes)


async def keep(database, *samples):
    async with database.transaction() as connection:
        await metric_samples.save(connection, samples)


async def latest(database):
    async with database.connection() as connection:
        return await metric_samples.latest(connection)


async def test_a_sample_comes_back_as_it_was_made(database):
    made = [
        measured("disk_usage_percent", 35.5, NOW, mount='/srv/ä "b"', detail="d"),
        missing("db_slowest_query_ms", "not installed", NOW),
        missing("cpu_usage_percent", "first", NOW, status=CheckStatus.UNKNOWN),
    ]
    await keep(database, *made)
    assert await latest(database) == sorted(made, key=lambda one: one.metric)


async def test_nothing_to_keep_is_kept_and_nothing_is_newest(database):
    await keep(database)
    assert await latest(database) == []


async def test_a_moment_that_is_sampled_twice_is_kept_once(database):
    await keep(database, measured("cpu_count", 2, NOW))
    await keep(database, measured("cpu_count", 3, NOW), measured("process_count", 9, NOW))
    assert [(one.metric, one.value) for one in await latest(database)] == [("cpu_count", 2), ("process_count", 9)]


async def test_an_unknown_sample_cannot_carry_a_value(database):
    with pytest.raises(UnstorableError):
        await keep(database, MetricSample("cpu_count", 1.0, "count", NOW, status=CheckStatus.UNKNOWN))


async def test_the_newest_of_every_series_is_found(database):
    for minutes in (10, 0, 5):
        await keep(
            database,
            measured("cpu_count", 100 + minutes, ago(minutes)),
            *(measured("disk_usage_percent", minutes, ago(minutes), mount=mount) for mount in ("/", "/data", "/b")),
        )
    await keep(database, measured("load_average", 1, ago(60), period="1m"))
    found = await latest(database)
    assert [(one.metric, dict(one.labels), one.value) for one in found] == [
        ("cpu_count", {}, 100),
        ("disk_usage_percent", {"mount": "/"}, 0),
        ("disk_usage_percent", {"mount": "/b"}, 0),
        ("disk_usage_percent", {"mount": "/data"}, 0),
        ("load_average", {"period": "1m"}, 1),
    ]
    assert found[-1].at == ago(60)


async def test_the_newest_are_found_without_reading_the_others(database):
    async with database.transaction() as connection:
        await connection.execute(
            """
            INSERT INTO metric_samples (metric, labels, at, value, unit, status)
            SELECT 'm' || m, jsonb_build_object('n', n), $1::timestamptz - make_interval(mins => t), t, 'count', 'ok'
            FROM generate_series(1, 10) m, generate_series(1, 5) n, generate_series(0, 999) t
            """,
            NOW,
        )
    async with database.connection() as connection:
        await connection.execute("ANALYZE metric_samples")
        found = await metric_samples.latest(connection)
        assert [(one.value, one.at) for one in found] == [(0, NOW)] * 50
        plan = "\n".join(
            row[0]
            for row in await connection.fetch(
                "EXPLAIN SELECT * FROM metric_samples WHERE (metric, labels) < ('m9', '{}') "
                "ORDER BY metric DESC, labels DESC, at DESC LIMIT 1"
            )
        )
    assert "Index Scan Backward using metric_samples_pkey" in plan


async def test_a_series_is_told_from_a_moment_on_the_oldest_first(database):
    await keep(database, *(measured("cpu_count", minutes, ago(minutes)) for minutes in (0, 30, 10, 20)))
    await keep(database, measured("knowledge_nodes", 1, NOW))
    async with database.connection() as connection:
        found = await metric_samples.series(connection, "cpu_count", ago(20))
    assert [one.value for one in found] == [20, 10, 0]


async def grown(database, readings, *, window=60, until=0):
    """Return the window of a counter with `readings`: minutes ago -> value."""
    samples = [measured("source_visits_total", value, ago(minutes)) for minutes, value in readings.items()]
    await keep(database, *samples)
    async with database.connection() as connection:
        return await metric_samples.counter_window(connection, "source_visits_total", ago(until + window), ago(until))


@pytest.mark.parametrize(
    ("readings", "increase"),
    [
        ({60: 100, 30: 110, 0: 125}, 25),
        ({65: 100, 30: 110, 0: 125}, 25),
        ({119: 90, 65: 100, 30: 110, 0: 125}, 25),
        ({30: 110, 0: 125}, 15),
        ({60: 5, 0: 5}, 0),
        ({60: 100, 40: 130, 20: 2, 0: 12}, 40),
        ({60: 100, 40: 90, 20: 80, 0: 70}, 0),
    ],
    ids=["plain", "from before", "from the last before", "only within", "still", "started anew", "pruned ever again"],
)
async def test_a_counter_grows_by_what_was_added(database, readings, increase):
    found = await grown(database, readings)
    assert found.increase == increase


@pytest.mark.parametrize(
    "readings",
    [{}, {10: 5}, {60: 5}, {121: 5, 10: 9}, {-5: 9, 90: 1}],
    ids=["no reading", "one within", "one before", "the other too old", "only later"],
)
async def test_with_less_than_two_readings_nothing_is_known(database, readings):
    assert await grown(database, readings) is None


async def test_a_window_ends_before_what_came_later(database):
    found = await grown(database, {90: 0, 60: 10, 30: 30, 0: 1000}, window=60, until=30)
    assert (found.increase, found.first_at, found.last_at) == (30, ago(90), ago(30))


async def test_a_short_window_reaches_back_to_the_sample_before(database):
    found = await grown(database, {9.5: 10, 4.5: 13}, window=5)
    assert (found.increase, found.first_at) == (3, ago(9.5))


async def test_readings_without_a_value_are_passed_over(database):
    await keep(database, missing("source_visits_total", "x", ago(20)))
    found = await grown(database, {40: 5, 10: 8})
    assert found.increase == 3


async def test_series_of_a_counter_are_counted_each_by_itself_and_together(database):
    for minutes, one, other in ((30, 10, 500), (0, 12, 505)):
        await keep(
            database,
            measured("network_sent_bytes_total", one, ago(minutes), card="a"),
            measured("network_sent_bytes_total", other, ago(minutes), card="b"),
        )
    async with database.connection() as connection:
        found = await metric_samples.counter_window(connection, "network_sent_bytes_total", ago(60), NOW)
    assert found.increase == 7


async def test_the_oldest_are_pruned_so_many_at_once_and_nothing_else(database):
    await keep(database, *(measured("cpu_count", minutes, ago(minutes)) for minutes in range(10)))
    async with database.connection() as connection:
        counts = [await metric_samples.prune(connection, ago(4), limit=3) for _ in range(3)]
        left = await metric_samples.series(connection, "cpu_count", ago(100))
    assert counts == [3, 2, 0]
    assert [one.value for one in left] == [4, 3, 2, 1, 0]


async def test_samples_of_a_clock_that_was_ahead_are_not_the_newest(database):
    await keep(database, measured("cpu_count", 1, NOW), measured("cpu_count", 9, ago(-60)))
    await keep(database, measured("knowledge_nodes", 9, ago(-60)), measured("process_count", 1, NOW))
    async with database.connection() as connection:
        found = await metric_samples.latest(connection, NOW)
    assert [(one.metric, one.value) for one in found] == [("cpu_count", 1), ("process_count", 1)]
