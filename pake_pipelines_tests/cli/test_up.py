"""`pake up` for real: first start, use, Ctrl-C, a killed start, the start after it, and what stands in its way.

Two stacks are started in all, and what looks at them runs in this process: each costs as much as a hundred other tests.
"""

import json
import os
import shutil
import signal
import socket
import tempfile
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

import psutil
import pytest

from pake_pipelines.cli.dagster_api import DagsterApi
from pake_pipelines_tests.cli.stack import READY, Project, Up
from pake_pipelines_tests.cli.terminal import Terminal

pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def project():
    home = Path(tempfile.mkdtemp(prefix="pake-up-"))
    home.chmod(0o755)
    yield Project(home)
    shutil.rmtree(home, ignore_errors=True)


@pytest.fixture(scope="module")
def first_start(project):
    """The first start, up and with its first ingestion done."""
    up = Up(project)
    up.wait_until(READY)
    yield up
    if up.process.poll() is None:
        up.end()


@pytest.fixture
def pake(project, first_start, monkeypatch, capsys):
    """`pake` beside the first start."""
    # a command that is `up` takes signals over, which are pytest's here
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    terminal = Terminal(project.home, monkeypatch, capsys)
    terminal.environment(**project.variables)
    return terminal.pake


def test_a_first_start_ingests_and_says_where_the_ui_is(project, first_start, pake):
    said = first_start.said()
    assert f"http://127.0.0.1:{project.port}" in said
    assert "1 source read, 1 unreachable, 3 new items" in said
    assert "Name or service not known" in said or "failed" in said
    status = pake("status", "--json").json
    assert status["dagster"]["state"] == "up"
    notes = next(source for source in status["sources"] if source["source"] == "notes")
    assert notes["items"] == 3


def test_a_second_stack_on_the_same_project_is_refused_with_one_sentence(pake):
    done = pake("up")
    assert (done.code, done.stderr.startswith("error: this project is up already")) == (1, True)


def test_ingesting_again_finds_nothing_new_and_knows_a_source_that_was_just_added(project, pake):
    config = project.home / "configs" / "sources.yaml"
    missing = "  missing: {name: Missing, kind: folder, path: missing}\n"
    config.write_text(config.read_text().replace("schedules:", f"{missing}schedules:"))
    said = pake("ingest", "notes", "missing", "--json").json
    assert (said["status"], said["error"]) == ("SUCCESS", None)
    assert said["assets"]["source/notes"]["new"] == 0
    assert said["assets"]["documents"]["looked_at"] == 0
    assert "no such folder" in said["failed_checks"]["source/missing"]


def test_the_health_of_a_running_stack_is_asked_for_through_its_webserver(pake):
    said = pake("health", "dagster", "--now", "--json").json
    assert {one["service"]: one["status"] for one in said["services"]} == dict.fromkeys(
        [f"dagster-{part}" for part in ("daemons", "code", "queue", "partitions", "pools")], "healthy"
    )


def test_the_bundle_of_a_running_stack_has_dagster_both_databases_and_the_log_files(project, pake):
    said = pake("diagnose", "--output", "bundle.tgz", "--json").json
    assert said["missing"] == {}
    parts = {one["name"] for one in said["contents"]}
    assert {"dagster.json", "runs.json", "database.json", "dagster_database.json", "health.json"} <= parts
    lines = [json.loads(line) for line in (project.home / "data" / "logs" / "performance.log").read_text().splitlines()]
    assert {"read_sources", "documents", "knowledge_nodes"} <= {one.get("step") for one in lines}
    assert {one["process"] for one in lines if "step" in one} == {"dagster"}


def test_a_full_scan_is_launched_by_hand_and_finds_every_item_judged(pake):
    said = pake("qa", "scan", "--full", "--json").json
    assert (said["status"], said["error"], said["verdict_changes"]) == ("SUCCESS", None, [])
    assert set(said["assets"]) == {"confidence", "knowledge_nodes", "archive_sweep", "qa_report"}
    assert (said["assets"]["confidence"]["looked_at"], said["assets"]["archive_sweep"]["archived"]) == (0, 0)


