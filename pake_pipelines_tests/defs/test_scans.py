"""The scans of QA-10: what a tick decides, what each scan judges, and what it leaves for later."""

from datetime import UTC, datetime, timedelta

import dagster as dg
import pytest
from dagster._core.remote_origin import RegisteredCodeLocationOrigin, RemoteRepositoryOrigin

from pake_pipelines.pipeline import confidence
from pake_pipelines.pipeline.names import Scan, scan_config
from pake_pipelines.store.errors import StoreError
from pake_pipelines_tests.conftest import fresh_database, make_project
from pake_pipelines_tests.defs.conftest import UNREPORTED, Project, checked, materialized
from pake_pipelines_tests.feeds import item, prose, rss

pytestmark = pytest.mark.long

SOURCES = """
sources:
  quick: {name: Quick, kind: feed, path: quick.xml, authority: academic}
  slow: {name: Slow, kind: feed, path: slow.xml, authority: news}
  idle: {name: Idle, kind: feed, path: idle.xml, authority: news, enabled: false, disabled_because: of the test}
schedules:
  urgent: {name: Urgent, sources: [quick, idle], frequency: every_hour, enabled: true, priority: high,
           max_items_per_run: 20}
  later: {name: Later, sources: [slow], frequency: every_hour, enabled: true, priority: low, max_items_per_run: 20}
  stopped: {name: Stopped, sources: [slow], frequency: every_hour, enabled: false, priority: high,
            max_items_per_run: 20}
"""
WAITING = "SELECT source FROM stage_marks JOIN entries USING (entry_id) JOIN items USING (pake_id)"
BROKEN = " Whoever is there may click here at once."


class Silent:
    """A knowledge base that does not answer."""

    async def backlog(self, now, sources=None):
        raise StoreError("nobody answers")

    async def heavy_work_held(self, now):
        raise StoreError("nobody answers")


@pytest.fixture
def made(project):
    """A project of which one of two feeds is read by a schedule of high priority."""
    return with_feeds(project(SOURCES))


def with_feeds(found):
    (found.settings.home / "quick.xml").write_bytes(rss(item(1), item(2)))
    (found.settings.home / "slow.xml").write_bytes(rss(item(3), item(4)))
    found.behind = UNREPORTED
    return found


@pytest.fixture(scope="module")
def ingested(module_database_url, tmp_path_factory):
    """The database of that project when both feeds are ingested."""
    home = tmp_path_factory.mktemp("ingested")
    with dg.DagsterInstance.ephemeral() as instance:
        made = with_feeds(Project(make_project(home, module_database_url, SOURCES), instance))
        assert made.run(datetime.now(UTC).date(), "quick", "slow").success
    return module_database_url


@pytest.fixture
def settled(ingested, server_settings, tmp_path, instance):
    """That project over a copy of what was ingested."""
    with fresh_database(server_settings, like=ingested) as url:
        yield Project(make_project(tmp_path / "project", url, SOURCES), instance)


def disturb(made, *slugs, stage="confidence"):
    made.do(
        """
        UPDATE stage_marks m SET stale = true FROM entries e JOIN items i USING (pake_id)
        WHERE e.entry_id = m.entry_id AND m.stage = $1 AND i.source = ANY ($2)
        """,
        stage,
        list(slugs),
    )


def waiting(made, stage="confidence"):
    return {row["source"] for row in made.ask(f"{WAITING} WHERE stale AND stage = $1", stage)}


@pytest.fixture
def tick(on_disk):
    """Return a function that lets the schedule of a scan tick."""

    def evaluate(made, scan, base=None, moment=None):
        with dg.build_schedule_context(
            instance=on_disk,
            scheduled_execution_time=moment or datetime.now(UTC),
            repository_def=made.defs.get_repository_def(),
            resources={"knowledge_base": base or made.base},
        ) as context:
            return made.defs.resolve_schedule_def(scan.schedule).evaluate_tick(context)

    return evaluate


