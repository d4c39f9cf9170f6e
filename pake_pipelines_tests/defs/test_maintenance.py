"""Maintenance as Dagster shows it: every task an asset that says what it really did, and whether it could do it."""

from datetime import UTC, datetime, timedelta

import dagster as dg
import pytest

from pake_pipelines.config.loading import load_maintenance, load_quality, load_sources
from pake_pipelines.config.schedule_text import cron_of
from pake_pipelines.definitions import build_defs
from pake_pipelines.defs.maintenance.proofs import NAME, reason_to_leave
from pake_pipelines.maintenance import tasks
from pake_pipelines.maintenance.errors import MaintenanceError
from pake_pipelines.model.maintenance import Outcome, ProofState, TaskState
from pake_pipelines.settings import PACKAGE_HOME, Settings
from pake_pipelines.store.backups import BackupRow
from pake_pipelines_tests.conftest import NOW
from pake_pipelines_tests.defs.conftest import Project, checked, materialized
from pake_pipelines_tests.defs.house import SOURCES
from pake_pipelines_tests.feeds import item, prose, rss, sources_yaml
from pake_pipelines_tests.maintenance.workshop import Given

OWN = """
allow_custom_tasks: true
custom_tasks:
  greets: {description: Says hello., command: [echo, hello], schedule: daily at 03:00, enabled: true}
  fails: {description: Fails., command: ["false"], enabled: true, priority: high}
  sleeps: {description: Is switched off., command: [sleep, "60"], schedule: hourly}
"""


@pytest.fixture
def house(configure, instance):
    """Return a function that makes a project with some rules of maintenance."""

    def make(maintenance=OWN, sources=SOURCES):
        settings = configure(sources)
        (settings.configs / "maintenance.yaml").write_text(maintenance)
        for load in (load_sources, load_quality, load_maintenance):
            load.cache_clear()
        return Project(settings, instance)

    return make


def carry_out(project, name, *, partition=None, **config):
    """Materialize one task as its button in the UI does."""
    return project.defs.resolve_implicit_global_asset_job_def().execute_in_process(
        instance=project.instance,
        asset_selection=[dg.AssetKey(name)],
        partition_key=partition,
        run_config={"ops": {name: {"config": config}}},
        raise_on_error=False,
    )


def observed(result):
    return {
        event.asset_key.to_user_string(): {
            name: entry.value for name, entry in event.asset_observation_data.asset_observation.metadata.items()
        }
        for event in result.all_events
        if event.event_type_value == "ASSET_OBSERVATION"
    }


def test_a_task_that_does_its_work_is_materialized_with_its_figures_and_passes(house):
    result = carry_out(house(), "greets")
    assert result.success
    made = materialized(result)["greets"]
    assert (made["state"], made["output"], made["exit_code"]) == ("done", "hello\n", 0)
    check = checked(result)["greets", "outcome"]
    assert check.passed
    assert check.description.startswith("done: greets ended well")


def test_a_task_that_fails_fails_its_run_with_one_sentence_and_no_materialization(house):
    project = house()
    result = carry_out(project, "fails")
    assert not result.success
    assert materialized(result) == {}
    data = result.failure_data_for_node("fails").user_failure_data
    assert data.description == "fails ended with exit code 1: it said nothing"
    assert data.metadata["exit_code"].value == 1
    (run,) = project.ask("SELECT task, state, actor, run_id FROM maintenance_runs")
    assert (run["task"], run["state"], run["actor"], run["run_id"]) == ("fails", "failed", "dagster", result.run_id)


def test_what_a_task_cannot_do_is_its_sentence_in_the_ui(house, monkeypatch):
    async def raises(_):
        raise MaintenanceError("no pg_dump of major 17 on this machine")

    monkeypatch.setitem(tasks.TASKS, "log_cleanup", Given(raises))
    result = carry_out(house(), "log_cleanup")
    assert (
        result.failure_data_for_node("log_cleanup").user_failure_data.description
        == "no pg_dump of major 17 on this machine"
    )


