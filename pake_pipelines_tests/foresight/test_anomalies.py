"""Anomalies over stored samples: one row and one alert for each episode, whoever looks and however often."""

from datetime import timedelta

import pytest

from pake_pipelines.alerts.evaluate import evaluate
from pake_pipelines.alerts.inputs.metric import metric_readings
from pake_pipelines.foresight.anomalies import judge, judge_if_due, watch_anomalies
from pake_pipelines.health.foreseen import foreseen, sample_foreseen
from pake_pipelines.model.alert import AlertState
from pake_pipelines.model.metric import MetricSample
from pake_pipelines.model.status import CheckStatus
from pake_pipelines.store import alert_views, anomalies, metric_samples, monitor_ticks
from pake_pipelines_tests.conftest import NOW
from pake_pipelines_tests.foresight.seeded import place, rules, sample

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
CONFIG = rules().reports.analytics.anomalies
# five days of 50 +- 5, and since two hours 500
JUMPS = "CASE WHEN days_ago < 0.0833 THEN 500 ELSE 50 + 5 * noise END"


async def given(database, value=JUMPS, *, metric="api_response_ms", days=5, until=NOW):
    async with database.transaction() as connection:
        await sample(connection, metric, value, days=days, unit="ms", until=until)


async def rows(database):
    async with database.connection() as connection:
        return await anomalies.between(connection, NOW - timedelta(days=9), NOW + timedelta(days=9))


async def test_an_episode_is_found_once_and_stays_one_row_until_it_is_over(database):
    await given(database)
    first = await judge(database, CONFIG, NOW)
    (row,) = await rows(database)
    assert (row.metric, row.ended_at, row.value > 400, row.expected_high < 60) == ("api_response_ms", None, True, True)
    assert abs(row.started_at - (NOW - 2 * HOUR)) <= 10 * MINUTE
    assert (len(first.begun), first.series) == (1, 1)
    again = await judge(database, CONFIG, NOW + MINUTE)
    assert (again.begun, again.ended, len(again.open)) == ((), (), 1)
    async with database.transaction() as connection:
        await sample(
            connection, "api_response_ms", "50 + 5 * noise", days=1, minutes=10, until=NOW + 24 * HOUR, unit="ms"
        )
    over = await judge(database, CONFIG, NOW + 24 * HOUR)
    assert [one.started_at for one in over.ended] == [row.started_at]
    (ended,) = [one for one in await rows(database) if one.started_at == row.started_at]
    assert (ended.anomaly_id, ended.found_at) == (row.anomaly_id, NOW)
    assert row.last_at <= ended.ended_at <= NOW + 2 * HOUR


async def test_whoever_is_killed_before_the_end_has_written_nothing_and_the_next_finds_the_same(database, monkeypatch):
    await given(database)

    class KilledError(Exception):
        pass

    async def killed(*_):
        raise KilledError

    for module, name in ((anomalies, "save"), (monitor_ticks, "note"), (anomalies, "open_now")):
        with monkeypatch.context() as patched:
            patched.setattr(module, name, killed)
            with pytest.raises(KilledError):
                await judge(database, CONFIG, NOW)
        assert await rows(database) == []
    await judge(database, CONFIG, NOW)
    found = await rows(database)
    await judge(database, CONFIG, NOW)
    assert await rows(database) == found
    assert len(found) == 1


async def test_nothing_is_said_of_a_series_before_it_was_learnt(database):
    await given(database, days=1)
    judged = await judge(database, CONFIG, NOW)
    assert await rows(database) == []
    assert list(judged.unknown) == ["api_response_ms"]
    finding = await watch_anomalies(place(database))
    assert finding.checks == {}
    assert finding.summary == "series watched: 1; odd now: 0; too little is known yet of 1"