@pytest.mark.parametrize("scan", [Scan.INCREMENTAL, Scan.PRIORITY], ids=str)
def test_a_tick_is_skipped_while_nothing_waits(scan, settled, tick):
    outcome = tick(settled, scan)
    assert not outcome.run_requests
    assert outcome.skip_message == "nothing waits"


def test_a_full_scan_always_runs_over_all_days(settled, tick):
    (request,) = tick(settled, Scan.FULL, moment=datetime(2026, 11, 22, tzinfo=UTC)).run_requests
    assert request.partition_key == "2026-11-22"
    assert request.run_config == scan_config(everywhere=True)
    assert set(request.run_config["ops"]) == {"confidence", "knowledge_nodes"}


@pytest.mark.parametrize("stage", ["confidence", "knowledge_nodes"])
def test_whatever_waits_of_any_day_asks_for_an_incremental_scan(stage, settled, tick):
    settled.do("UPDATE entries SET day = day - 9")
    disturb(settled, "slow", stage=stage)
    (request,) = tick(settled, Scan.INCREMENTAL).run_requests
    assert request.run_config == scan_config()


def test_items_whose_age_counts_otherwise_by_now_wait(settled, tick):
    settled.do("UPDATE confidence_scores SET due_at = now() - interval '1 minute'")
    assert tick(settled, Scan.INCREMENTAL).run_requests


def test_only_sources_read_with_high_priority_ask_for_a_priority_scan_and_only_of_them(settled, tick):
    disturb(settled, "slow")
    assert not tick(settled, Scan.PRIORITY).run_requests
    disturb(settled, "quick")
    (request,) = tick(settled, Scan.PRIORITY).run_requests
    assert request.run_config == scan_config(sources=["quick"])
    assert request.tags["dagster/priority"] == "10"


def test_without_a_schedule_of_high_priority_there_is_no_priority_scan(project, tick):
    made = project("sources: {}\nschedules: {}\n")
    assert "no schedule of high priority" in tick(made, Scan.PRIORITY).skip_message


@pytest.mark.parametrize("status", ["QUEUED", "STARTED", "CANCELING"])
def test_a_tick_is_skipped_while_the_same_scan_is_queued_or_goes_on(status, settled, tick, on_disk):
    disturb(settled, "slow", "quick")
    job = settled.defs.resolve_job_def(Scan.INCREMENTAL.job)
    origin = RemoteRepositoryOrigin(RegisteredCodeLocationOrigin("test"), "test").get_job_origin(job.name)
    goes_on = on_disk.create_run_for_job(job, status=dg.DagsterRunStatus(status), remote_job_origin=origin)
    of_the_same, of_another = (tick(settled, scan) for scan in (Scan.INCREMENTAL, Scan.PRIORITY))
    on_disk.delete_run(goes_on.run_id)
    assert "goes on" in of_the_same.skip_message
    assert of_another.run_requests


def test_while_memory_is_short_only_what_is_urgent_is_scanned(settled, tick):
    disturb(settled, "slow", "quick")
    later = datetime.now(UTC) + timedelta(minutes=5)
    settled.ask(
        """
        WITH made AS (
            INSERT INTO recoveries (recovery, kind, cause, state, begun_at, revert_at)
            VALUES ('high-memory-usage', 'high_memory_usage', 'a test', 'recovered', now(), $1) RETURNING recovery_id
        )
        INSERT INTO levers (name, recovery_id, value, until) SELECT 'heavy_work_held', recovery_id, '1', $1 FROM made
        """,
        later,
    )
    assert "memory is short" in tick(settled, Scan.FULL).skip_message
    assert "memory is short" in tick(settled, Scan.INCREMENTAL).skip_message
    assert tick(settled, Scan.PRIORITY).run_requests
    assert tick(settled, Scan.FULL, moment=later + timedelta(seconds=1)).run_requests


@pytest.mark.parametrize("scan", Scan, ids=str)
def test_a_knowledge_base_that_does_not_answer_lets_the_run_find_out(scan, settled, tick):
    assert tick(settled, scan, base=Silent()).run_requests


