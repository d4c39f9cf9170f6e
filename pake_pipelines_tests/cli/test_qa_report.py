"""`pake qa report` says how the knowledge base stands, without Dagster, and writes the report where it is wanted."""

import json

from pake_pipelines_tests.cli.judged import judged_once, seen

__all__ = ["judged_once", "seen"]


def test_the_figures_are_shown_with_the_place_of_the_page_and_json_has_what_the_guides_ask_for(seen):
    done = seen.pake("qa", "report")
    assert done.code == 0
    assert "2 items, quality score 0.0 %" in done.stdout
    assert "You won" in done.stdout
    assert "High rejection rate" in done.stdout
    assert str(seen.home / "data" / "reports" / "qa_report.html") in done.stdout
    assert {file.name for file in (seen.home / "data" / "reports").iterdir()} == {
        "index.html", "qa_report", "qa_report.html", "qa_report.md", "qa_report.json",
    }  # fmt: skip
    said = seen.pake("qa", "report", "--json").json
    assert {"timestamp", "statistics", "recent_issues", "quality_score", "recommendations"} <= set(said)
    assert {
        "total_items", "verified_items", "pending_items", "rejected_items", "quarantined_items", "archived_items",
        "avg_confidence", "high_confidence_items", "low_confidence_items",
    } <= set(said["statistics"])  # fmt: skip
    (issue,) = said["recent_issues"]
    assert {"pake_id", "title", "issue", "created_at"} <= set(issue)
    assert said == json.loads((seen.home / "data" / "reports" / "qa_report.json").read_text())


def test_a_file_is_written_in_the_form_that_its_name_asks_for_and_a_directory_gets_all_forms(seen):
    for name, begins in (("q.html", "<!doctype html>"), ("q.md", "**2 items**"), ("q.json", "{")):
        directory = seen.home / name.replace(".", "-")
        assert seen.pake("qa", "report", "--output", f"{directory.name}/{name}").code == 0
        assert (directory / name).read_text().startswith(begins)
        assert [file.name for file in directory.iterdir()] == [name]
    seen.pake("qa", "report", "--output", "out")
    assert len([one for one in (seen.home / "out").iterdir() if one.is_file()]) == 3
    assert (seen.home / "out" / "qa_report" / "sources.csv").exists()
    assert not (seen.home / "data" / "reports").exists()


def test_another_ending_is_refused(terminal):
    done = terminal.pake("qa", "report", "--output", "report.pdf")
    assert done.code == 1
    assert "no form of the report" in done.stderr


def test_an_empty_knowledge_base_is_called_empty(connected):
    connected.configure("")
    done = connected.pake("qa", "report")
    assert done.code == 0
    assert "empty" in done.stdout


def test_without_a_database_it_is_one_sentence(terminal):
    done = terminal.pake("qa", "report")
    assert done.code == 1
    assert "not running" in done.stderr
