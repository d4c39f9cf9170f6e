"""`pake up` for real: first start, use, Ctrl-C, a second start, a killed start, and what stands in its way."""

import json
import os
import signal
import socket
import tempfile
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

import psutil
import pytest

from pake_pipelines.cli.dagster_api import DagsterApi
from pake_pipelines_tests.cli.stack import READY, Project, Up

pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def project():
    home = Path(tempfile.mkdtemp(prefix="pake-up-"))
    home.chmod(0o755)
    return Project(home)


@pytest.fixture(scope="module")
def first_start(project):
    """The first start, up and with its first ingestion done."""
    up = Up(project)
    up.wait_until(READY)
    yield up
    if up.process.poll() is None:
        up.end()


def test_a_first_start_ingests_and_says_where_the_ui_is(project, first_start):
    said = first_start.said()
    assert f"http://127.0.0.1:{project.port}" in said
    assert "1 sources read, 1 unreachable, 3 new items" in said
    assert "Name or service not known" in said or "failed" in said
    status = project.json("status")
    assert status["dagster"]["state"] == "up"
    notes = next(source for source in status["sources"] if source["source"] == "notes")
    assert notes["items"] == 3


def test_a_second_stack_on_the_same_project_is_refused_with_one_sentence(project, first_start):
    done = project.pake("up")
    assert done.returncode == 1
    assert done.stderr.startswith("error: this project is up already")
    assert "Traceback" not in done.stderr


def test_ingesting_again_finds_nothing_new_and_is_a_run_that_the_ui_shows(project, first_start):
    said = project.json("ingest", "notes")
    assert said["status"] == "SUCCESS"
    assert said["assets"]["source/notes"]["new"] == 0
    assert said["assets"]["documents"]["looked_at"] == 0


def test_the_health_of_a_running_stack_is_asked_for_through_its_webserver(project, first_start):
    said = project.json("health", "dagster", "--now")
    assert {one["service"]: one["status"] for one in said["services"]} == dict.fromkeys(
        [f"dagster-{part}" for part in ("daemons", "code", "queue", "partitions", "pools")], "healthy"
    )


def test_the_bundle_of_a_running_stack_has_dagster_both_databases_and_the_log_files(project, first_start):
    said = project.json("diagnose", "--output", "bundle.tgz")
    assert said["missing"] == {}
    parts = {one["name"] for one in said["contents"]}
    assert {"dagster.json", "runs.json", "database.json", "dagster_database.json", "health.json"} <= parts
    lines = [json.loads(line) for line in (project.home / "data" / "logs" / "performance.log").read_text().splitlines()]
    assert {"read_sources", "documents", "knowledge_nodes"} <= {one.get("step") for one in lines}
    assert {one["process"] for one in lines if "step" in one} == {"dagster"}


def test_a_full_scan_is_launched_by_hand_and_finds_every_item_judged(project, first_start):
    said = project.json("qa", "scan", "--full")
    assert (said["status"], said["error"], said["verdict_changes"]) == ("SUCCESS", None, [])
    assert set(said["assets"]) == {"confidence", "knowledge_nodes", "archive_sweep", "qa_report"}
    assert (said["assets"]["confidence"]["looked_at"], said["assets"]["archive_sweep"]["archived"]) == (0, 0)


def test_an_item_is_explained_from_bytes_to_verdict(project, first_start):
    chain = project.json("node", "explain", "Counting 1")
    assert chain["raw_fetch"]["url"] == "1.md"
    assert {stage["run_id"] for stage in chain["stages"].values()} == {chain["node"]["run_id"]}
    shown = project.pake("node", "explain", "Counting 1").stdout
    for step in ("raw bytes", "entry", "document", "embedding", "duplicates", "rules", "confidence", "verdict"):
        assert step in shown


