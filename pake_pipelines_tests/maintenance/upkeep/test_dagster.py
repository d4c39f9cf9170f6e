"""Dagster's database is pruned by age, and everything that Dagster is asked about how things stand is as it was."""

import asyncio
from collections import Counter
from dataclasses import replace
from datetime import timedelta

import asyncpg
import dagster as dg
import pytest
from alembic.script import ScriptDirectory
from dagster._core.definitions.run_request import InstigatorType
from dagster._core.scheduler.instigation import TickData, TickStatus
from dagster._core.storage.partition_status_cache import get_and_update_asset_status_cache_value
from dagster_postgres import event_log
from dagster_postgres.utils import pg_alembic_config

from pake_pipelines.config.loading import load_maintenance
from pake_pipelines.config.upkeep import REPORTED_ASSETS
from pake_pipelines.defs.health import metrics, service_health, standing
from pake_pipelines.maintenance.upkeep.dagster import run
from pake_pipelines.maintenance.workplace import Workplace
from pake_pipelines.model.maintenance import TaskState
from pake_pipelines.settings import Settings
from pake_pipelines.store.dagster_records import KNOWN_REVISIONS
from pake_pipelines.store.database import addresses, with_database
from pake_pipelines_tests.maintenance.upkeep import past

EVENTS = 100_000
KEPT_FAILED = "2026-03-13"


def instance_at(url, directory):
    directory.mkdir(exist_ok=True)
    (directory / "dagster.yaml").write_text(
        f"telemetry: {{enabled: false}}\nstorage:\n  postgres:\n    postgres_url: '{url}'\n"
    )
    return dg.DagsterInstance.from_config(str(directory))


async def ask(url, query, *values):
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetch(query, *values)
    finally:
        await connection.close()


@pytest.fixture(scope="module")
def dagster_url(server_settings):
    """A database of its own for Dagster."""
    maintenance = with_database(addresses(server_settings).knowledge, "postgres")
    asyncio.run(ask(maintenance, "CREATE DATABASE dagster_past"))
    yield with_database(maintenance, "dagster_past")
    asyncio.run(ask(maintenance, "DROP DATABASE dagster_past WITH (FORCE)"))


@pytest.fixture(scope="module")
def place(server_settings, dagster_url, tmp_path_factory):
    home = tmp_path_factory.mktemp("upkeep")
    settings = Settings(home=home, database_url=addresses(server_settings).knowledge, dagster_url=dagster_url)
    return Workplace(settings, load_maintenance(home), clock=lambda: past.NOW)


async def grow(url):
    """Let the past come about: 240 days of runs, 60 of reports, more than a hundred thousand events."""
    connection = await asyncpg.connect(url)
    try:
        await past.age(connection, past.NOW - timedelta(days=240))
        runs = await connection.fetch(
            "SELECT run_id FROM runs WHERE status = 'SUCCESS' AND partition IS DISTINCT FROM '2026-01-02'"
        )
        reports = await connection.fetch("SELECT id FROM event_logs WHERE run_id = ''")
        await past.repeat(connection, [row["run_id"] for row in runs], [], since_days=240, copies=1500)
        await past.repeat(connection, [], [row["id"] for row in reports], since_days=60, copies=7000)
        await connection.execute("UPDATE job_ticks SET timestamp = timestamp + id * interval '1 hour'")
    finally:
        await connection.close()


def tick(instance, status, count=1):
    for _ in range(count):
        instance.create_tick(
            TickData(
                instigator_origin_id="gone", instigator_name="gone", instigator_type=InstigatorType.SENSOR,
                status=status, timestamp=past.NOW.timestamp(), selector_id="selector-of-gone",
            )
        )  # fmt: skip


