"""`pake report` makes reports, says which there are and where they lie, and what would go to whom."""

import json

import pytest

from pake_pipelines.config.loading import load_monitoring, load_reports
from pake_pipelines.config.reports import REPORT_NAMES
from pake_pipelines.reports import catalogue
from pake_pipelines.reports.catalogue import ReportKind

MAIL = """
alerting:
  channels:
    email: {sender: pake@example.org, recipients: [me@example.org], max_attachment_mb: 0.001}
"""
EDITIONS = """
editions:
  morning: {schedule: "daily at 05:30", reports: [log_report], channels: [email, slack, gone]}
"""


@pytest.fixture
def project(connected):
    connected.configure("")
    return connected


@pytest.fixture
def delivering(project):
    """A project that mails to somebody, with an edition of its own."""
    (project.home / "configs" / "monitoring.yaml").write_text(MAIL)
    (project.home / "configs" / "reports.yaml").write_text(EDITIONS)
    for load in (load_monitoring, load_reports):
        load.cache_clear()
    return project


async def _broken(_):
    raise ValueError("a [bug] with password=hunter22")


@pytest.fixture
def a_bug(monkeypatch):
    broken = ReportKind("none:none", "Log report", "")
    monkeypatch.setattr(
        ReportKind, "load", lambda kind, load=ReportKind.load: _broken if kind is broken else load(kind)
    )
    monkeypatch.setitem(catalogue.REPORTS, "log_report", broken)


def test_all_reports_are_made_into_the_data_directory_and_listed_with_the_newest_of_each(project):
    done = project.pake("report", "run", "--all")
    assert (done.code, done.stderr) == (0, "")
    reports = project.home / "data" / "reports"
    assert {file.stem for file in reports.glob("*_report.html")} >= {"qa_report", "health_report", "log_report"}
    for name in REPORT_NAMES:
        assert name in done.stdout
        assert {file.suffix for file in reports.glob(f"{name}.*")} == {".html", ".md", ".json"}
        assert len(list((reports / "kept").glob(f"{name}-*.html"))) == 1
    listed = {one["name"]: one for one in project.pake("report", "list", "--json").json}
    assert set(listed) == REPORT_NAMES
    assert all(one["newest_at"] and one["file"] and one["status"] and one["lead"] for one in listed.values())
    assert listed["health_report"]["editions"] == ["daily_health_check"]
    assert listed["health_report"]["next_at"].endswith("07:00:00+00:00")
    assert "every ingestion" in project.pake("report", "list").stdout
    assert project.pake("report", "open", "health").stdout.strip() == str(reports / "health_report.html")


def test_one_that_fails_stops_no_other_and_is_told_without_secrets(project, a_bug):
    done = project.pake("report", "run", "log", "deployment", "--json")
    assert done.code == 1
    log, deployment = done.json
    assert (log["name"], log["made"], log["error"]) == ("log_report", False, "ValueError: a [bug] with password=***")
    assert (deployment["name"], deployment["made"], deployment["error"]) == ("deployment_report", True, None)
    assert "a [bug]" in project.pake("report", "run", "log").stdout


def test_a_file_is_written_in_the_format_that_is_asked_for(project):
    done = project.pake("report", "run", "health_report", "--format", "markdown", "--output", "report.md")
    assert done.code == 0
    assert (project.home / "report.md").read_text("utf-8").startswith("**")
    assert not (project.home / "data" / "reports").exists()
    project.pake("report", "run", "health", "--output", "deep/page.html")
    assert (project.home / "deep" / "page.html").read_text("utf-8").startswith("<!doctype html>")


def test_a_directory_gets_the_formats_that_are_asked_for(project):
    done = project.pake("report", "run", "log", "qa", "--format", "json,csv", "--output", "out")
    assert done.code == 0
    files = {file.relative_to(project.home / "out").as_posix() for file in (project.home / "out").rglob("*.*")}
    assert {"log_report.json", "qa_report.json", "log_report/figures.csv"} <= files
    assert not [one for one in files if one.endswith((".html", ".md"))]


