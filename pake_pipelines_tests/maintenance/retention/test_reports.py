"""Old reports move into the archive of their month once it reads back; current ones are copied and stay."""

import asyncio
import os
import tarfile
from dataclasses import replace
from datetime import datetime

import pytest

from pake_pipelines.config.maintenance import MaintenanceConfig
from pake_pipelines.maintenance.retention import reports
from pake_pipelines.maintenance.workplace import Workplace
from pake_pipelines.model.maintenance import TaskState
from pake_pipelines.settings import Settings
from pake_pipelines_tests.conftest import NOW


@pytest.fixture
def directory(tmp_path):
    made = tmp_path / "data" / "reports"
    made.mkdir(parents=True)
    return made


@pytest.fixture
def place(tmp_path):
    return Workplace(Settings(home=tmp_path), MaintenanceConfig(tasks={}), clock=lambda: NOW)


def write(directory, name, day, text="text"):
    path = directory / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    at = datetime.fromisoformat(f"{day}T12:00:00+00:00").timestamp()
    os.utime(path, (at, at))


def pack(place):
    return asyncio.run(reports.run(place))


def members(path):
    with tarfile.open(path) as held:
        return {member.name: held.extractfile(member).read().decode() for member in held}


def test_old_reports_move_into_the_archive_of_their_month(place, directory):
    write(directory, "drill-1.json", "2026-06-03")
    write(directory, "drills/2.json", "2026-06-30", "two")
    write(directory, "drill-3.json", "2026-07-01")
    write(directory, "young.json", "2026-11-01")
    outcome = pack(place)
    assert outcome.details["reports_packed"] == 3
    assert members(directory / "reports-2026-06.tar.gz") == {"drill-1.json": "text", "drills/2.json": "two"}
    assert members(directory / "reports-2026-07.tar.gz") == {"drill-3.json": "text"}
    left = sorted(path.name for path in directory.rglob("*") if path.is_file())
    assert left == ["reports-2026-06.tar.gz", "reports-2026-07.tar.gz", "young.json"]


def test_current_reports_are_copied_into_the_month_that_is_over_and_stay(place, directory):
    write(directory, "qa_report.html", "2026-01-05", "page")
    assert pack(place).details["reports_copied"] == 1
    assert members(directory / "reports-2026-10.tar.gz") == {"qa_report.html": "page"}
    assert (directory / "qa_report.html").read_text() == "page"
    write(directory, "qa_report.html", "2026-11-21", "newer")
    pack(place)
    assert members(directory / "reports-2026-10.tar.gz") == {"qa_report.html": "page"}, "once a month"


def test_past_copies_move_while_tables_of_the_newest_and_fleeting_pages_stay(place, directory):
    write(directory, "kept/qa_report-20260603T120000Z.html", "2026-06-03", "past")
    write(directory, "kept/qa_report-20261120T120000Z.html", "2026-11-20", "young")
    for name in ("qa_report/sources.csv", "status.html", "status.json", "index.html"):
        write(directory, name, "2026-01-05")
    pack(place)
    assert members(directory / "reports-2026-06.tar.gz") == {"kept/qa_report-20260603T120000Z.html": "past"}
    left = sorted(path.relative_to(directory).as_posix() for path in directory.rglob("*") if path.is_file())
    assert left == [
        "index.html", "kept/qa_report-20261120T120000Z.html", "qa_report/sources.csv", "reports-2026-06.tar.gz",
        "status.html", "status.json",
    ]  # fmt: skip


def test_an_archive_that_is_there_keeps_what_it_has(place, directory):
    write(directory, "a.json", "2026-06-03", "one")
    pack(place)
    write(directory, "a.json", "2026-06-04", "another")
    write(directory, "b.json", "2026-06-05", "b")
    pack(place)
    assert members(directory / "reports-2026-06.tar.gz") == {"a.json": "one", "a.json.1": "another", "b.json": "b"}


def test_a_packing_that_was_killed_before_the_originals_went_is_finished(place, directory):
    write(directory, "a.json", "2026-06-03", "one")
    pack(place)
    write(directory, "a.json", "2026-06-03", "one")
    pack(place)
    assert members(directory / "reports-2026-06.tar.gz") == {"a.json": "one"}
    assert not (directory / "a.json").exists()


def test_originals_stay_when_the_archive_does_not_read_back(place, directory, monkeypatch):
    write(directory, "a.json", "2026-06-03")
    monkeypatch.setattr(reports, "_members", lambda _: {})
    outcome = pack(place)
    assert outcome.state is TaskState.FAILED
    assert [path.name for path in directory.iterdir()] == ["a.json"]


def test_a_dry_run_changes_nothing(place, directory):
    write(directory, "a.json", "2026-06-03")
    write(directory, "qa_report.md", "2026-11-03")
    outcome = pack(replace(place, dry_run=True))
    assert (outcome.details["reports_packed"], outcome.details["reports_copied"]) == (1, 1)
    assert sorted(path.name for path in directory.iterdir()) == ["a.json", "qa_report.md"]


def test_without_reports_there_is_nothing_to_do(place):
    assert pack(place).details["reports_packed"] == 0
