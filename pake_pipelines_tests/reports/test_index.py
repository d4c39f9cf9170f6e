"""The index: what lies in the directory of the reports, whoever wrote it, and what does not."""

import json
import os
from datetime import UTC, datetime, timedelta

from pake_pipelines.reports.catalogue import REPORTS
from pake_pipelines.reports.document import Document, Section, Table, Tone
from pake_pipelines.reports.index import MOST_COPIES, entries, index_html, write_index
from pake_pipelines.reports.writing import made_of, write_files

NOW = datetime(2026, 11, 22, 17, 30, tzinfo=UTC)
EVIL = "<script>alert(1)</script>"


def written(directory, name="health_report", *, at=NOW, lead="All is well.", keep=60):
    sections = [Section("s", "S", [Table("things", (), ())])]
    write_files(directory, made_of(Document(name, "Health", at, Tone.WARN, lead, sections)), keep)


def test_a_report_is_told_by_its_files_with_all_its_forms_and_past_copies(tmp_path):
    for days in (2, 1, 0):
        written(tmp_path, at=NOW - timedelta(days=days))
    (one,) = entries(tmp_path)
    assert (one.title, one.lead, one.tone, one.made_at) == ("Health", "All is well.", Tone.WARN, NOW)
    assert one.forms == {"html": "health_report.html", "md": "health_report.md", "json": "health_report.json"}
    assert one.tables == {"things": "health_report/things.csv"}
    assert [copy.made_at for copy in one.copies] == [NOW - timedelta(days=days) for days in (0, 1, 2)]
    assert all((tmp_path / copy.href).is_file() for copy in one.copies)


def test_writing_a_report_writes_the_index(tmp_path):
    written(tmp_path)
    page = (tmp_path / "index.html").read_text()
    assert 'href="health_report.html"' in page
    assert "needs attention" in page
    assert "pake report run qa_report" in page  # not made yet


def test_reports_stand_in_the_order_of_the_catalogue_and_others_behind_them(tmp_path):
    for name in ("of_my_own", *reversed(REPORTS)):
        (tmp_path / f"{name}.html").touch()
    assert [one.name for one in entries(tmp_path)] == [*REPORTS, "of_my_own"]


def test_so_many_copies_are_linked_and_the_rest_is_counted(tmp_path):
    (tmp_path / "kept").mkdir()
    for hour in range(MOST_COPIES + 5):
        (tmp_path / "kept" / f"health_report-{NOW - timedelta(hours=hour):%Y%m%dT%H%M%SZ}.html").touch()
    for stamp in ("yesterday", "20261399T999999Z"):
        (tmp_path / "kept" / f"health_report-{stamp}.html").touch()
    written(tmp_path, keep=0)
    (one,) = entries(tmp_path)
    assert (len(one.copies), one.further_copies) == (MOST_COPIES, 5)


def test_a_page_whose_data_cannot_be_read_is_still_there_with_the_time_of_its_file(tmp_path):
    (tmp_path / "qa_report.html").touch()
    os.utime(tmp_path / "qa_report.html", (NOW.timestamp(), NOW.timestamp()))
    (tmp_path / "qa_report.json").write_text("{half of")
    (tmp_path / "Not A Report.html").touch()
    (one,) = entries(tmp_path)
    assert (one.title, one.made_at, one.tone) == ("QA report", NOW, Tone.PLAIN)
    (tmp_path / "qa_report.json").write_text('["no object"]')
    assert entries(tmp_path)[0].title == "QA report"


def test_what_changed_since_the_index_was_written_last_is_read_again(tmp_path):
    written(tmp_path, lead="First.")
    assert entries(tmp_path)[0].lead == "First."
    written(tmp_path, lead="Second thoughts.")
    assert entries(tmp_path)[0].lead == "Second thoughts."


def test_the_status_page_stands_at_the_top_with_its_word(tmp_path):
    (tmp_path / "status.html").touch()
    told = {"overall": "critical", "status": "bad", "lead": EVIL, "timestamp": NOW.isoformat()}
    (tmp_path / "status.json").write_text(json.dumps(told))
    page = index_html(tmp_path, NOW)
    assert '<a class="now bad" href="status.html"><b>critical</b>' in page
    assert EVIL not in page
    assert "&lt;script&gt;" in page


def test_an_empty_directory_has_an_index_that_says_how_to_make_reports(tmp_path):
    page = write_index(tmp_path / "reports", NOW).read_text()
    assert "pake report run --all" in page
    assert "There is no status page yet" in page
