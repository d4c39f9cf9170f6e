"""Anomalies, forecasts and analyses come back as they were kept, once each, and what stands no more is not told."""

from dataclasses import replace
from datetime import timedelta

from pake_pipelines.store import analyses, anomalies, forecasts, series
from pake_pipelines.store.anomalies import Anomaly
from pake_pipelines.store.forecasts import ForecastPoint, ForecastRow
from pake_pipelines_tests.conftest import NOW

HOUR = timedelta(hours=1)
EPISODE = Anomaly(
    None, "disk_usage_percent", {"mount": '/ä "b"'}, "level", NOW - 3 * HOUR, NOW - HOUR, NOW - 2 * HOUR, None, 0.9,
    95.0, 40.0, None, NOW,
)  # fmt: skip
FORECAST = ForecastRow(
    "db_size_bytes", {}, NOW, "run-1", "linear", "bytes", 30, 1e6, (ForecastPoint(NOW + HOUR, 2.0, 1.0, 3.0),), 9e9,
    NOW + 9 * HOUR, NOW + 8 * HOUR, None, "",
)  # fmt: skip


def plain(found):
    return [replace(one, anomaly_id=None) for one in found]


async def test_an_episode_is_one_row_however_often_it_is_kept_and_remembers_when_it_was_found(database):
    later = replace(EPISODE, last_at=NOW, ended_at=NOW, score=1.0, found_at=NOW + HOUR)
    async with database.transaction() as connection:
        await anomalies.save(connection, [EPISODE, replace(EPISODE, labels={})])
        assert len(await anomalies.open_now(connection)) == 2
        await anomalies.save(connection, [later])
        assert plain(await anomalies.open_now(connection)) == [replace(EPISODE, labels={})]
        (kept,) = [one for one in await anomalies.between(connection, NOW, NOW + HOUR) if one.labels]
    assert replace(kept, anomaly_id=None) == replace(later, found_at=NOW)


async def test_episodes_of_a_window_are_those_that_reach_into_it_and_pruning_leaves_open_ones(database):
    over = replace(EPISODE, metric="db_query_ms", ended_at=NOW - HOUR)
    async with database.transaction() as connection:
        await anomalies.save(connection, [EPISODE, over])
        assert plain(await anomalies.between(connection, NOW - HOUR, NOW)) == [over, EPISODE]
        assert plain(await anomalies.between(connection, NOW, NOW + HOUR)) == [EPISODE]
        assert await anomalies.between(connection, NOW - 9 * HOUR, EPISODE.started_at) == []
        assert await anomalies.prune(connection, NOW) == 1
        assert plain(await anomalies.open_now(connection)) == [EPISODE]


async def test_what_was_foreseen_last_is_told_and_a_series_that_was_not_among_it_is_not(database):
    never = replace(FORECAST, made_at=NOW - HOUR, reason="nothing was measured", points=(), reaches_at=None)
    series_of_it = [replace(FORECAST, labels={"mount": name}) for name in ("/a", "/b")]
    async with database.transaction() as connection:
        await forecasts.save(connection, [never])
        assert await forecasts.latest(connection) == [never]
        for _ in range(2):
            await forecasts.save(connection, series_of_it)
        assert await forecasts.latest(connection) == series_of_it
        assert await forecasts.prune(connection, NOW) == 1
        assert await forecasts.latest(connection) == series_of_it


async def test_an_analysis_replaces_what_it_said_before_of_every_subject(database):
    async with database.transaction() as connection:
        await analyses.save(connection, "insight", {"a": {"x": 1}, "b": {"x": 2}}, run_id="r", now=NOW)
        await analyses.save(connection, "trend", {"a": {"x": 3}}, run_id="r", now=NOW)
        await analyses.save(connection, "insight", {"b": {"x": 4}}, run_id="r", now=NOW + HOUR)
        await analyses.save(connection, "insight", {"b": {"x": 5}}, run_id="r2", now=NOW + HOUR)
        (standing,) = (await analyses.latest(connection, "insight")).values()
        assert (standing.subject, standing.result, standing.run_id, standing.made_at) == (
            "b",
            {"x": 5},
            "r2",
            NOW + HOUR,
        )
        assert set(await analyses.latest(connection, "trend")) == {"a"}
        await analyses.save(connection, "insight", {}, run_id="r", now=NOW + 2 * HOUR)
        assert await analyses.latest(connection, "insight") == {}
        assert await analyses.prune(connection, NOW + HOUR) == 3


async def test_a_series_is_what_was_measured_and_nothing_else(database):
    async with database.transaction() as connection:
        await connection.execute(
            """
            INSERT INTO metric_samples (metric, labels, at, value, unit, status)
            SELECT 'm', '{"of": "a"}'::jsonb, $1::timestamptz - interval '1 min' * n,
                   CASE n WHEN 2 THEN 'NaN' ELSE n::float8 END, 'ms', 'ok'
            FROM generate_series(1, 4) n
            UNION ALL SELECT 'm', '{}', $1, NULL, 'ms', 'unknown' UNION ALL SELECT 'other', '{}', $1, 1, 'ms', 'ok'
            """,
            NOW,
        )
        (found,) = await series.read(connection, ["m"], NOW - timedelta(minutes=3), NOW)
    assert (found.metric, found.labels, found.values) == ("m", {"of": "a"}, (3, 1))
    assert found.times == (NOW - timedelta(minutes=3), NOW - timedelta(minutes=1))