def stands(instance):
    """Everything that the UI and our own facts ask Dagster about how things stand."""
    storage = instance.event_log_storage
    keys = [past.entries.key, past.knowledge.key, past.REPORTED]
    checks = [dg.AssetCheckKey(past.entries.key, "entries_are_sound"), dg.AssetCheckKey(past.REPORTED, past.CHECK)]
    records = {record.asset_entry.asset_key: record.asset_entry for record in instance.get_asset_records(keys)}
    status = get_and_update_asset_status_cache_value(instance, past.entries.key, past.days)
    materialization, planned = (
        dg.DagsterEventType.ASSET_MATERIALIZATION,
        dg.DagsterEventType.ASSET_MATERIALIZATION_PLANNED,
    )
    waiting = storage.get_latest_asset_partition_materialization_attempts_without_materializations(past.entries.key)
    return {
        "latest materializations": {key: instance.get_latest_materialization_event(key) for key in keys},
        "latest runs of assets": {key: entry.last_run_id for key, entry in records.items()},
        "runs of these": {entry.last_run_id: instance.get_run_by_id(entry.last_run_id) for entry in records.values() if entry.last_run_id},
        "materialized partitions": instance.get_materialized_partitions(past.entries.key),
        "latest of each partition": storage.get_latest_storage_id_by_partition(past.entries.key, materialization),
        "history of entries": [r.storage_id for r in instance.fetch_materializations(past.entries.key, limit=5000).records],
        "history of knowledge": [r.storage_id for r in instance.fetch_materializations(past.knowledge.key, limit=5000).records],
        "failed partitions": set(status.deserialize_failed_partition_subsets(past.days).get_partition_keys()),
        "materialized by the cache": set(status.deserialize_materialized_partition_subsets(past.days).get_partition_keys()),
        "attempts in vain": waiting,
        "runs of attempts in vain": {run_id: instance.get_run_by_id(run_id) for run_id, _ in waiting.values()},
        "latest checks": storage.get_latest_asset_check_execution_by_key(checks),
        "check summaries": storage.get_asset_check_summary_records(checks),
        "check partitions": storage.get_asset_check_partition_info(checks),
        "checks of entries": [r.id for r in storage.get_asset_check_execution_history(checks[0], limit=5000)],
        "latest runs of a job": [r.run_id for r in instance.get_runs(dg.RunsFilter(job_name="looking"), limit=3)],
        "latest ticks": instance.get_ticks("gone", "selector-of-gone", limit=2),
        "planned last": storage.get_latest_storage_id_by_partition(past.entries.key, planned).get(KEPT_FAILED),
    }  # fmt: skip


async def forget_cache(url):
    await ask(url, "UPDATE asset_keys SET cached_status_data = NULL")


@pytest.fixture(scope="module")
def pruned(place, dagster_url, tmp_path_factory):
    """Prune an instance with a past; return how things stood before and after, what was said, and of a dry run."""
    directory = tmp_path_factory.mktemp("instance")
    with instance_at(dagster_url, directory) as instance:
        past.happen(instance, past.FIRST_DAY, "2026-01-02", KEPT_FAILED)
        tick(instance, TickStatus.SKIPPED, 5)
        asyncio.run(grow(dagster_url))
        past.happen(instance, past.FIRST_DAY, "2026-01-13")
        tick(instance, TickStatus.STARTED)
        asyncio.run(forget_cache(dagster_url))
        before = stands(instance)
    dry = asyncio.run(run(replace(place, dry_run=True)))
    untouched = asyncio.run(ask(dagster_url, "SELECT count(*) AS events FROM event_logs"))[0]["events"]
    outcome = asyncio.run(run(place))
    asyncio.run(forget_cache(dagster_url))
    with instance_at(dagster_url, directory) as instance:
        after = stands(instance)
    return before, after, outcome, dry, untouched


def test_three_fifths_of_a_hundred_thousand_events_go(pruned):
    _, _, outcome, _, _ = pruned
    assert outcome.state is TaskState.DONE
    events = outcome.details["events_before"]
    assert events >= EVENTS
    gone = events - outcome.details["events_after"]
    print(f"{gone:,} of {events:,} events pruned: {100 * gone / events:.1f} %")
    assert gone / events >= 0.60


def test_nothing_that_dagster_says_of_how_things_stand_has_changed(pruned):
    before, after, _, _, _ = pruned
    assert len(before["history of knowledge"]) > 1500
    assert before["failed partitions"] == {KEPT_FAILED, "2026-01-13"}
    for question, answer in before.items():
        assert after[question] == answer, question


def test_a_dry_run_says_the_same_and_removes_nothing(pruned):
    _, _, outcome, dry, untouched = pruned
    assert untouched == outcome.details["events_before"] == dry.details["events_after"]

    def events(said):
        return {one["kind"]: one["rows"] for one in said.details["kinds"]}

    # events of old runs are counted by their kind, or with the run where that goes as a whole
    for kind in ("STEP_START", "line of level 10", "ASSET_MATERIALIZATION", "asset_check_executions", "job_ticks"):
        assert events(dry)[kind] == events(outcome)[kind] > 0, kind


async def left(url):
    rows = await ask(url, "SELECT dagster_event_type AS kind, timestamp, run_id FROM event_logs")
    return [(row["kind"], (past.NOW.replace(tzinfo=None) - row["timestamp"]).days, row["run_id"]) for row in rows]


async def test_each_kind_is_kept_for_its_own_time(pruned, dagster_url):
    oldest = {}
    for kind, days, _ in await left(dagster_url):
        oldest[kind] = max(oldest.get(kind, 0), days)
    assert {oldest[kind] for kind in ("ENGINE_EVENT", "STEP_OUTPUT")} <= {29, 30}
    assert {oldest[kind] for kind in ("STEP_START", "STEP_SUCCESS")} <= {59, 60}
    assert oldest["ASSET_MATERIALIZATION"] == 240
    assert oldest["STEP_FAILURE"] == oldest["PIPELINE_FAILURE"] == 240