async def test_it_is_judged_every_few_minutes_and_not_by_two_at_once_and_not_when_switched_off(database):
    assert await judge_if_due(database, CONFIG, NOW) is not None
    assert await judge_if_due(database, CONFIG, NOW + 13 * MINUTE) is None
    assert await judge_if_due(database, CONFIG, NOW + 14 * MINUTE) is not None
    async with database.transaction() as connection:
        await connection.fetchval("SELECT pg_advisory_xact_lock(hashtext('foresight'), hashtext('anomalies'))")
        assert (await judge(database, CONFIG, NOW + HOUR)).overlapped
    off = CONFIG.model_copy(update={"enabled": False})
    await judge_if_due(database, off, NOW + HOUR)
    assert (await sampled(database, NOW + HOUR))[0].detail == "watching for anomalies is switched off"


async def test_what_there_was_no_time_for_comes_first_the_next_time(database):
    await given(database)
    await given(database, "noise", metric="cpu_usage_percent")
    none = await judge(database, CONFIG, NOW, seconds=-1)
    assert none.left == 1
    async with database.connection() as connection:
        assert (await monitor_ticks.read(connection, anomalies.TICK)).memory["next"] == "cpu_usage_percent"
    assert (await judge(database, CONFIG, NOW)).left == 0
    assert len(await rows(database)) == 1


async def sampled(database, now):
    async with database.connection() as connection:
        latest = await metric_samples.latest(connection)
        return sample_foreseen(await foreseen(connection, now), latest, 365, now)


async def alert(database, monitoring, now):
    """Sample the metric and let the rules judge it; return the alerts of the rule so far."""
    samples = await sampled(database, now)
    await evaluate(database, monitoring, [metric_readings(samples)], now)
    async with database.connection() as connection:
        return await alert_views.list_alerts(connection, states=list(AlertState), rule="anomaly")


async def test_an_episode_raises_one_alert_which_is_resolved_when_it_is_over(database):
    monitoring = rules().monitoring
    await given(database)
    before = await alert(database, monitoring, NOW)
    await judge(database, CONFIG, NOW)
    for minutes in (1, 6, 11):
        found = await alert(database, monitoring, NOW + minutes * MINUTE)
        assert [one.state for one in found] == ["firing"], minutes
    assert before == []
    assert found[0].labels["of"] == "api_response_ms"
    async with database.transaction() as connection:
        await connection.execute("UPDATE anomalies SET ended_at = last_at")
        await monitor_ticks.note(connection, anomalies.TICK, NOW + 20 * MINUTE, 0.0)
    for minutes in (20, 25):
        found = await alert(database, monitoring, NOW + minutes * MINUTE)
    assert [one.state for one in found] == ["resolved"]


async def test_an_odd_series_that_vanishes_or_that_nobody_judges_is_unknown_and_not_well_again(database):
    await given(database)
    await judge(database, CONFIG, NOW)
    async with database.transaction() as connection:
        await monitor_ticks.note(connection, anomalies.TICK, NOW + 3 * HOUR, 0.0)
    (vanished, _) = await sampled(database, NOW + 3 * HOUR)
    assert (vanished.status, vanished.labels["of"]) == (CheckStatus.UNKNOWN, "api_response_ms")
    unjudged, odd, _ = await sampled(database, NOW + 9 * HOUR)
    assert (unjudged.status, unjudged.labels) == (CheckStatus.UNKNOWN, {})
    assert (odd.status, odd.labels) == (CheckStatus.UNKNOWN, vanished.labels)
    lost = await judge(database, CONFIG, NOW + timedelta(days=20))
    assert [one.metric for one in lost.given_up] == ["api_response_ms"]
    assert (await watch_anomalies(place(database))).summary


async def test_a_sample_of_what_is_full_never_is_that_far_away(database):
    found = await sampled(database, NOW)
    assert isinstance(found[1], MetricSample)
    assert (found[1].metric, found[1].status, found[1].detail) == (
        "days_to_full", CheckStatus.UNAVAILABLE, "nothing was foreseen yet",
    )  # fmt: skip
