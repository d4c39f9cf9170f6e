"""The files of the ingestion report: on the run that made it, and on the 24 hours before, as the store knows them."""

import asyncio
import json
from datetime import timedelta

import pytest

from pake_pipelines.reports.ingestion.made import figures, made_of, report_of
from pake_pipelines.reports.writing import write_files
from pake_pipelines.store import runs, sources
from pake_pipelines.store.database import open_database
from pake_pipelines.store.runs import VisitRow
from pake_pipelines.store.sources import SourceRow
from pake_pipelines_tests.conftest import NOW, TODAY


def visit(run, source, hours_ago, outcome="ok", new=0):
    ended = NOW - timedelta(hours=hours_ago)
    error = "it answers 500" if outcome == "failed" else None
    return VisitRow(run, source, TODAY, ended, ended, outcome, new, new, 0, 0, 0, error)


VISITS = (
    visit("old", "a", 30, new=100),
    visit("early", "a", 20, new=4),
    visit("run", "a", 1, new=3),
    visit("run", "b", 1, "failed"),
)


@pytest.fixture(scope="module")
def reports(module_database_url):
    """The reports on a run, on the newest, and on one of two days later that asked nobody."""

    async def read():
        async with open_database(module_database_url) as database, database.transaction() as connection:
            rows = [SourceRow(slug, slug, "feed", slug, 0.5, "news", True, None) for slug in ("a", "b", "c")]
            await sources.sync_sources(connection, rows)
            await runs.record_visits(connection, VISITS)
            return (
                await report_of(connection, "run", {"c": "not due"}, NOW),
                await report_of(connection, None, {}, NOW),
                await report_of(connection, "next", {}, NOW + timedelta(days=2)),
            )

    return asyncio.run(read())


@pytest.fixture(scope="module")
def directory(reports, tmp_path_factory):
    directory = tmp_path_factory.mktemp("reports")
    write_files(directory, made_of(reports[0]), 0)
    return directory


def said(directory):
    return json.loads((directory / "ingestion_report.json").read_text())


def test_the_run_is_told_from_the_last_24_hours(directory):
    run, day = said(directory)["run"], said(directory)["last_24h"]
    assert (run["processed"], run["errors"]) == (3, 1)
    assert [(one["source"], one["outcome"]) for one in run["visits"]] == [("b", "failed"), ("a", "ok")]
    assert run["skipped"] == {"c": "not due"}
    assert (day["total_processed_24h"], day["total_errors_24h"], day["unique_sources_24h"]) == (7, 1, 2)
    assert day["success_rate"] == pytest.approx(2 / 3)
    assert [one["run_id"] for one in said(directory)["recent_runs"]] == ["run", "early", "old"]


def test_the_files_say_the_same(directory):
    assert {file.name for file in directory.iterdir() if file.is_file()} == {
        "ingestion_report.html", "ingestion_report.md", "ingestion_report.json", "index.html",
    }  # fmt: skip
    for form in ("html", "md", "json"):
        text = (directory / f"ingestion_report.{form}").read_text()
        assert "7 items from 2 sources within 24 hours, 1 visit failed." in text
        assert "it answers 500" in text
    assert (directory / "ingestion_report" / "visits.csv").read_text().splitlines()[1].startswith("b,failed,")


def test_without_a_run_the_newest_that_read_anything_is_told(reports):
    assert reports[1].run.run_id == "run"


def test_the_message_is_that_of_the_run(directory):
    (attachment,) = said(directory)["message"]["attachments"]
    assert attachment["color"] == "warning"
    assert [field["value"] for field in attachment["fields"]] == ["2", "3", "1", "2026-11-22T12:00:00+00:00"]


def test_a_run_that_asked_nobody_replaces_the_report_and_has_no_success_rate_of_its_own_making(reports, tmp_path):
    for report in (reports[0], reports[2]):
        write_files(tmp_path, made_of(report), 0)
    assert figures(reports[2]) == {
        "total_processed_24h": 0,
        "total_errors_24h": 0,
        "unique_sources_24h": 0,
        "success_rate": None,
    }
    assert said(tmp_path)["last_24h"]["success_rate"] is None
    assert said(tmp_path)["run"]["run_id"] == "next"
