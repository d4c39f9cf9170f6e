"""The project's metrics come from the files of other tools; one that is missing or broken is never good news."""

import json
import os

import pytest

from pake_pipelines.config.monitoring import Metrics
from pake_pipelines.health import project
from pake_pipelines.health.project import changed_at, sample_project
from pake_pipelines.model.status import CheckStatus
from pake_pipelines_tests.conftest import NOW

COVERAGE = '<?xml version="1.0" ?>\n<coverage version="7" line-rate="0.8125" lines-valid="16"><packages/></coverage>'
JUNIT = """<?xml version="1.0" encoding="utf-8"?><testsuites name="pytest tests">
<testsuite name="pytest" errors="1" failures="2" skipped="3" tests="40" time="1.5"><testcase name="a"/></testsuite>
<testsuite name="other" tests="2"/></testsuites>"""
AUDIT = json.dumps(
    {
        "dependencies": [
            {"name": "a", "version": "1", "vulns": [{"id": "PYSEC-1"}, {"id": "PYSEC-2"}]},
            {"name": "a", "version": "1", "vulns": [{"id": "PYSEC-1"}]},
            {"name": "b", "version": "1", "vulns": []},
        ],
        "fixes": [],
    }
)


def sampled(home, **texts):
    for name, text in texts.items():
        (home / {"coverage": "coverage.xml", "junit": "junit.xml", "audit": "pip-audit.json"}[name]).write_text(text)
    return {one.metric: one for one in sample_project(home, Metrics(source_directory="src"), NOW)}


def test_without_files_everything_is_unavailable(tmp_path):
    found = sampled(tmp_path)
    assert len(found) == 6
    assert {(one.value, one.status) for one in found.values()} == {(None, CheckStatus.UNAVAILABLE)}
    assert found["project_tests_failed"].detail == "no junit.xml"


def test_coverage_is_the_share_of_lines(tmp_path):
    os.utime(tmp_path)
    found = sampled(tmp_path, coverage=COVERAGE)["project_coverage_percent"]
    assert (found.value, found.unit) == (81.25, "percent")
    assert found.detail.startswith("coverage.xml of 20")


def test_a_document_type_does_not_stop_it(tmp_path):
    doctype = '<!DOCTYPE coverage SYSTEM "http://example.org/coverage-04.dtd">'
    text = COVERAGE.replace("\n", f"\n{doctype}\n")
    assert sampled(tmp_path, coverage=text)["project_coverage_percent"].value == 81.25


def test_failed_and_broken_tests_of_all_suites_count(tmp_path):
    found = sampled(tmp_path, junit=JUNIT)
    assert (found["project_tests"].value, found["project_tests_failed"].value) == (42, 3)


def test_a_single_suite_is_a_report_too(tmp_path):
    found = sampled(tmp_path, junit='<testsuite tests="4" failures="1" errors="0"/>')
    assert (found["project_tests"].value, found["project_tests_failed"].value) == (4, 1)


def test_each_vulnerability_of_a_dependency_counts_once(tmp_path):
    assert sampled(tmp_path, audit=AUDIT)["project_vulnerabilities"].value == 2


def test_an_audit_that_found_nothing_says_so(tmp_path):
    audit = json.dumps({"dependencies": [{"name": "b", "version": "1", "vulns": []}]})
    assert sampled(tmp_path, audit=audit)["project_vulnerabilities"].value == 0


BOMB = '<!DOCTYPE c [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;">]><coverage line-rate="1">&b;</coverage>'
OUTSIDE = '<!DOCTYPE c [<!ENTITY a SYSTEM "file:///etc/passwd">]><coverage line-rate="1">&a;</coverage>'


@pytest.mark.parametrize(
    ("file", "text", "metric"),
    [
        pytest.param("coverage", "", "project_coverage_percent", id="empty"),
        pytest.param("coverage", "<coverage line-rate=", "project_coverage_percent", id="cut"),
        pytest.param("coverage", "<coverage/>", "project_coverage_percent", id="no rate"),
        pytest.param("coverage", '<coverage line-rate="81"/>', "project_coverage_percent", id="a percentage"),
        pytest.param("coverage", '<coverage line-rate="nan"/>', "project_coverage_percent", id="no number"),
        pytest.param("coverage", '<coverage line-rate="many"/>', "project_coverage_percent", id="a word"),
        pytest.param("coverage", JUNIT, "project_coverage_percent", id="another report"),
        pytest.param("coverage", BOMB, "project_coverage_percent", id="a bomb of entities"),
        pytest.param("coverage", OUTSIDE, "project_coverage_percent", id="an outside entity"),
        pytest.param("junit", "<testsuites/>", "project_tests_failed", id="no suite"),
        pytest.param("audit", "", "project_vulnerabilities", id="an empty audit"),
        pytest.param("audit", "[1, 2]", "project_vulnerabilities", id="another audit"),
        pytest.param("audit", "{}", "project_vulnerabilities", id="an audit of nothing"),
        pytest.param("audit", "[" * 100_000, "project_vulnerabilities", id="deeply nested"),
        pytest.param(
            "audit",
            '{"dependencies": [{"name": "x", "skip_reason": "no"}]}',
            "project_vulnerabilities",
            id="passed over",
        ),
    ],
)
def test_what_cannot_be_read_is_unknown(tmp_path, file, text, metric):
    found = sampled(tmp_path, **{file: text})[metric]
    assert (found.value, found.status) == (None, CheckStatus.UNKNOWN)
    assert found.detail


def test_a_file_beyond_the_bound_is_not_read(tmp_path, monkeypatch):
    monkeypatch.setattr(project, "LARGEST_FILE", 10)
    found = sampled(tmp_path, coverage=COVERAGE)["project_coverage_percent"]
    assert found.status is CheckStatus.UNKNOWN
    assert "at most 10" in found.detail


def test_lines_of_code_are_neither_blank_nor_comment_and_noted_debts_are_counted(tmp_path):
    source = tmp_path / "src" / "deep"
    source.mkdir(parents=True)
    (source / "a.py").write_text('"""Doc."""\n\nx = 1  # TODO: more\n# FIXME and XXX\n   # just words\ntodo = "TODO"\n')
    (source / "b.txt").write_text("x = 1\n")
    found = sampled(tmp_path)
    assert (found["project_lines_of_code"].value, found["project_todos"].value) == (3, 2)


def test_sources_that_cannot_be_read_are_unknown(tmp_path):
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "gone.py").symlink_to(tmp_path / "nowhere.py")
    found = sampled(tmp_path)["project_lines_of_code"]
    assert (found.value, found.status) == (None, CheckStatus.UNKNOWN)


def test_the_newest_file_says_when_something_changed(tmp_path):
    assert changed_at(tmp_path, Metrics()) is None
    for name, at in (("coverage.xml", NOW.timestamp() - 60), ("junit.xml", NOW.timestamp())):
        (tmp_path / name).touch()
        os.utime(tmp_path / name, (at, at))
    assert changed_at(tmp_path, Metrics()) == NOW