def test_a_source_that_was_just_added_is_known_to_the_next_ingestion(project, first_start):
    config = project.home / "configs" / "sources.yaml"
    missing = "  missing: {name: Missing, kind: folder, path: missing}\n"
    config.write_text(config.read_text().replace("schedules:", f"{missing}schedules:"))
    said = project.json("ingest", "missing")
    assert (said["status"], "none of the 1 sources could be read" in said["error"]) == ("FAILURE", True)


def test_maintenance_at_the_terminal_is_in_the_history_of_its_asset(project, first_start):
    ran = project.json("maintenance", "run", "semantic_dedup_cleanup")
    assert (ran["state"], ran["not_told"]) == ("done", None)
    query = """query { assetOrError(assetKey: {path: ["semantic_dedup_cleanup"]}) { ... on Asset {
      assetMaterializations(limit: 1) { description } } } }"""
    (made,) = DagsterApi(f"http://127.0.0.1:{project.port}").ask(query)["assetOrError"]["assetMaterializations"]
    assert made["description"] == f"done, at the terminal: {ran['summary']}"


def test_a_range_is_a_backfill_with_a_run_for_each_day_in_which_a_dead_source_spoils_nothing(project, first_start):
    first, last = days = [datetime.now(UTC).date() - timedelta(days=back) for back in (2, 1)]
    for day in days:
        note = project.home / "notes" / f"{day}.md"
        note.write_text("A short note.")  # too short to be kept, so that no run has to load the embedding model
        moment = datetime.combine(day, time(12), UTC).timestamp()
        os.utime(note, (moment, moment))
    done = project.pake(
        "ingest", "notes", "missing", "--from", str(first), "--to", str(last), "--max-items", "5", "--json"
    )
    said = json.loads(done.stdout)
    assert [day["day"] for day in said["days"]] == [str(first), str(last)]
    assert [day["status"] for day in said["days"]] == ["partly done", "partly done"]
    assert [day["sources"]["notes"]["new"] for day in said["days"]] == [1, 1]
    assert [day["sources"]["missing"]["outcome"] for day in said["days"]] == ["failed", "failed"]
    assert all("no such folder" in day["causes"][0] for day in said["days"])
    assert len({day["run_id"] for day in said["days"]}) == 2
    assert done.returncode == 1


def test_ctrl_c_stops_everything_and_a_second_start_keeps_data_and_runs(project, first_start):
    before = project.json("status")["sources"]
    family = first_start.family()
    assert first_start.end(signal.SIGINT) == 0
    assert not [process for process in family if process.is_running() and process.status() != psutil.STATUS_ZOMBIE]
    assert not (project.home / "data" / "postgres" / "postmaster.pid").exists()
    again = Up(project)
    try:
        again.wait_until(READY)
        assert "first ingestion" not in again.said()
        assert project.json("status")["sources"] == before
    finally:
        again.end(signal.SIGTERM)


def test_a_start_after_everything_was_killed_tidies_up_and_works(project, first_start):
    killed = Up(project)
    killed.wait_until("starting Dagster")
    killed.end(signal.SIGKILL)
    again = Up(project)
    try:
        again.wait_until(READY)
        assert "of an earlier session ended" in again.said()
    finally:
        assert again.end(signal.SIGINT) == 0
    assert project.pake("down").stdout.strip() == "nothing is running"


def test_a_taken_port_is_named_with_the_way_out(project, first_start):
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind(("127.0.0.1", project.port))
        other.listen()
        done = project.pake("up")
    assert done.returncode == 1
    assert f"port {project.port} is taken by another program" in done.stderr


def test_a_broken_configuration_stops_the_start_with_its_line(project, first_start):
    config = project.home / "configs" / "quality.yaml"
    config.write_text("spam:\n  max_score: 7\n")
    try:
        done = project.pake("up")
    finally:
        config.write_text("")
    assert done.returncode == 1
    assert "configs/quality.yaml:2: spam.max_score" in done.stderr
    assert "Traceback" not in done.stderr
