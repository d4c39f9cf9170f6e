"""One round samples everything that the catalogue has, goes on from the round before, and loses nothing to Dagster."""

import os
from datetime import timedelta

import pytest

from pake_pipelines.config.loading import load_monitoring
from pake_pipelines.health.catalogue import CATALOGUE, PROJECT_METRICS, measured
from pake_pipelines.health.kpis import judge
from pake_pipelines.health.sampling import sample_all
from pake_pipelines.model.dagster_facts import DagsterFacts, RunFact, RunTotals
from pake_pipelines.model.status import CheckStatus
from pake_pipelines.settings import PACKAGE_HOME, Settings
from pake_pipelines.store import cache_accesses, metric_samples, runs
from pake_pipelines.store.cache_accesses import Access
from pake_pipelines_tests.conftest import NOW, TODAY

CONFIG = load_monitoring(PACKAGE_HOME / "configs")
RUN = RunFact("job", "run-1", True, NOW - timedelta(minutes=1), NOW)
FACTS = DagsterFacts(at=NOW, runs_of_last_day=(RUN,), run_totals=RunTotals(1, 1))


@pytest.fixture
def sampled(database, tmp_path):
    """Return a function that makes and keeps one round: `sampled(at)` -> its samples by name."""

    async def sample(at=NOW, facts=FACTS):
        samples = await sample_all(database, Settings(home=tmp_path), CONFIG, facts, at)
        async with database.transaction() as connection:
            await metric_samples.save(connection, samples)
        return {one.metric: one for one in samples}

    return sample


async def test_every_metric_of_the_catalogue_is_sampled_with_its_labels_and_unit(database, sampled, tmp_path):
    async with database.transaction() as connection:
        await connection.execute(
            "INSERT INTO health_samples VALUES ('api', $1, 'http', false, 'healthy', 20, 200, '')", NOW
        )
        await runs.log_stage(
            connection, operation="documents", day=TODAY, details={"looked_at": 5}, seconds=1, run_id="r"
        )
        await connection.execute("UPDATE processing_logs SET created_at = $1", NOW)
        await connection.execute(
            "INSERT INTO maintenance_runs (task, state, actor, started_at, finished_at, dry_run) VALUES "
            "('t', 'failed', 'x', $1, $1, false), ('t', 'done', 'x', $1, $1, true)",
            NOW - timedelta(hours=40),
        )
    found = await sampled()
    assert set(found) == set(CATALOGUE)
    for name, one in found.items():
        assert one.unit == CATALOGUE[name].unit
        if one.status is CheckStatus.OK:
            assert set(one.labels) == set(CATALOGUE[name].labels), name
        assert one.at == NOW
    assert found["api_response_ms"].value == 20
    assert (found["maintenance_failed"].value, found["backup_age_hours"].value) == (1, 40)


async def test_the_second_round_knows_what_needs_two(sampled):
    first = await sampled()
    second = await sampled(NOW + timedelta(minutes=5))
    assert first["cpu_usage_percent"].status is CheckStatus.UNKNOWN
    assert first["cache_hit_ratio_percent"].status is CheckStatus.UNKNOWN
    assert 0 <= second["cpu_usage_percent"].value <= 100
    assert second["cache_hit_ratio_percent"].status is not CheckStatus.UNKNOWN


async def test_the_cache_is_measured_since_the_round_before_and_not_since_ever(database, sampled):
    await sampled()
    async with database.connection() as connection:
        before = [
            measured("db_blocks_hit_total", 0, NOW + timedelta(minutes=1)),
            measured("db_blocks_read_total", 0, NOW + timedelta(minutes=1)),
        ]
        await metric_samples.save(connection, before)
        await connection.execute("CREATE TABLE many AS SELECT generate_series(1, 200000) AS n")
        for _ in range(3):
            await connection.execute("SELECT count(*) FROM many")
        await connection.execute("SELECT pg_stat_force_next_flush()")
        row = await connection.fetchrow(
            "SELECT blks_hit, blks_read FROM pg_stat_database WHERE datname = current_database()"
        )
    found = (await sampled(NOW + timedelta(minutes=5)))["cache_hit_ratio_percent"]
    assert found.labels == {"cache": "database"}
    assert found.value == pytest.approx(100 * row["blks_hit"] / (row["blks_hit"] + row["blks_read"]), abs=5)


async def test_without_dagster_its_metrics_are_unknown_and_all_others_there(sampled):
    found = await sampled(facts=None)
    assert found["runs_finished_total"].status is CheckStatus.UNKNOWN
    assert found["run_error_rate_percent"].status is CheckStatus.UNKNOWN
    assert found["memory_usage_percent"].status is CheckStatus.OK
    assert found["db_query_ms"].status is CheckStatus.OK


async def test_the_project_is_looked_at_seldom_or_when_a_file_of_it_changed(sampled, tmp_path):
    async def project(minutes):
        return PROJECT_METRICS & set(await sampled(NOW + timedelta(minutes=minutes)))

    assert await project(0) == PROJECT_METRICS
    assert await project(5) == set()
    (tmp_path / "junit.xml").write_text('<testsuite tests="1" failures="0" errors="0"/>')
    written = (NOW + timedelta(minutes=7)).timestamp()
    os.utime(tmp_path / "junit.xml", (written, written))
    assert await project(10) == PROJECT_METRICS
    assert await project(15) == set()
    assert await project(10 + 6 * 60) == PROJECT_METRICS


async def test_a_clock_that_steps_back_goes_on_with_what_was_before(sampled):
    await sampled()
    await sampled(NOW + timedelta(hours=5))
    found = await sampled(NOW + timedelta(minutes=5))
    assert found["cpu_usage_percent"].value is not None


async def test_key_figures_of_a_fresh_project_are_known_where_they_can_be(sampled):
    await sampled()
    found = {one.name: one.status for one in judge(CONFIG.kpis, (await sampled(NOW + timedelta(minutes=5))).values())}
    assert found["api-response-time"] is CheckStatus.UNKNOWN
    assert found["error-rate"] is CheckStatus.OK
    for name in ("db-query-time", "memory", "cpu", "disk"):
        assert found[name] is not CheckStatus.UNKNOWN


async def test_the_cache_of_results_is_measured_since_the_round_before(database, sampled):
    async def ask(hits, misses, at):
        asked = [Access(at, "language", f"k{n}", n < hits, 5, 1.0) for n in range(hits + misses)]
        async with database.transaction() as connection:
            await cache_accesses.log(connection, asked)

    def ratio(found):
        return next(one for one in found if one.labels == {"cache": "entries"})

    await ask(0, 100, NOW - timedelta(minutes=1))
    await sampled()
    await ask(30, 30, NOW + timedelta(minutes=1))
    async with database.connection() as connection:
        held = await metric_samples.latest(connection)
    assert {one.metric for one in held} >= {"cache_total_entries", "cache_avg_access_count", "cache_hot_entries"}
    await sampled(NOW + timedelta(minutes=5))
    async with database.connection() as connection:
        assert ratio(await metric_samples.latest(connection)).value == 50.0
    await ask(10, 0, NOW + timedelta(minutes=6))
    await sampled(NOW + timedelta(minutes=10))
    async with database.connection() as connection:
        few = ratio(await metric_samples.latest(connection))
    assert (few.value, few.detail) == (None, "only 10 results were asked for since the sample before")