def test_what_was_unavailable_is_no_materialization_and_does_not_pass(house, monkeypatch):
    async def away(_):
        return Outcome(TaskState.UNAVAILABLE, "no docker on this host", {"asked": 2})

    monkeypatch.setitem(tasks.TASKS, "docker_usage", Given(away))
    result = carry_out(house(), "docker_usage")
    assert result.success
    assert materialized(result) == {}
    assert observed(result)["docker_usage"]["asked"] == 2
    check = checked(result)["docker_usage", "outcome"]
    assert (check.passed, check.severity) == (False, dg.AssetCheckSeverity.WARN)
    assert check.description == "unavailable: no docker on this host"


def test_a_task_that_had_nothing_to_do_passes_and_says_why(house, monkeypatch):
    async def nothing(_):
        return Outcome(TaskState.SKIPPED, "nothing is older than 7 days")

    monkeypatch.setitem(tasks.TASKS, "log_cleanup", Given(nothing))
    result = carry_out(house(), "log_cleanup")
    assert checked(result)["log_cleanup", "outcome"].description == "skipped: nothing is older than 7 days"
    assert checked(result)["log_cleanup", "outcome"].passed
    assert observed(result)["log_cleanup"]["state"] == "skipped"
    assert materialized(result) == {}


def test_a_check_alone_looks_at_the_last_run_and_runs_nothing(house):
    project = house()

    def look_at():
        job = project.defs.resolve_implicit_global_asset_job_def().get_subset(
            asset_selection=set(), asset_check_selection={dg.AssetCheckKey(dg.AssetKey("greets"), "outcome")}
        )
        result = job.execute_in_process(instance=project.instance)
        (check,) = result.get_asset_check_evaluations()
        return check.passed, check.description, materialized(result)

    assert look_at() == (False, "never run: nothing is known of its work", {})
    carry_out(project, "greets")
    assert look_at()[0]
    assert project.ask("SELECT count(*) AS runs FROM maintenance_runs")[0]["runs"] == 1


def test_a_dry_run_makes_nothing_and_says_nothing_of_the_state(house):
    result = carry_out(house(), "greets", dry_run=True)
    assert result.success
    assert (materialized(result), checked(result)) == ({}, {})
    assert "would run ['echo', 'hello']" in observed(result)["greets"]["summary"]


def test_details_become_figures_tables_paths_and_texts(house, monkeypatch, tmp_path):
    rows = [{"table": f"t{number}", "rows": number, "bloat": 0.5 if number else None} for number in range(300)]
    details = {
        "rows": 3, "share": 0.25, "nothing": None, "endless": float("inf"), "ok": True, "where": tmp_path,
        "report": "# Title", "at": NOW, "names": ["a", "b"], "by_kind": {"a": 1, "at": NOW}, "tables": rows,
    }  # fmt: skip

    async def tells(_):
        return Outcome(TaskState.DONE, "told", details)

    monkeypatch.setitem(tasks.TASKS, "log_cleanup", Given(tells))
    result = carry_out(house(), "log_cleanup")
    (event,) = result.get_asset_materialization_events()
    made = event.materialization.metadata
    kinds = {name: type(value).__name__.removesuffix("MetadataValue") for name, value in made.items()}
    assert kinds == {
        "state": "Text", "summary": "Text", "rows": "Int", "share": "Float", "endless": "Text", "ok": "Bool",
        "where": "Text", "report": "Markdown", "at": "Timestamp", "names": "Json", "by_kind": "Json",
        "tables": "Table", "tables_not_shown": "Int",
    }  # fmt: skip
    table = made["tables"]
    assert [(column.name, column.type) for column in table.schema.columns] == [
        ("table", "string"), ("rows", "int"), ("bloat", "string"),
    ]  # fmt: skip
    assert (len(table.records), made["tables_not_shown"].value) == (200, 100)
    assert dict(table.records[1].data) == {"table": "t1", "rows": 1, "bloat": 0.5}


def test_of_another_day_than_today_no_backup_is_made(house, today):
    result = carry_out(house(), "database_backup", partition=str(today - timedelta(days=3)))
    said = result.failure_data_for_node("database_backup").user_failure_data.description
    assert f"none to be made of {today - timedelta(days=3)}" in said
    assert f"{today}" in said