async def test_lines_go_by_level_and_a_message_cannot_pose_as_one(pruned, dagster_url):
    rows = await ask(
        dagster_url,
        "SELECT substring(event FROM '\"level\": ([0-9]+)') AS level, max($1::timestamp - timestamp) AS oldest "
        "FROM event_logs WHERE dagster_event_type IS NULL GROUP BY 1",
        past.NOW.replace(tzinfo=None),
    )
    oldest = {row["level"]: row["oldest"].days for row in rows}
    assert oldest["10"] in {6, 7}
    assert oldest["20"] in {59, 60}
    assert oldest["40"] == 240


async def test_reports_without_a_run_are_thinned_by_day_and_the_last_of_each_day_stay(pruned, dagster_url):
    for query in (
        "SELECT timestamp::date AS day, count(*) AS number FROM event_logs "
        "WHERE run_id = '' AND dagster_event_type = 'ASSET_MATERIALIZATION' GROUP BY 1",
        "SELECT evaluation_event_timestamp::date AS day, count(*) AS number FROM asset_check_executions "
        "WHERE run_id = '' GROUP BY 1",
    ):
        per_day = Counter({row["day"]: row["number"] for row in await ask(dagster_url, query)})
        today = past.NOW.date()
        assert all(per_day[today - timedelta(days=age)] == 24 for age in range(8, 59))
        assert all(per_day[today - timedelta(days=age)] > 200 for age in range(1, 7))
    lost = await ask(
        dagster_url,
        "SELECT count(*) AS number FROM asset_check_executions x WHERE evaluation_event_storage_id IS NOT NULL "
        "AND NOT EXISTS (SELECT FROM event_logs e WHERE e.id = x.evaluation_event_storage_id)",
    )
    assert lost[0]["number"] == 0


async def test_old_runs_that_made_nothing_go_with_all_that_is_theirs(pruned, dagster_url):
    (row,) = await ask(
        dagster_url,
        "SELECT count(*) FILTER (WHERE pipeline_name = 'looking' AND update_timestamp < $1) AS old, "
        "count(*) FILTER (WHERE pipeline_name <> 'looking' AND update_timestamp < $1) AS made FROM runs",
        (past.NOW - timedelta(days=180)).replace(tzinfo=None),
    )
    assert row["old"] == 0
    assert row["made"] > 500
    orphans = "SELECT count(*) AS number FROM {} o WHERE run_id <> '' AND NOT EXISTS (SELECT FROM runs r WHERE r.run_id = o.run_id)"
    for table in ("event_logs", "run_tags"):
        assert (await ask(dagster_url, orphans.format(table)))[0]["number"] == 0


async def test_the_space_is_vacuumed_and_a_second_pruning_finds_nothing(pruned, place):
    _, _, outcome, _, _ = pruned
    assert "event_logs" in {one["table"] for one in outcome.details["vacuumed"]}
    assert outcome.details["left"] == []
    again = await run(place)
    assert again.details["kinds"] == []


@pytest.mark.parametrize("change", [
    "UPDATE alembic_version SET version_num = 'of_tomorrow'",
    "ALTER TABLE asset_check_executions RENAME COLUMN evaluation_event_storage_id TO event_id",
], ids=["revision", "column"])  # fmt: skip
async def test_tables_of_an_unknown_form_are_not_touched(pruned, place, dagster_url, change):
    copy = with_database(dagster_url, "dagster_changed")
    await ask(
        with_database(dagster_url, "postgres"),
        "CREATE DATABASE dagster_changed TEMPLATE dagster_past STRATEGY FILE_COPY",
    )
    try:
        await ask(copy, change)
        await ask(copy, "UPDATE event_logs SET timestamp = timestamp - interval '1 year'")
        settings = place.settings.model_copy(update={"dagster_url": type(place.settings.dagster_url)(copy)})
        before = await ask(copy, "SELECT count(*) AS number FROM event_logs")
        outcome = await run(replace(place, settings=settings))
        assert outcome.state is TaskState.UNAVAILABLE
        assert "nothing was touched" in outcome.summary
        assert await ask(copy, "SELECT count(*) AS number FROM event_logs") == before
    finally:
        await ask(with_database(dagster_url, "postgres"), "DROP DATABASE dagster_changed WITH (FORCE)")


async def test_without_a_database_of_dagsters_nothing_can_be_said(place, dagster_url):
    nowhere = type(place.settings.dagster_url)(with_database(dagster_url, "nowhere"))
    outcome = await run(replace(place, settings=place.settings.model_copy(update={"dagster_url": nowhere})))
    assert outcome.state is TaskState.UNAVAILABLE


def test_the_installed_dagster_has_the_form_that_is_known():
    script = ScriptDirectory.from_config(pg_alembic_config(event_log.event_log.__file__))
    assert set(script.get_heads()) <= KNOWN_REVISIONS


def test_only_what_sensors_report_is_thinned():
    reported = {service_health.SERVICE_HEALTH, standing.ALERTS, standing.INCIDENTS, *metrics._ASSETS}
    assert set(REPORTED_ASSETS) == reported
