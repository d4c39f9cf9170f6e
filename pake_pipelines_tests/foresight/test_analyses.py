"""A month of samples and runs: what every analysis finds in it, keeps, and says."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from pake_pipelines.foresight.analyses import ANALYSES, forget_old
from pake_pipelines.foresight.insights import limits
from pake_pipelines.store import analyses, forecasts
from pake_pipelines.store.database import open_database
from pake_pipelines.store.forecasts import ForecastRow
from pake_pipelines_tests.conftest import NOW
from pake_pipelines_tests.foresight.seeded import month, place

DAY = timedelta(days=1)


@pytest.fixture(scope="module")
def found(module_database_url):
    """Every analysis carried out once, in order: its finding by name, and what is kept by kind."""

    async def carry_out():
        async with open_database(module_database_url) as database:
            async with database.transaction() as connection:
                await month(connection)
            findings = {name: await kind.load()(place(database)) for name, kind in ANALYSES.items()}
            async with database.connection() as connection:
                kinds = ("trend", "quiet_hours", "frequency", "regression", "pressure", "insight")
                kept = {kind: await analyses.latest(connection, kind) for kind in kinds}
                return findings, kept, await forecasts.latest(connection)

    return asyncio.run(carry_out())


def kept(found, kind):
    return {subject: one.result for subject, one in found[1][kind].items()}


def test_every_analysis_says_a_sentence_and_fills_a_table_of_its_own_width(found):
    for name, finding in found[0].items():
        assert finding.summary, name
        assert {len(row) for row in finding.rows} <= {len(finding.columns)}, name


def test_what_grows_by_one_percent_a_day_reaches_its_limit_in_ten_days(found):
    (disk,) = [one for one in found[2] if one.metric == "disk_usage_percent"]
    assert abs((disk.reaches_at - NOW) / DAY - 10) < 2
    assert disk.reaches_early <= disk.reaches_at <= disk.reaches_late
    assert (disk.labels, disk.limit_value, disk.reason) == ({"mount": "/"}, 90, "")
    assert len(disk.points) == 7
    assert disk.slope_per_day == pytest.approx(1, rel=0.1)


def test_what_has_no_trend_or_was_never_measured_has_no_date_and_says_why(found):
    by_metric = {one.metric: one for one in found[2]}
    assert (by_metric["memory_usage_percent"].reaches_at, by_metric["memory_usage_percent"].reason) == (
        None,
        "no trend",
    )
    never = by_metric["api_response_ms"]
    assert (never.reaches_at, never.points, never.readings, never.reason) == (None, (), 0, "nothing was measured")
    assert by_metric["db_size_bytes"].reason == "no limit is set"
    check = found[0]["forecasts"].checks["nothing_fills_up"]
    assert not check.passed
    assert check.says.startswith("disk_usage_percent / on ")


def test_trends_are_judged_by_what_is_better_and_health_is_one_of_them(found):
    trends = kept(found, "trend")
    assert trends["disk_usage_percent /"]["week"]["judged"] == "declining"
    assert trends["memory_usage_percent"]["month"]["judged"] == "stable"
    assert trends["db_size_bytes"]["week"]["judged"] is None
    assert trends["db_size_bytes"]["week"]["direction"] == "rising"
    assert trends["db_query_ms"]["day"]["judged"] == "declining"
    assert trends["health"]["month"]["mean"] == pytest.approx(100 * (30 - 1) / 30, abs=2)
    assert trends["health"]["uptime_hours"] == pytest.approx(24 * trends["health"]["month"]["mean"] / 100)


def test_quiet_hours_are_those_in_which_there_is_little_load(found):
    quiet = kept(found, "quiet_hours")["cpu_usage_percent"]
    assert (quiet["start_hour"], quiet["hours"], quiet["confidence"], quiet["reason"]) == (2, 2, 1.0, None)
    assert quiet["impact"] < 0.3
    assert len(quiet["hourly"]) == 24


def test_what_finds_nothing_to_do_runs_less_often_what_fails_more_often_and_what_works_stays(found):
    recommended = {
        name: one["recommended_seconds"] / one["current_seconds"] for name, one in kept(found, "frequency").items()
    }
    assert recommended["cache_light_cleanup"] == pytest.approx(1.2)
    assert recommended["cache_cleanup"] == 1
    assert recommended["capacity_check"] == pytest.approx(1 / 1.5)
    assert "log_cleanup" not in recommended


def test_a_job_whose_last_runs_took_longer_became_slower(found):
    regression = kept(found, "regression")["log_cleanup"]
    assert (regression["regressed"], regression["median_seconds"], regression["recent_seconds"]) == (True, 10, 60)
    assert not found[0]["regressions"].checks["no_regression"].passed
    assert not kept(found, "regression")["cache_cleanup"]["regressed"]


def test_pressure_is_what_is_above_its_bound_all_the_time_and_what_was_not_measured_is_unknown(found):
    pressure = kept(found, "pressure")
    assert {name: one["state"] for name, one in pressure.items()} == {
        "cpu_usage_percent": "within", "memory_usage_percent": "consistent", "disk_usage_percent /": "within",
        "db_connections_used_percent": "unknown", "db_query_ms": "increased",
    }  # fmt: skip
    assert pressure["memory_usage_percent"]["share_above"] == 1


def test_insights_have_their_evidence_and_what_the_guides_recommend(found):
    insights = kept(found, "insight")
    decline = insights["performance_decline:db_query_ms"]
    assert decline["rate_percent"] == pytest.approx(100, abs=5)
    assert f"db_query_ms changed by {decline['rate_percent']:+.1f} %" in decline["message"]
    assert decline["recommendations"] == [
        "Run cache optimization", "Check for memory leaks", "Review recent configuration changes",
    ]  # fmt: skip
    growth = insights["capacity_planning:db_size_bytes"]
    assert (growth["severity"], round(growth["growth_per_day"], 2)) == ("info", 0.16)
    assert insights["limit_crossing:disk_usage_percent /"]["days"] == pytest.approx(10, abs=2)


def test_what_is_expected_has_a_date_and_what_has_come_none():
    ahead = ForecastRow(
        "disk_usage_percent", {"mount": "/"}, NOW, "", "linear", "percent", 720, 1.0, (), 90.0,
        NOW + 3 * DAY, NOW + 2 * DAY, None, "",
    )  # fmt: skip
    come = replace(ahead, reaches_at=NOW, reaches_early=NOW, reaches_late=NOW)
    said = [one for _, one in limits([ahead, come], place(None).rules.reports.advice, NOW)]
    assert [(one["message"], one["evidence"]) for one in said] == [
        (
            "disk_usage_percent / is expected to reach 90 on 2026-11-25",
            "between 2026-11-24 and later than is foreseen; linear, 720 readings",
        ),
        ("disk_usage_percent / has reached 90", "linear, 720 readings"),
    ]


async def test_with_nothing_measured_every_analysis_says_what_is_missing(database):
    findings = {name: await kind.load()(place(database)) for name, kind in ANALYSES.items()}
    assert findings["trends"].summary.startswith("health score unknown")
    assert findings["windows"].summary.startswith("no quiet hours")
    assert findings["insights"].rows == []
    # what is not known neither passes nor fails
    assert [name for name, one in findings.items() if one.checks] == []


async def test_what_is_older_than_it_is_kept_goes_and_what_stands_stays(database):
    for now in (NOW - 40 * DAY, NOW):
        for name in ("forecasts", "pressure"):
            await ANALYSES[name].load()(place(database, now))
    pruned = await forget_old(database, 31, NOW)
    assert (pruned.forecasts, pruned.analyses) == (12, 5)
    async with database.connection() as connection:
        assert len(await forecasts.latest(connection)) == 12
        assert len(await analyses.latest(connection, "pressure")) == 5
