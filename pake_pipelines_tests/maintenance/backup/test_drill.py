"""The drill rebuilds everything from the newest backup, runs it, measures it, touches nothing live, leaves nothing."""

import asyncio
from dataclasses import replace

import pytest

from pake_pipelines.maintenance.backup import configuration, create, drill, drill_home
from pake_pipelines.maintenance.backup.targets import target_of
from pake_pipelines.model.maintenance import TaskState
from pake_pipelines.store.database import addresses
from pake_pipelines_tests.cli.terminal import Terminal
from pake_pipelines_tests.maintenance.backup.point_in_time import project_that_keeps_its_log


@pytest.fixture(scope="module")
def project():
    """A project with one backup of databases and configuration."""
    with project_that_keeps_its_log("backup: {proof: {amcheck: false}}\n") as made:
        assert asyncio.run(create.run(made.place)).state is TaskState.DONE
        assert asyncio.run(configuration.run(made.place)).state is TaskState.DONE
        yield made


def live(project):
    urls = addresses(project.settings)
    return [asyncio.run(project.hashes(url)) for url in (urls.knowledge, urls.dagster)]


def left_in(project):
    return sorted(path.name for path in (project.settings.data / "tmp").iterdir() if not path.name.startswith("."))


def test_a_partition_runs_on_what_was_restored_and_the_live_data_stay_as_they_are(project):
    before, began = live(project), project.place.clock()
    outcome = asyncio.run(drill.run(project.place))
    assert (outcome.state, outcome.details.get("rpo_seconds_point_in_time")) == (TaskState.DONE, None), outcome
    steps = {step["step"]: step for step in outcome.details["steps"]}
    assert steps["run a partition"]["found"] == "1 item(s) fetched and judged on the restored databases"
    assert steps["bring configuration and schema to this version"]["found"] == (
        f"configuration: {outcome.details['backup']}"
    )
    assert outcome.details["rto_seconds"] >= sum(step["seconds"] for step in steps.values()) * 0.99
    snapshot = target_of(project.place).read_manifest(outcome.details["backup"]).snapshot_at
    assert outcome.details["rpo_seconds"] == pytest.approx((began - snapshot).total_seconds(), abs=5)
    assert (live(project), left_in(project)) == (before, [])


def test_a_run_that_fails_fails_the_drill_and_says_why(project, monkeypatch):
    monkeypatch.setattr(drill_home, "command", lambda _: ["sh", "-c", "echo no such module; exit 3"])
    outcome = asyncio.run(drill.run(project.place))
    assert outcome.state is TaskState.FAILED
    assert outcome.summary.endswith("the run ended with code 3: no such module")
    assert outcome.details["steps"][-1]["step"] == "run a partition"
    assert left_in(project) == []


def test_a_run_that_makes_nothing_fails_the_drill(project, monkeypatch):
    monkeypatch.setattr(drill_home, "command", lambda _: ["true"])
    outcome = asyncio.run(drill.run(project.place))
    assert (outcome.state, "no item that was judged" in outcome.summary) == (TaskState.FAILED, True)


def test_a_damaged_backup_fails_the_drill_before_anything_is_built(project):
    target = target_of(project.place)
    path = target.local / target.names()[-1] / "knowledge.dump"
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2] + bytes([data[len(data) // 2] ^ 1]) + data[len(data) // 2 + 1 :])
    try:
        outcome = asyncio.run(drill.run(project.place))
    finally:
        path.write_bytes(data)
    assert (outcome.state, "knowledge.dump has other bytes" in outcome.summary) == (TaskState.FAILED, True)
    assert len(outcome.details["steps"]) == 2


def test_without_a_backup_or_when_dry_nothing_is_built(project, tmp_path):
    rules = project.config.backup.model_copy(update={"target": str(tmp_path / "nowhere")})
    config = project.config.model_copy(update={"backup": rules})
    assert asyncio.run(drill.run(replace(project.place, config=config))).state is TaskState.UNAVAILABLE
    outcome = asyncio.run(drill.run(replace(project.place, dry_run=True)))
    assert outcome.summary.startswith("would rebuild everything from backup-")


def test_the_drill_hands_no_secret_and_no_live_address_on(project, tmp_path):
    environ = {
        "PATH": "/bin",
        "PAKE_DATABASE_URL": "postgresql://live",
        "PAKE_LAKE_URL": "s3://live",
        "SLACK_TOKEN": "x",
    }
    given = drill_home.DrillHome(tmp_path, "").environment("scratch-knowledge", "scratch-dagster", environ)
    assert not {"s3://live", "postgresql://live", "x"}.intersection(given.values())
    assert (given["PAKE_DATABASE_URL"], given["PAKE_HOME"], given["PATH"]) == (
        "scratch-knowledge", str(tmp_path), "/bin",
    )  # fmt: skip


def test_pake_backup_drill_shows_the_steps_and_ends_with_1_when_it_failed(project, monkeypatch, capsys):
    terminal = Terminal(project.settings.home, monkeypatch, capsys)
    done = terminal.pake("backup", "drill", "--dry-run")
    assert (done.code, "would rebuild everything from backup-" in done.stdout) == (0, True)
    monkeypatch.setattr(drill_home, "command", lambda _: ["sh", "-c", "exit 4"])
    done = terminal.pake("backup", "drill")
    assert (done.code, "restore both databases and compare every row" in done.stdout) == (1, True)
    assert "the run ended with code 4" in done.stdout
