"""Runs of the ingestion job, as Dagster carries them out: what one bad source does, and what it must not do."""

import os
from datetime import UTC, datetime, timedelta

import dagster as dg
import pytest

from pake_pipelines_tests.conftest import make_project
from pake_pipelines_tests.defs.conftest import Project, checked, materialized
from pake_pipelines_tests.feeds import item, prose, rss, sources_yaml
from pake_pipelines_tests.site import Page, Site

BEHIND = {
    "entries",
    "documents",
    "link_checks",
    "embeddings",
    "duplicates",
    "connections",
    "confidence",
    "knowledge_nodes",
    "ingestion_report",
    "qa_report",
}
REPORTS = {"ingestion_report", "qa_report"}
COMMON = {"dagster/partition_row_count", "looked_at", "new", "updated", "unchanged", "skipped", "failed", "seconds"}


def with_feed(made):
    (made.settings.home / "feed.xml").write_bytes(rss(item(1), item(2, text=prose(1)), item(3)))
    return made


@pytest.fixture
def mixed(project, site):
    """A project with a feed in a file, and a feed behind a web address that is dead."""
    return with_feed(project(sources_yaml(file="feed.xml", dead=site.url("/dead"))))


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return tmp_path_factory.mktemp("mixed")


@pytest.fixture(scope="module")
def ran(home, module_database_url):
    """The run of such a project in `home`, which many tests look at."""
    site = Site().start()
    with dg.DagsterInstance.ephemeral() as instance:
        sources = sources_yaml(file="feed.xml", dead=site.url("/dead"))
        made = with_feed(Project(make_project(home, module_database_url, sources), instance))
        result = made.run(datetime.now(UTC).date())
    site.stop()
    return result


def test_one_dead_source_stops_nobody_else(ran):
    assert ran.success
    assert set(materialized(ran)) == BEHIND | {"source/file"}
    assert materialized(ran)["entries"]["new"] == 3
    assert materialized(ran)["knowledge_nodes"]["dagster/partition_row_count"] == 3


def test_a_dead_source_shows_a_failed_check_with_its_cause(ran):
    checks = checked(ran)
    dead, alive = checks["source/dead", "source_reachable"], checks["source/file", "source_reachable"]
    assert (dead.passed, dead.severity) == (False, dg.AssetCheckSeverity.WARN)
    assert "the server answers 404" in dead.description
    assert (dead.metadata["kind"].value, dead.metadata["failures_in_a_row"].value) == ("http_status", 1)
    assert alive.passed
    assert {key for key, one in checks.items() if not one.passed} == {
        ("source/dead", "source_reachable"),
        ("ingestion_report", "ingestion_error_free"),
    }


def test_entries_name_the_sources_that_failed(ran):
    metadata = materialized(ran)["entries"]
    assert metadata["sources_read"] == 1
    assert list(metadata["sources_failed"]) == ["dead"]


def test_every_materialization_carries_the_same_counts(ran):
    found = materialized(ran)
    assert {asset for asset, metadata in found.items() if not set(metadata) >= COMMON} == REPORTS


def test_all_sources_dead_fails_the_run_and_says_so(project, site, today):
    made = project(sources_yaml(one=site.url("/one"), two="two.xml"))
    result = made.run(today)
    assert not result.success
    (failure,) = [event for event in result.all_events if event.is_step_failure]
    assert failure.step_failure_data.user_failure_data.description == "no source could be read: 2 of 2 failed"
    assert set(materialized(result)) == set()
    assert {key for key, one in checked(result).items() if not one.passed} == {
        ("source/one", "source_reachable"),
        ("source/two", "source_reachable"),
    }


def test_a_run_over_one_source_leaves_the_others_alone(mixed, today, site):
    result = mixed.run(today, "file")
    assert result.success
    assert set(materialized(result)) == BEHIND | {"source/file"}
    assert site.requests == []


def test_a_second_run_over_the_same_partition_finds_nothing_to_do(mixed, today):
    mixed.run(today)
    again = materialized(mixed.run(today))
    assert {asset: (one["new"], one["updated"], one["looked_at"]) for asset, one in again.items() if "new" in one} == (
        dict.fromkeys((BEHIND - REPORTS) | {"source/file"}, (0, 0, 0))
    )
    assert again["qa_report"]["written_anew"] is False
    assert again["documents"]["dagster/partition_row_count"] == 3