def test_an_item_is_explained_from_bytes_to_verdict(pake):
    chain = pake("node", "explain", "Counting 1", "--json").json
    assert chain["raw_fetch"]["url"] == "1.md"
    assert {stage["run_id"] for stage in chain["stages"].values()} == {chain["node"]["run_id"]}
    shown = pake("node", "explain", "Counting 1").stdout
    for step in ("raw bytes", "entry", "document", "embedding", "duplicates", "rules", "confidence", "verdict"):
        assert step in shown


def test_maintenance_at_the_terminal_is_in_the_history_of_its_asset(project, pake):
    ran = pake("maintenance", "run", "semantic_dedup_cleanup", "--json").json
    assert (ran["state"], ran["not_told"]) == ("done", None)
    query = """query { assetOrError(assetKey: {path: ["semantic_dedup_cleanup"]}) { ... on Asset {
      assetMaterializations(limit: 1) { description } } } }"""
    (made,) = DagsterApi(f"http://127.0.0.1:{project.port}").ask(query)["assetOrError"]["assetMaterializations"]
    assert made["description"] == f"done, at the terminal: {ran['summary']}"


def test_a_range_is_a_backfill_with_a_run_for_each_day_in_which_a_dead_source_spoils_nothing(project, pake):
    first, last = days = [datetime.now(UTC).date() - timedelta(days=back) for back in (2, 1)]
    for day in days:
        note = project.home / "notes" / f"{day}.md"
        note.write_text("A short note.")  # too short to be kept, so that no run has to load the embedding model
        moment = datetime.combine(day, time(12), UTC).timestamp()
        os.utime(note, (moment, moment))
    done = pake("ingest", "notes", "missing", "--from", first, "--to", last, "--max-items", 5, "--json")
    said = done.json
    assert [day["day"] for day in said["days"]] == [str(first), str(last)]
    assert [day["status"] for day in said["days"]] == ["partly done", "partly done"]
    assert [day["sources"]["notes"]["new"] for day in said["days"]] == [1, 1]
    assert [day["sources"]["missing"]["outcome"] for day in said["days"]] == ["failed", "failed"]
    assert all("no such folder" in day["causes"][0] for day in said["days"])
    assert len({day["run_id"] for day in said["days"]}) == 2
    assert done.code == 1


@pytest.fixture(scope="module")
def interrupted(project, first_start):
    """What the sources held, which processes there were, and how it ended by Ctrl-C."""
    held, family = project.json("status")["sources"], first_start.family()
    return held, family, first_start.end(signal.SIGINT)


def test_ctrl_c_stops_everything(project, interrupted):
    _, family, code = interrupted
    assert code == 0
    assert not [process for process in family if process.is_running() and process.status() != psutil.STATUS_ZOMBIE]
    assert not (project.home / "data" / "postgres" / "postmaster.pid").exists()


def test_a_start_after_everything_was_killed_tidies_up_and_keeps_data_and_runs(project, interrupted):
    held, _, _ = interrupted
    killed = Up(project)
    killed.wait_until("starting Dagster")
    killed.end(signal.SIGKILL)
    again = Up(project)
    try:
        again.wait_until(READY)
        assert "of an earlier session ended" in again.said()
        assert "first ingestion" not in again.said()
        assert project.json("status")["sources"] == held
    finally:
        assert again.end(signal.SIGTERM) == 0
    assert project.pake("down").stdout.strip() == "nothing is running"


def test_a_taken_port_is_named_with_the_way_out(project, interrupted, pake):
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind(("127.0.0.1", project.port))
        other.listen()
        done = pake("up")
    assert done.code == 1
    assert f"port {project.port} is taken by another program" in done.stderr


def test_a_broken_configuration_stops_the_start_with_its_line(project, pake):
    (project.home / "configs" / "quality.yaml").write_text("spam:\n  max_score: 7\n")
    done = pake("up")
    assert done.code == 1
    assert "configs/quality.yaml:2: spam.max_score" in done.stderr