@pytest.fixture
def cleaned(house, today):
    """Return a function that runs the clean-up with some options, over a store with two copies."""
    made = house("", sources_yaml(file="feed.xml"))
    (made.settings.home / "feed.xml").write_bytes(rss(item(1), item(2, text=prose(1)), item(3)))
    assert made.run(today).success

    def run(*, dry_run=False, **options):
        result = carry_out(made, "semantic_dedup_cleanup", dry_run=dry_run, options=options)
        return (observed if dry_run else materialized)(result)["semantic_dedup_cleanup"]

    return run


def test_the_clean_up_reports_what_it_really_removed_and_leaves_alone_what_is_young(cleaned):
    assert cleaned()["duplicates_removed"] == 0
    would = cleaned(older_than_hours=0, dry_run=True)
    done = cleaned(older_than_hours=0)
    assert (would["duplicates_removed"], done["duplicates_removed"]) == (1, 1)
    assert would["dry_run"] is True
    assert done["stale_updated"] == 0
    assert cleaned(older_than_hours=0)["duplicates_removed"] == 0


# how the tasks stand in the graph


def of_maintenance(defs):
    graph = defs.resolve_asset_graph()
    return {
        key.to_user_string(): graph.get(key)
        for key in graph.get_all_asset_keys()
        if graph.get(key).group_name == "maintenance" and key != dg.AssetKey("archive_sweep")
    }


def test_every_task_is_an_asset_with_category_rhythm_and_the_check_of_its_outcome(shipped):
    nodes, table = of_maintenance(shipped), load_maintenance(PACKAGE_HOME / "configs").tasks
    assert set(nodes) == set(table)
    for name, node in nodes.items():
        assert node.pools == {"maintenance"}
        assert node.tags["maintenance_category"] == table[name].category
        assert node.tags["maintenance_rhythm"] == table[name].rhythm
        assert dg.AssetCheckKey(node.key, "outcome") in node.check_keys


def test_every_task_that_has_a_time_has_a_job_and_a_schedule_of_that_time(shipped):
    schedules = {one.name: one for one in shipped.schedules}
    for name, task in load_maintenance(PACKAGE_HOME / "configs").tasks.items():
        assert (name in schedules) == (task.schedule is not None)
        if task.schedule is None:
            continue
        assert schedules[name].cron_schedule == cron_of(task.schedule)
        assert schedules[name].execution_timezone == "UTC"
        running = schedules[name].default_status is dg.DefaultScheduleStatus.RUNNING
        assert running == task.enabled, name
        tags = shipped.resolve_job_def(f"{name}_job").tags
        assert int(tags["dagster/max_runtime"]) >= task.timeout_minutes * 60 * (task.retries + 1)
        assert tags["dagster/priority"] == {"high": "10", "medium": "5", "low": "0"}[task.priority]
        assert tags["dagster/max_retries"] == str(task.retries)


def test_with_automation_off_nothing_of_it_starts():
    off = build_defs(settings=Settings(home=PACKAGE_HOME, automation_enabled=False))
    names = set(load_maintenance(PACKAGE_HOME / "configs").tasks)
    assert {one.default_status for one in off.schedules if one.name in names} == {dg.DefaultScheduleStatus.STOPPED}
    (sensor,) = [one for one in off.sensors if one.name == NAME]
    assert sensor.default_status is dg.DefaultSensorStatus.STOPPED


def test_a_backup_is_proved_and_old_ones_go_in_the_run_that_makes_it(shipped):
    job = shipped.resolve_job_def("database_backup_job")
    keys = {key.to_user_string() for key in job.asset_layer.executable_asset_keys}
    assert keys == {"database_backup", "config_backup", "file_backup", "backup_proof", "backup_retention"}
    graph = of_maintenance(shipped)
    for name in keys - {"database_backup"}:
        assert graph[name].parent_keys == {dg.AssetKey("database_backup")}
    assert graph["database_backup"].is_partitioned


def test_a_task_that_is_switched_off_can_be_run_by_hand_and_never_runs_by_itself(house):
    defs = house().defs
    schedules = {one.name: one.default_status for one in defs.schedules}
    assert schedules["recovery_drill"] is schedules["sleeps"] is dg.DefaultScheduleStatus.STOPPED
    assert schedules["greets"] is dg.DefaultScheduleStatus.RUNNING
    assert "switched off" in of_maintenance(defs)["recovery_drill"].description
    assert "fails" not in schedules