def test_one_report_in_one_format_goes_onto_the_screen(project):
    done = project.pake("report", "run", "log", "--format", "json")
    assert done.json["name"] == "log_report"
    assert not (project.home / "data" / "reports").exists()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ((), "name reports, or say --all"),
        (("log", "--all"), "name reports, or say --all"),
        (("nonsense",), "no report 'nonsense'"),
        (("log", "--format", "pdf"), "no format 'pdf'"),
        (("log", "--output", "x.pdf"), "no form of the report"),
        (("log", "--format", "md", "--output", "x.html"), "no form of the report"),
        (("log", "qa", "--output", "x.html"), "more than one file"),
        (("log", "qa", "--format", "md"), "does not go onto one screen"),
    ],
)
def test_what_cannot_be_made_is_refused_before_anything_is_read(arguments, says, terminal):
    done = terminal.pake("report", "run", *arguments)
    assert done.code == 1
    assert says in done.stderr


def test_a_report_that_was_not_made_yet_cannot_be_opened(terminal):
    done = terminal.pake("report", "open", "weekly-executive-summary")
    assert done.code == 1
    assert "`pake report run weekly_executive_summary` makes it" in done.stderr


def test_the_status_page_and_the_index_are_opened_by_the_same_command(terminal):
    done = terminal.pake("report", "open", "status")
    assert done.code == 1
    assert "the sensor `status_page` writes it" in done.stderr
    assert "there are status, index, ingestion_report" in terminal.pake("report", "open", "nosuch").stderr
    page = terminal.home / "data" / "reports" / "index.html"
    page.parent.mkdir(parents=True)
    page.touch()
    assert terminal.pake("report", "open", "index").stdout.strip() == str(page)


def test_a_trial_shows_what_would_go_to_whom_and_sends_nothing(delivering):
    done = delivering.pake("report", "test", "morning", "--json")
    assert done.code == 0
    (trial,) = done.json
    assert (trial["edition"], trial["report"]) == ("morning", "log_report")
    assert trial["subject"].startswith("PAKE+: Log report of ")
    assert "kept/log_report-" in trial["text"]
    mail, slack = trial["sendings"]
    assert (mail["channel"], mail["to"]) == ("email", ["me@example.org"])
    assert "too large for a mail" in mail["attached"]
    assert mail["lacking"] == "the environment variable EMAIL_USERNAME is not set"
    assert slack["lacking"] == "the environment variable SLACK_WEBHOOK_URL is not set"
    assert trial["left_out"] == {"gone": "there is no such channel"}
    assert not (delivering.home / "data" / "reports").exists()
    shown = delivering.pake("report", "test", "log").stdout
    assert "to me@example.org" in shown
    assert "not by gone: there is no such channel" in shown
    assert "nothing was sent" in shown


def test_a_report_of_no_edition_goes_to_every_mail_channel(delivering):
    (trial,) = delivering.pake("report", "test", "qa", "--json").json
    assert trial["edition"] is None
    assert [one["channel"] for one in trial["sendings"]] == ["email"]


def test_the_digest_is_tried_like_an_edition(delivering):
    (trial,) = delivering.pake("report", "test", "health-digest", "--json").json
    assert trial["subject"].startswith("PAKE+: Health digest of ")
    assert trial["report"] == "monitoring_report"


def test_what_is_listed_survives_files_that_are_no_reports(delivering):
    reports = delivering.home / "data" / "reports"
    reports.mkdir(parents=True)
    (reports / "log_report.json").write_text('{"timestamp": 7')
    (reports / "qa_report.json").write_text(json.dumps([1]))
    listed = {one["name"]: one for one in delivering.pake("report", "list", "--json").json}
    assert listed["log_report"]["newest_at"] is None
    assert listed["log_report"]["channels"] == ["every e-mail channel", "email", "slack", "gone"]
    assert listed["qa_report"]["newest_at"] is None
    assert listed["monitoring_report"]["channels"] == ["every e-mail channel"]  # by the health digest


def test_without_a_database_it_is_one_sentence(terminal):
    done = terminal.pake("report", "run", "log")
    assert done.code == 1
    assert "not running" in done.stderr