def test_the_limit_of_a_run_reaches_the_sources(mixed, today):
    found = materialized(mixed.run(today, "file", config={"max_items_per_run": 2}))
    assert (found["source/file"]["new"], found["source/file"]["skipped"]) == (2, 1)


def test_items_that_could_not_become_entries_show_up_in_a_check(project, today):
    made = project(sources_yaml(notes="notes/"))
    (made.settings.home / "notes").mkdir()
    (made.settings.home / "notes" / "one.txt").write_text(prose(1))
    (made.settings.home / "notes" / "link.txt").symlink_to("one.txt")
    check = checked(made.run(today))["entries", "no_dead_letters"]
    assert (check.passed, check.metadata["count"].value) == (False, 1)


def test_the_report_of_a_run_lies_in_the_data_directory(ran, home):
    metadata = materialized(ran)["qa_report"]
    assert metadata["report"].startswith("**3 items**")
    assert metadata["dagster/row_count"] == 3
    assert (home / "data" / "reports" / "qa_report.html").read_text().startswith("<!doctype html>")


def test_a_backfill_over_three_past_days_of_a_folder_gives_each_day_its_files(project, today):
    made = project(sources_yaml(notes="notes/"))
    (made.settings.home / "notes").mkdir()
    days = [today - timedelta(days=back) for back in (3, 2, 1)]
    for number, day in enumerate(days):
        for copy in range(number + 1):
            file = made.settings.home / "notes" / f"{day}-{copy}.txt"
            file.write_text(prose(10 * number + copy))
            moment = datetime(day.year, day.month, day.day, 12, tzinfo=UTC).timestamp()
            os.utime(file, (moment, moment))
    results = [made.run(day) for day in days]
    assert all(result.success for result in results)
    nodes = [materialized(result)["knowledge_nodes"]["dagster/partition_row_count"] for result in results]
    assert nodes == [1, 2, 3]
    asset = dg.AssetKey(["source", "notes"])
    assert made.instance.get_materialized_partitions(asset) == {str(day) for day in days}


def test_a_replayed_day_of_a_feed_says_that_it_comes_from_the_archive(mixed, today):
    found = materialized(mixed.run(today - timedelta(days=2)))
    assert found["source/file"]["replayed_from_archive"] is True


def test_the_ingestion_report_of_a_run_tells_of_its_visits_and_warns_of_failures(ran, home):
    metadata, check = (
        materialized(ran)["ingestion_report"],
        checked(ran)["ingestion_report", "ingestion_error_free"],
    )
    assert (metadata["sources_asked"], metadata["processed"], metadata["errors"]) == (2, 3, 1)
    assert (metadata["total_processed_24h"], metadata["total_errors_24h"], metadata["unique_sources_24h"]) == (3, 1, 2)
    assert metadata["success_rate"] == 0.5
    assert (check.passed, check.severity) == (False, dg.AssetCheckSeverity.WARN)
    assert "the server answers 404" in check.metadata["dead"].value
    assert (home / "data" / "reports" / "ingestion_report.html").read_text().startswith("<!doctype html>")


def test_a_run_whose_sources_could_be_read_is_free_of_errors(mixed, today):
    assert checked(mixed.run(today, "file"))["ingestion_report", "ingestion_error_free"].passed


def test_a_run_that_asked_nobody_says_so_and_claims_nothing(project, site, today):
    made = project(sources_yaml(feed=site.url("/feed")))
    site.pages["/feed"] = Page(rss(item(1)))
    assert made.run(today).success
    again = made.run(today, "feed", config={"only_due": True})
    metadata = materialized(again)["ingestion_report"]
    assert (metadata["sources_asked"], metadata["sources_passed_over"], metadata["errors"]) == (0, 1, 0)
    assert "not due until" in metadata["report"]
    assert ("ingestion_report", "ingestion_error_free") not in checked(again)


def test_without_any_visit_the_success_rate_is_unknown(mixed, today):
    result = mixed.defs.resolve_job_def("ingest").execute_in_process(
        instance=mixed.instance, partition_key=str(today), asset_selection=[dg.AssetKey("ingestion_report")]
    )
    assert materialized(result)["ingestion_report"]["success_rate"] is None
