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
from pake_pipelines.config.upkeep import REPORTED_ASSETS, DagsterRetention
from pake_pipelines.defs.health import metrics, service_health, standing
from pake_pipelines.defs.reports.status import STATUS_ASSET
from pake_pipelines.maintenance.upkeep.dagster import ages, run
from pake_pipelines.maintenance.workplace import Workplace
from pake_pipelines.model.maintenance import TaskState
from pake_pipelines.settings import Settings
from pake_pipelines.store import dagster_events, dagster_records
from pake_pipelines.store.dagster_records import KNOWN_REVISIONS
from pake_pipelines.store.database import addresses, with_database
from pake_pipelines.store.errors import StoreError
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
    storage, entries = instance.event_log_storage, past.entries.key
    keys = [entries, past.knowledge.key, past.REPORTED]
    checks = [dg.AssetCheckKey(entries, "entries_are_sound"), dg.AssetCheckKey(past.REPORTED, past.CHECK)]
    assets = [record.asset_entry for record in instance.get_asset_records(keys)]
    last_runs = {asset.asset_key: asset.last_run_id for asset in assets}
    status = get_and_update_asset_status_cache_value(instance, entries, past.days)
    waiting = storage.get_latest_asset_partition_materialization_attempts_without_materializations(entries)

    def latest(kind):
        return storage.get_latest_storage_id_by_partition(entries, kind)

    def history(key):
        return [record.storage_id for record in instance.fetch_materializations(key, limit=5000).records]

    def partitions(subset):
        return set(subset(past.days).get_partition_keys())

    return {
        "latest materializations": {key: instance.get_latest_materialization_event(key) for key in keys},
        "latest runs of assets": last_runs,
        "runs of these": {run_id: instance.get_run_by_id(run_id) for run_id in last_runs.values() if run_id},
        "materialized partitions": instance.get_materialized_partitions(entries),
        "latest of each partition": latest(dg.DagsterEventType.ASSET_MATERIALIZATION),
        "attempt of the failed partition": latest(dg.DagsterEventType.ASSET_MATERIALIZATION_PLANNED)[KEPT_FAILED],
        "history of entries": history(entries),
        "history of knowledge": history(past.knowledge.key),
        "failed partitions": partitions(status.deserialize_failed_partition_subsets),
        "materialized by the cache": partitions(status.deserialize_materialized_partition_subsets),
        "attempts in vain": waiting,
        "runs of attempts in vain": {run_id: instance.get_run_by_id(run_id) for run_id, _ in waiting.values()},
        "latest checks": storage.get_latest_asset_check_execution_by_key(checks),
        "check summaries": storage.get_asset_check_summary_records(checks),
        "check partitions": storage.get_asset_check_partition_info(checks),
        "checks of entries": [one.id for one in storage.get_asset_check_execution_history(checks[0], limit=5000)],
        "latest runs of a job": [one.run_id for one in instance.get_runs(dg.RunsFilter(job_name="looking"), limit=3)],
        "latest ticks": instance.get_ticks("gone", "selector-of-gone", limit=2),
    }


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
    for table, column, kept in (
        ("event_logs", "timestamp", "dagster_event_type = 'ASSET_MATERIALIZATION'"),
        ("asset_check_executions", "evaluation_event_timestamp", "true"),
    ):
        query = f"SELECT {column}::date AS day, count(*) AS number FROM {table} WHERE run_id = '' AND {kept} GROUP BY 1"
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
    orphans = (
        "SELECT count(*) AS number FROM {} o WHERE run_id <> '' "
        "AND NOT EXISTS (SELECT FROM runs r WHERE r.run_id = o.run_id)"
    )
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
    reported = {service_health.SERVICE_HEALTH, standing.ALERTS, standing.INCIDENTS, *metrics._ASSETS, STATUS_ASSET}
    assert set(REPORTED_ASSETS) == reported


@pytest.fixture
async def trial(pruned, dagster_url):
    """A connection in a transaction of which nothing is kept."""
    connection = await asyncpg.connect(dagster_url)
    transaction = connection.transaction()
    await transaction.start()
    yield connection
    await transaction.rollback()
    await connection.close()


def old(days):
    return (past.NOW - timedelta(days=days)).replace(tzinfo=None, hour=12)


REPORT = (
    "INSERT INTO event_logs (run_id, event, dagster_event_type, timestamp, asset_key) VALUES ('', '{}', $1, $2, $3)"
)
BEFORE = ages(DagsterRetention(), past.NOW)


async def test_a_materialization_that_a_kept_check_was_made_of_is_kept(trial):
    insert = f"{REPORT} RETURNING id"
    asset = '["alerts"]'
    made = [await trial.fetchval(insert, "ASSET_MATERIALIZATION", old(100), asset) for _ in range(3)]
    checked = [await trial.fetchval(insert, "ASSET_CHECK_EVALUATION", old(100), None) for _ in range(2)]
    for check, target in zip(checked, made, strict=False):
        await trial.execute(
            "INSERT INTO asset_check_executions (asset_key, check_name, run_id, execution_status, evaluation_event, "
            "evaluation_event_timestamp, evaluation_event_storage_id, materialization_event_storage_id) "
            "VALUES ($1, 'c', '', 'SUCCEEDED', '{}', $2, $3, $4)",
            asset, old(100), check, target,
        )  # fmt: skip
    removed = await dagster_events.thin_reports(trial, ["alerts"], BEFORE, 1, 5000, dry_run=False)
    assert removed.rows == {"asset_check_executions": 1, "ASSET_MATERIALIZATION": 1, "ASSET_CHECK_EVALUATION": 1}
    kept = await trial.fetch("SELECT id FROM event_logs WHERE id = ANY ($1)", [*made, *checked])
    assert {row["id"] for row in kept} == {made[1], made[2], checked[1]}


