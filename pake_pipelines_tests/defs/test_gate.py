"""The gate between judging and publishing, as Dagster carries it out: what stops, what goes on, and how it ends."""

from datetime import UTC, datetime, timedelta
from functools import partial

import dagster as dg
import pytest

from pake_pipelines.pipeline import chain
from pake_pipelines.pipeline.run import StageResult
from pake_pipelines_tests.conftest import make_project
from pake_pipelines_tests.defs.conftest import Project, checked, materialized
from pake_pipelines_tests.feeds import item, prose, rss, sources_yaml

GATE = ("confidence", "quality_gate")
FEED = sources_yaml(file="feed.xml")


def broken(number):
    """An item with a forbidden pattern."""
    return item(number, text=f"{prose(number)} Whoever is there may click here at once.")


@pytest.fixture
def made(project):
    """A project whose feed is the file that `feed` writes."""
    return project(FEED)


def fill(made, *items):
    (made.settings.home / "feed.xml").write_bytes(rss(*items))


@pytest.fixture
def feed(made):
    return partial(fill, made)


def published(made):
    return made.ask("SELECT count(*) AS nodes FROM knowledge_nodes WHERE entry_id IS NOT NULL")[0]["nodes"]


def scan(made, day, *assets):
    return made.launch("qa_incremental_scan_job", day, *assets)


def close(made, day):
    """Run a day on which 18 of 21 items contain a forbidden pattern."""
    fill(made, *map(broken, range(18)), *map(item, range(18, 21)))
    return made.run(day)


@pytest.fixture
def closed(made, today):
    return close(made, today)


@pytest.fixture(scope="module")
def stopped(module_database_url, tmp_path_factory):
    """Return a project and its run that such a day stopped, for those who only look."""
    with dg.DagsterInstance.ephemeral() as instance:
        made = Project(make_project(tmp_path_factory.mktemp("stopped"), module_database_url, FEED), instance)
        return made, close(made, datetime.now(UTC).date())


def test_a_closed_gate_fails_the_run_and_nothing_of_the_day_is_published(stopped):
    made, closed = stopped
    assert not closed.success
    assert "confidence" in materialized(closed)
    assert not {"knowledge_nodes", "qa_report"} & set(materialized(closed))
    assert published(made) == 0


def test_a_closed_gate_is_not_tried_again(stopped):
    _, closed = stopped
    of_the_step = [event.event_type_value for event in closed.all_events if event.step_key == "confidence"]
    assert of_the_step.count("STEP_START") == 1
    assert "STEP_UP_FOR_RETRY" not in of_the_step
    assert "STEP_RESTARTED" not in of_the_step


def test_a_closed_gate_says_which_rules_sources_and_items_and_the_way_out(stopped):
    gate = checked(stopped[1])[GATE]
    assert (gate.passed, gate.severity, gate.blocking) == (False, dg.AssetCheckSeverity.ERROR, True)
    found = {name: entry.value for name, entry in gate.metadata.items()}
    assert (found["judged"], found["failing"], found["failing_share"]) == (21, 18, 0.8571)
    assert found["rules"]["forbidden_patterns"] == 18
    assert found["sources"] == {"file": 18}
    assert len(found["items"]) == 18
    assert "knowledge_nodes` alone" in found["way_out"]
    assert gate.description.startswith("18 of the 21 items of ")


def test_judging_is_kept_when_the_gate_closes_so_that_the_next_run_only_asks_the_gate(made, closed, today):
    again = made.run(today)
    assert not again.success
    assert materialized(again)["confidence"]["looked_at"] == 0
    assert not checked(again)[GATE].passed


def test_a_corrected_rule_opens_the_gate_and_everything_is_published(made, closed, today):
    made.configure_quality("content: {forbidden_patterns: []}")
    assert made.run(today).success
    assert published(made) == 21


def test_a_person_lets_a_day_through_by_publishing_it_alone(made, closed, today):
    assert scan(made, today, "knowledge_nodes").success
    assert published(made) == 21
    verified = made.ask("SELECT 1 FROM knowledge_nodes WHERE verification_status = 'verified' AND metadata ? 'invalid'")
    assert verified == []


def test_a_day_that_waits_at_its_gate_is_not_published_by_the_run_of_another_day(made, closed, today):
    made.do("UPDATE entries SET day = day - 1")
    result = scan(made, today)
    assert result.success
    assert published(made) == 0
    found = materialized(result)["knowledge_nodes"]
    assert (found["looked_at"], found["skipped"]) == (0, 21)
    assert found["withheld_days"] == [str(today - timedelta(days=1))]


def test_what_was_let_through_once_is_published_again_when_its_evidence_changes(made, closed, today):
    scan(made, today, "knowledge_nodes")
    made.do("UPDATE entries SET day = day - 1")
    made.do("UPDATE stage_marks SET stale = true WHERE stage = 'knowledge_nodes'")
    assert materialized(scan(made, today))["knowledge_nodes"]["looked_at"] == 21


def test_few_items_say_nothing_and_pass(made, feed, today):
    feed(*map(broken, range(19)))
    result = made.run(today)
    assert result.success
    assert checked(result)[GATE].description == "19 judged items are too few to tell; the gate asks for 20."
    assert published(made) == 19


def test_a_day_most_of_whose_items_are_sound_passes(made, feed, today):
    feed(*map(broken, range(5)), *map(item, range(5, 21)))
    result = made.run(today)
    assert result.success
    assert checked(result)[GATE].metadata["failing"].value == 5


def test_an_item_that_was_not_judged_blocks_publication(made, feed, today, monkeypatch):
    async def judges_nothing(kit, database, run):
        return StageResult()

    monkeypatch.setitem(chain.STAGES, "confidence", judges_nothing)
    feed(item(1))
    result = made.run(today)
    complete = checked(result)["confidence", "judged_completely"]
    assert (complete.passed, complete.blocking, complete.metadata["count"].value) == (False, True, 1)
    assert not result.success
    assert published(made) == 0
