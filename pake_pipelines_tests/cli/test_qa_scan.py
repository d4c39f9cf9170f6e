"""`pake qa scan`: which scan it asks Dagster for, and what it says came of it."""

import asyncio
import importlib
from datetime import UTC, datetime

import pytest

from pake_pipelines.cli.dagster_api import Made, RunState, Step
from pake_pipelines.pipeline.names import Scan, scan_config
from pake_pipelines.store.database import open_database
from pake_pipelines_tests.chain import execute

SOURCES = """
sources:
  quick: {name: Quick, kind: feed, path: quick.xml, authority: academic}
  slow: {name: Slow, kind: feed, path: slow.xml, authority: news}
schedules:
  urgent: {name: Urgent, sources: [quick], frequency: every_hour, enabled: true, priority: high, max_items_per_run: 20}
"""
DONE = RunState(
    "run-7",
    "SUCCESS",
    [Step("confidence", "SUCCESS", 1.0, 2.0), Step("knowledge_nodes", "SUCCESS", 2.0, 3.0)],
    [Made("confidence", {"looked_at": 3, "updated": 2, "unchanged": 1}), Made("knowledge_nodes", {"updated": 2})],
)
CLOSED = RunState(
    "run-7",
    "FAILURE",
    failed_checks={"confidence": "18 of the 21 items of 2026-11-22 break a rule."},
    error="confidence: 1 blocking asset check failed",
)

# the package holds the command itself by this name
command = importlib.import_module("pake_pipelines.cli.qa.scan")


class Recorded:
    """A Dagster that launches nothing and answers with a recorded state."""

    def __init__(self, state):
        self.address = "http://127.0.0.1:1"
        self.state = state
        self.launched = []

    def launch(self, job, partition, assets, config, tags):
        self.launched.append((job, partition, assets, config))
        return self.state.run_id

    def run(self, run_id):
        return self.state


@pytest.fixture
def dagster(connected, monkeypatch):
    """Return a function that has Dagster running with a recorded answer."""
    connected.configure(SOURCES)

    def make(state=DONE):
        recorded = Recorded(state)
        monkeypatch.setattr(command, "running", lambda settings: (1, recorded.address))
        monkeypatch.setattr(command, "DagsterApi", lambda address: recorded)
        return recorded

    return make


def remember(url):
    """Store two changes of verdicts of run-7, one of which changed nothing but the score, and one of another run."""

    async def store():
        async with open_database(url) as database:
            await execute(
                database,
                """
                WITH one AS (
                    INSERT INTO sources (source, name, kind, address, authority, authority_basis, enabled)
                    VALUES ('quick', 'Quick', 'feed', 'x', 0.9, 'academic', true) RETURNING source
                ), two AS (
                    INSERT INTO items (pake_id, source, key)
                    SELECT gen_random_uuid(), source, 'k' FROM one RETURNING pake_id)
                INSERT INTO confidence_history (pake_id, old_score, new_score, old_status, new_status, reason,
                                                changed_by, run_id)
                SELECT pake_id, 0.5, 0.6, old, new, 'r', 'pipeline', run FROM two, (VALUES
                    ('pending', 'verified', 'run-7'), ('pending', 'verified', 'run-7'), (NULL, 'pending', 'run-7'),
                    ('pending', 'pending', 'run-7'), ('pending', 'rejected', 'run-8')) AS g(old, new, run)
                """,
            )

    asyncio.run(store())


@pytest.mark.parametrize(
    ("options", "scan", "config"),
    [
        ([], Scan.INCREMENTAL, scan_config()),
        (["--full"], Scan.FULL, scan_config(everywhere=True)),
        (["--priority"], Scan.PRIORITY, scan_config(sources=["quick"])),
        (["--source", "slow", "--source", "slow"], Scan.INCREMENTAL, scan_config(sources=["slow"])),
    ],
    ids=["incremental", "full", "priority", "source"],
)
def test_each_scan_is_a_run_of_its_job_for_today(options, scan, config, connected, dagster):
    recorded = dagster()
    assert connected.pake("qa", "scan", *options, "--json").json["scan"] == scan.value
    ((job, partition, assets, given),) = recorded.launched
    assert (job, assets, given) == (scan.job, [[name] for name in scan.assets], config)
    assert partition == datetime.now(UTC).date().isoformat()


def test_it_says_what_was_judged_and_which_verdicts_changed(connected, dagster, database_url):
    dagster()
    remember(database_url)
    shown = connected.pake("qa", "scan").stdout
    assert "confidence: success 1.0 s 2 updated, 1 unchanged" in shown
    assert "2 pending -> verified" in shown
    assert "1 new -> pending" in shown
    assert "rejected" not in shown
    said = connected.pake("qa", "scan", "--json").json
    assert said["assets"]["confidence"]["looked_at"] == 3
    assert said["verdict_changes"][0] == {"old": "pending", "new": "verified", "nodes": 2}


def test_without_a_change_it_says_so(connected, dagster):
    dagster()
    assert "no verdict changed" in connected.pake("qa", "scan").stdout


def test_a_closed_gate_is_told_in_its_own_words(connected, dagster):
    dagster(CLOSED)
    done = connected.pake("qa", "scan")
    assert done.code == 1
    assert "18 of the 21 items of 2026-11-22 break a rule." in done.stderr
    assert connected.pake("qa", "scan", "--json").code == 1


def test_who_does_not_wait_is_told_where_the_run_is(connected, dagster):
    dagster(RunState("run-7", "QUEUED"))
    assert "http://127.0.0.1:1/runs/run-7" in connected.pake("qa", "scan", "--no-wait").stdout
    said = connected.pake("qa", "scan", "--no-wait", "--json").json
    assert (said["run_id"], said["status"]) == ("run-7", "QUEUED")


def test_without_dagster_it_says_what_to_do(terminal):
    terminal.configure(SOURCES)
    done = terminal.pake("qa", "scan")
    assert done.code == 1
    assert "Dagster is not running" in done.stderr
    assert "pake up" in done.stderr


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--full", "--priority"], "only one of --full, --priority and --source"),
        (["--full", "--source", "slow"], "only one of --full, --priority and --source"),
        (["--source", "nobody"], "no source 'nobody'"),
    ],
    ids=["two kinds", "full of a source", "unknown source"],
)
def test_what_cannot_be_scanned_is_refused_with_the_reason(options, said, connected, dagster):
    recorded = dagster()
    done = connected.pake("qa", "scan", *options)
    assert (done.code, recorded.launched) == (1, [])
    assert said in done.stderr


def test_without_a_source_of_high_priority_there_is_nothing_to_scan_with_priority(connected, dagster):
    dagster()
    connected.configure(SOURCES.replace("priority: high", "priority: low"))
    done = connected.pake("qa", "scan", "--priority")
    assert (done.code, "no schedule of high priority reads an enabled source" in done.stderr) == (1, True)