async def test_reports_of_other_assets_are_never_thinned(trial):
    for _ in range(50):
        await trial.execute(REPORT, "ASSET_MATERIALIZATION", old(300), '["entries"]')
        await trial.execute(REPORT, "ASSET_OBSERVATION", old(300), '["sources", "web"]')
    removed = await dagster_events.thin_reports(trial, REPORTED_ASSETS, BEFORE, 1, 5000, dry_run=False)
    assert set(removed.rows) <= {"ASSET_MATERIALIZATION", "ASSET_CHECK_EVALUATION", "asset_check_executions"}
    count = "SELECT count(*) FROM event_logs WHERE run_id = '' AND asset_key = ANY ($1)"
    assert await trial.fetchval(count, ['["entries"]', '["sources", "web"]']) == 100


async def _old_run(trial, run_id, status="SUCCESS", job="once"):
    await trial.execute(
        "INSERT INTO runs (run_id, pipeline_name, status, run_body, update_timestamp) VALUES ($1, $2, $3, '{}', $4)",
        run_id, job, status, old(300),
    )  # fmt: skip
    for kind in ("ENGINE_EVENT", "STEP_START", "PIPELINE_START"):
        await trial.execute(
            "INSERT INTO event_logs (run_id, event, dagster_event_type, timestamp) VALUES ($1, '{}', $2, $3)",
            run_id, kind, old(300),
        )  # fmt: skip


async def _runs(trial):
    return {row["run_id"] for row in await trial.fetch("SELECT run_id FROM runs WHERE pipeline_name LIKE 'once%'")}


async def test_events_of_a_run_that_is_not_over_stay_however_old(trial):
    await _old_run(trial, "hanging", "STARTED")
    await _old_run(trial, "over")
    await dagster_events.remove_events(trial, BEFORE, 5000, dry_run=False)
    kinds = "SELECT dagster_event_type AS kind FROM event_logs WHERE run_id = $1"
    assert len(await trial.fetch(kinds, "hanging")) == 3
    assert [row["kind"] for row in await trial.fetch(kinds, "over")] == ["PIPELINE_START"]


async def test_of_old_runs_stay_the_latest_of_a_job_and_those_that_others_were_started_from(trial):
    for number in range(6):
        await _old_run(trial, f"run-{number}")
    await _old_run(trial, "cancelled", "CANCELED")
    await _old_run(trial, "queued", "QUEUED")
    await trial.execute("INSERT INTO run_tags (run_id, key, value) VALUES ('run-5', 'dagster/parent_run_id', 'run-1')")
    await trial.execute("INSERT INTO run_tags (run_id, key, value) VALUES ('run-0', 'mine', 'yes')")
    await dagster_records.remove_runs(trial, BEFORE, 5000, dry_run=False)
    assert await _runs(trial) == {"run-1", "run-3", "run-4", "run-5", "queued"}


async def test_an_old_run_stays_that_an_asset_or_a_check_names(trial):
    for number in range(6):
        await _old_run(trial, f"run-{number}")
    await trial.execute("INSERT INTO asset_keys (asset_key, last_run_id) VALUES ('[\"x\"]', 'run-0')")
    await trial.execute(
        "INSERT INTO asset_check_executions (asset_key, check_name, run_id, execution_status) "
        "VALUES ('[\"x\"]', 'c', 'run-1', 'PLANNED')"
    )
    await dagster_records.remove_runs(trial, BEFORE, 5000, dry_run=False)
    assert await _runs(trial) == {"run-0", "run-1", "run-3", "run-4", "run-5"}


async def test_a_backfill_goes_when_it_is_over_and_no_run_of_it_is_left(trial):
    for key, status in (("over", "COMPLETED_SUCCESS"), ("with runs", "COMPLETED_SUCCESS"), ("under way", "REQUESTED")):
        await trial.execute(
            "INSERT INTO bulk_actions (key, status, timestamp, body) VALUES ($1, $2, $3, '{}')", key, status, old(300)
        )
        await trial.execute("INSERT INTO backfill_tags (backfill_id, key, value) VALUES ($1, 'a', 'b')", key)
    await _old_run(trial, "run")
    await trial.execute("UPDATE runs SET backfill_id = 'with runs' WHERE run_id = 'run'")
    removed = await dagster_records.remove_backfills(trial, BEFORE, 5000, dry_run=False)
    assert removed.rows == {"bulk_actions": 1, "backfill_tags": 1}
    assert {row["key"] for row in await trial.fetch("SELECT key FROM bulk_actions")} == {"with runs", "under way"}


async def test_somebody_who_locks_the_log_is_told_of_and_nothing_is_waited_for(pruned, place, dagster_url):
    connection = await asyncpg.connect(dagster_url)
    try:
        async with connection.transaction():
            await connection.execute("LOCK TABLE event_logs IN ACCESS EXCLUSIVE MODE")
            with pytest.raises(StoreError, match="somebody holds a lock in Dagster's database"):
                await run(place)
    finally:
        await connection.close()