@pytest.fixture(scope="module")
def lasting():
    """An instance on the disk: the context of a schedule opens it anew."""
    with dg.instance_for_test() as instance:
        yield instance


def tick(defs, name, moment, instance):
    repository = defs.get_repository_def()
    with dg.build_schedule_context(
        instance=instance, scheduled_execution_time=moment, repository_def=repository
    ) as context:
        return defs.resolve_schedule_def(name).evaluate_tick(context)


def test_a_tick_asks_for_the_backup_of_its_day_and_for_none_of_a_day_that_is_over(shipped, lasting):
    now = datetime.now(UTC)
    (request,) = tick(shipped, "database_backup", now, lasting).run_requests
    assert request.partition_key == str(now.date())
    late = tick(shipped, "database_backup", now - timedelta(days=2), lasting)
    assert not late.run_requests
    assert "cannot be made any more" in late.skip_message


def test_a_tick_asks_for_nothing_while_the_last_run_goes_on(shipped, lasting):
    (request,) = tick(shipped, "log_cleanup", NOW, lasting).run_requests
    assert request.partition_key is None
    lasting.create_run_for_job(shipped.resolve_job_def("log_cleanup_job"), status=dg.DagsterRunStatus.STARTED)
    assert tick(shipped, "log_cleanup", NOW, lasting).skip_message == "the last one goes on"


# the sensor that has backups proved


def backup(name="backup-1", *, state=ProofState.UNPROVEN, age=timedelta(hours=1), run_id="cli-1", now=None):
    made = (now or datetime.now(UTC)) - age
    return BackupRow(name, "data", made, run_id, 9, 1.0, False, "0007", state, None, None, "", None)


@pytest.mark.parametrize(
    ("newest", "said"),
    [
        (None, "there is no backup"),
        (backup(state=ProofState.PROVEN, now=NOW), "backup-1 was tried: proven"),
        (backup(state=ProofState.DAMAGED, now=NOW), "backup-1 was tried: damaged"),
        (backup(state=ProofState.UNAVAILABLE, now=NOW), "backup-1 was tried: unavailable"),
        (backup(age=timedelta(minutes=4), now=NOW), "backup-1 is new: whoever made it may be about to prove it"),
        (backup(age=timedelta(minutes=6), now=NOW), ""),
    ],
    ids=["none", "proven", "damaged", "unavailable", "new", "unproven"],
)
def test_only_a_backup_that_nobody_tried_is_to_be_proved(newest, said):
    assert reason_to_leave(newest, NOW) == said


def look(project):
    sensor = next(one for one in project.defs.sensors if one.name == NAME)
    return sensor.evaluate_tick(dg.build_sensor_context(instance=project.instance))


def keep(project, row):
    project.do(
        "INSERT INTO backups (name, target, created_at, run_id, bytes, seconds, encrypted, migration, manifest) "
        "VALUES ($1, 'data', $2, $3, 9, 1, false, '0006', '{}')",
        row.name, row.created_at, row.run_id,
    )  # fmt: skip


def test_a_backup_of_the_terminal_is_proved_once(house):
    project = house()
    assert look(project).skip_message == "there is no backup"
    keep(project, backup())
    (request,) = look(project).run_requests
    assert request.run_key == "backup-1"
    keep(project, backup("backup-2", age=timedelta(minutes=1)))
    assert "backup-2 is new" in look(project).skip_message
    project.do("UPDATE backups SET state = 'proven', proved_at = now(), created_at = created_at - interval '1 hour'")
    assert "was tried: proven" in look(project).skip_message


def test_a_backup_whose_run_goes_on_is_left_to_that_run(house):
    project = house()
    job = project.defs.resolve_job_def("database_backup_job")
    run = project.instance.create_run_for_job(job, status=dg.DagsterRunStatus.STARTED)
    keep(project, backup(run_id=run.run_id))
    assert "is being made or proved right now" in look(project).skip_message
    project.instance.report_run_failed(run)
    assert look(project).run_requests


def test_when_nobody_answers_the_sensor_says_so(house):
    project = house()
    project.do("UPDATE pake.alembic_version SET version_num = 'other'")
    assert "which backups there are is not known" in look(project).skip_message