def test_what_only_the_gate_withholds_asks_for_no_scan_and_is_named(made, today, tick):
    (made.settings.home / "quick.xml").write_bytes(rss(*(item(n, text=prose(n) + BROKEN) for n in range(25))))
    assert not made.run(today, "quick").success
    outcome = tick(made, Scan.INCREMENTAL)
    assert not outcome.run_requests
    assert outcome.skip_message.splitlines() == [
        "nothing waits",
        f"but for what the gate of {today} withholds: 25 of 25 items break a rule",
    ]


def test_an_incremental_scan_judges_what_waits_of_any_day_and_nothing_else(settled, today):
    settled.do("UPDATE entries SET day = day - 9")
    disturb(settled, "slow")
    found = materialized(settled.launch(Scan.INCREMENTAL.job, today))
    assert set(found) == {"confidence", "knowledge_nodes"}
    assert found["confidence"]["looked_at"] == 2
    assert waiting(settled) == set()


def test_an_interrupted_scan_loses_nothing(settled, today, monkeypatch):
    disturb(settled, "slow", "quick")

    def breaks(*arguments):
        raise dg.Failure("a bug", allow_retries=False)

    with monkeypatch.context() as patched:
        patched.setattr(confidence, "judge", breaks)
        assert not settled.launch(Scan.INCREMENTAL.job, today).success
    assert waiting(settled) == {"quick", "slow"}
    assert settled.launch(Scan.INCREMENTAL.job, today).success
    assert waiting(settled) == set()


def test_a_scan_of_some_sources_leaves_the_others_in_the_queue_and_promises_nothing_for_them(made, today):
    assert made.run(today, "quick", "slow", behind=False).success
    assert made.launch("ingest", today, "documents", "embeddings").success
    result = made.launch(Scan.PRIORITY.job, today, config=scan_config(sources=["quick"]))
    assert result.success
    assert materialized(result)["confidence"]["looked_at"] == 2
    assert materialized(result)["knowledge_nodes"]["new"] == 2
    assert waiting(made) == {"slow"}
    complete = checked(result)["confidence", "judged_completely"]
    assert (complete.passed, complete.metadata["sources"].value) == (True, ["quick"])


def test_items_are_judged_before_anybody_sought_their_copies_and_stay_open_until_then(made, today):
    assert made.run(today, "quick", "slow", behind=False).success
    assert made.launch("ingest", today, "documents", "embeddings").success
    result = made.launch(Scan.INCREMENTAL.job, today)
    assert result.success
    assert checked(result)["confidence", "rule_duplicate"].metadata["unknown"].value == 4
    assert made.run(today).success
    assert made.ask("SELECT 1 FROM qa_results WHERE unknowns <> '{}'") == []


def test_a_full_scan_judges_items_of_every_day_by_todays_rules_sweeps_and_reports(settled, today):
    settled.do("UPDATE entries SET day = day - 9")
    settled.configure_quality("content: {min_length: 60}\n")
    assert materialized(settled.launch(Scan.INCREMENTAL.job, today))["confidence"]["looked_at"] == 0
    config = scan_config(everywhere=True)
    found = materialized(settled.launch(Scan.FULL.job, today, config=config))
    assert set(found) == {"confidence", "knowledge_nodes", "archive_sweep", "qa_report"}
    assert found["confidence"]["looked_at"] == 4
    assert materialized(settled.launch(Scan.FULL.job, today, config=config))["confidence"]["looked_at"] == 0


def test_how_often_is_scanned_is_configured(project):
    made = project("sources: {}\nschedules: {}\n", "scans: {incremental: every_10_minutes}\n")
    crons = {scan: made.defs.resolve_schedule_def(scan.schedule).cron_schedule for scan in Scan}
    assert crons == {Scan.FULL: "0 0 * * *", Scan.INCREMENTAL: "*/10 * * * *", Scan.PRIORITY: "*/5 * * * *"}


def test_the_first_moment_of_a_day_belongs_to_its_partition(settled, tick):
    (request,) = tick(settled, Scan.FULL, moment=datetime(2026, 11, 23, tzinfo=UTC)).run_requests
    assert request.partition_key == "2026-11-23"
