"""The files of the ingestion report: on the run that made it, and on the 24 hours before, as the store knows them."""

import json
from datetime import timedelta

import pytest

from pake_pipelines.reports.ingestion.made import figures, made_of, report_of
from pake_pipelines.reports.writing import write_files
from pake_pipelines.store import runs, sources
from pake_pipelines.store.runs import VisitRow
from pake_pipelines.store.sources import SourceRow
from pake_pipelines_tests.conftest import NOW, TODAY


def visit(run, source, hours_ago, outcome="ok", new=0):
    ended = NOW - timedelta(hours=hours_ago)
    error = "it answers 500" if outcome == "failed" else None
    return VisitRow(run, source, TODAY, ended, ended, outcome, new, new, 0, 0, 0, error)


async def deliver(database, directory, *visits, run="run", skipped=None):
    async with database.transaction() as connection:
        rows = [SourceRow(slug, slug, "feed", slug, 0.5, "news", True, None) for slug in ("a", "b", "c")]
        await sources.sync_sources(connection, rows)
        await runs.record_visits(connection, visits)
        report = await report_of(connection, run, skipped or {}, NOW)
    made = made_of(report)
    write_files(directory, made, 0)
    return made, report


VISITS = (
    visit("old", "a", 30, new=100),
    visit("early", "a", 20, new=4),
    visit("run", "a", 1, new=3),
    visit("run", "b", 1, "failed"),
)


async def test_the_run_is_told_from_the_last_24_hours(database, tmp_path):
    await deliver(database, tmp_path, *VISITS, skipped={"c": "not due"})
    said = json.loads((tmp_path / "ingestion_report.json").read_text())
    assert (said["run"]["processed"], said["run"]["errors"]) == (3, 1)
    assert [(one["source"], one["outcome"]) for one in said["run"]["visits"]] == [("b", "failed"), ("a", "ok")]
    assert said["run"]["skipped"] == {"c": "not due"}
    day = said["last_24h"]
    assert (day["total_processed_24h"], day["total_errors_24h"], day["unique_sources_24h"]) == (7, 1, 2)
    assert day["success_rate"] == pytest.approx(2 / 3)
    assert [one["run_id"] for one in said["recent_runs"]] == ["run", "early", "old"]


async def test_the_files_say_the_same(database, tmp_path):
    made, _ = await deliver(database, tmp_path, *VISITS)
    assert {file.name for file in tmp_path.iterdir() if file.is_file()} == {
        "ingestion_report.html", "ingestion_report.md", "ingestion_report.json", "index.html",
    }  # fmt: skip
    assert made.markdown == (tmp_path / "ingestion_report.md").read_text()
    assert "2 sources asked, 1 failed" in made.markdown
    assert "<b>2</b><span>sources asked</span>" in (tmp_path / "ingestion_report.html").read_text()
    assert (tmp_path / "ingestion_report" / "visits.csv").read_text().splitlines()[1].startswith("b,failed,")


async def test_without_a_run_the_newest_that_read_anything_is_told(database, tmp_path):
    _, report = await deliver(database, tmp_path, *VISITS, run=None)
    assert report.run.run_id == "run"


async def test_the_message_is_that_of_the_run(database, tmp_path):
    await deliver(database, tmp_path, *VISITS)
    (attachment,) = json.loads((tmp_path / "ingestion_report.json").read_text())["message"]["attachments"]
    assert attachment["color"] == "warning"
    assert [field["value"] for field in attachment["fields"]] == ["2", "3", "1", "2026-11-22T12:00:00+00:00"]


async def test_a_run_that_asked_nobody_has_no_success_rate_of_its_own_making(database, tmp_path):
    _, report = await deliver(database, tmp_path, visit("old", "a", 30, new=100))
    assert figures(report) == {
        "total_processed_24h": 0,
        "total_errors_24h": 0,
        "unique_sources_24h": 0,
        "success_rate": None,
    }
    assert json.loads((tmp_path / "ingestion_report.json").read_text())["last_24h"]["success_rate"] is None


async def test_the_next_run_replaces_the_report(database, tmp_path):
    await deliver(database, tmp_path, *VISITS)
    await deliver(database, tmp_path, run="next")
    assert json.loads((tmp_path / "ingestion_report.json").read_text())["run"]["run_id"] == "next"
