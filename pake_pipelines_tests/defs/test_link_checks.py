"""The asset `link_checks` in runs of Dagster, its check, its job, and the schedule that settles what is left."""

import dagster as dg
import pytest

from pake_pipelines.defs.knowledge.link_checks import round_config
from pake_pipelines.store.errors import StoreError
from pake_pipelines_tests.conftest import NOW
from pake_pipelines_tests.defs.conftest import UNREPORTED, checked, materialized
from pake_pipelines_tests.feeds import item, prose, rss, sources_yaml
from pake_pipelines_tests.site import Page

pytestmark = pytest.mark.long

LINKS = "links: {check_external: true, host_pause_seconds: 0}"


@pytest.fixture
def made(project, site):
    """A project with an item that links to a page that is there, and one that links to one that is not."""
    found = project(sources_yaml(file="feed.xml"), LINKS)
    found.behind = UNREPORTED
    links = [f'{prose(number)} <a href="{site.url(f"/{name}")}">x</a>' for number, name in enumerate(["well", "lost"])]
    (found.settings.home / "feed.xml").write_bytes(rss(*(item(number, text=text) for number, text in enumerate(links))))
    site.pages["/well"] = Page(b"x")
    return found


@pytest.fixture
def tick(on_disk):
    """Return a function that lets the schedule of a project tick."""

    def evaluate(made, base=None):
        context = dg.build_schedule_context(
            instance=on_disk,
            scheduled_execution_time=NOW,
            repository_def=made.defs.get_repository_def(),
            resources={"knowledge_base": base or made.base},
        )
        return made.defs.resolve_schedule_def("link_checks").evaluate_tick(context)

    return evaluate


def statuses(made):
    rows = made.ask(
        "SELECT title, c ->> 'status' AS status FROM qa_results JOIN entries USING (entry_id),"
        " jsonb_array_elements(checks) AS c WHERE c ->> 'code' = 'broken_links'"
    )
    return {row["title"]: row["status"] for row in rows}


def test_every_ingestion_checks_its_links_before_it_judges(made, today):
    result = made.run(today, "file")
    assert result.success
    found = materialized(result)["link_checks"]
    assert (found["new"], found["dagster/partition_row_count"], found["requests"], found["hosts"]) == (2, 2, 3, 1)
    assert (dict(found["told"]), found["offline"]) == ({"working": 1, "broken": 1}, False)
    assert statuses(made) == {"Report 0": "ok", "Report 1": "fail"}


def test_too_many_broken_links_are_a_warning_that_names_them(made, today, site):
    check = checked(made.run(today, "file"))["link_checks", "links_mostly_working"]
    assert (check.passed, check.severity) == (False, dg.AssetCheckSeverity.WARN)
    said = {name: value.value for name, value in check.metadata.items()}
    assert (said["count"], said["working"], said["share"]) == (1, 1, 0.5)
    assert said["links"] == [site.url("/lost")]
    assert len(said["items"]) == 1


def test_few_broken_links_are_none(made, today):
    made.configure_quality("links: {check_external: true, host_pause_seconds: 0, max_broken_share: 0.5}")
    assert checked(made.run(today, "file"))["link_checks", "links_mostly_working"].passed


def test_the_job_judges_again_whoever_links_to_what_has_changed(made, today, site):
    made.run(today, "file")
    site.pages["/lost"] = Page(b"x")
    made.do("UPDATE link_checks SET expires_at = checked_at")
    result = made.launch("link_checks_job", today, config=round_config())
    assert result.success
    assert set(materialized(result)) == {"link_checks", "confidence", "knowledge_nodes"}
    assert materialized(result)["confidence"]["looked_at"] == 1
    assert statuses(made) == {"Report 0": "ok", "Report 1": "ok"}


def test_a_run_with_nothing_due_asks_nobody(made, today, site):
    made.run(today, "file")
    site.requests.clear()
    found = materialized(made.launch("link_checks_job", today, config=round_config()))
    assert (site.requests, found["link_checks"]["looked_at"]) == ([], 0)


def test_a_tick_launches_a_round_over_all_items_when_something_is_due(made, today, tick):
    made.run(today, "file")
    made.do("UPDATE link_checks SET expires_at = $1", NOW)
    (request,) = tick(made).run_requests
    assert (request.partition_key, request.run_config) == ("2026-11-22", round_config())


def test_a_tick_is_skipped_when_nothing_is_due(made, today, tick):
    made.run(today, "file")
    assert tick(made).skip_message == "no link is due"


def test_a_tick_is_skipped_while_the_last_round_goes_on(made, today, tick, on_disk):
    made.run(today, "file")
    made.do("UPDATE link_checks SET expires_at = $1", NOW)
    goes_on = on_disk.add_run(dg.DagsterRun("link_checks_job", status=dg.DagsterRunStatus.STARTED))
    skipped = tick(made)
    on_disk.delete_run(goes_on.run_id)
    assert "goes on" in skipped.skip_message


def test_a_tick_is_skipped_when_links_are_not_checked(project, tick):
    assert tick(project(sources_yaml(file="feed.xml"))).skip_message == "links.check_external is off"


def test_a_knowledge_base_that_does_not_answer_lets_the_run_find_out(made, tick):
    class Silent:
        def kit(self):
            raise StoreError("nobody answers")

    assert tick(made, Silent()).run_requests
