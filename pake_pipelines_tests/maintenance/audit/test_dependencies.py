"""The scan for known vulnerabilities: only what was looked at is clean."""

import asyncio
import json
import os
import sys
import time

import pytest

from pake_pipelines.config.maintenance import MaintenanceConfig
from pake_pipelines.config.upkeep import Audit
from pake_pipelines.maintenance.audit import dependencies
from pake_pipelines.maintenance.audit.advisories import UnreadableReportError, judge, parse
from pake_pipelines.maintenance.workplace import Workplace
from pake_pipelines.model.maintenance import TaskState
from pake_pipelines.settings import Settings

CLEAN = {"name": "a", "version": "1", "vulns": []}
BAD = {
    "name": "b",
    "version": "2",
    "vulns": [{"id": "PYSEC-1", "fix_versions": ["2.1"], "description": "Reads too much.\nMore."}],
}
UNSEEN = {"name": "c", "skip_reason": "Dependency not found on PyPI and could not be audited: c (3)"}


def report(*packages):
    return json.dumps({"dependencies": list(packages), "fixes": []})


def test_a_known_vulnerability_fails_and_names_the_release_that_is_free_of_it():
    outcome = judge(parse(report(CLEAN, BAD, UNSEEN)), "pypi")
    assert outcome.state is TaskState.FAILED
    assert outcome.summary.startswith("1 known vulnerability in b")
    assert outcome.details["vulnerabilities"] == [
        {"package": "b", "version": "2", "advisory": "PYSEC-1", "fixed_in": "2.1", "what": "Reads too much."}
    ]


def test_none_is_said_only_when_every_package_was_looked_at():
    assert judge(parse(report(CLEAN)), "pypi").state is TaskState.DONE
    assert judge(parse(report(CLEAN, UNSEEN)), "pypi").state is TaskState.UNAVAILABLE
    assert judge(parse(report(UNSEEN)), "pypi").state is TaskState.UNAVAILABLE
    assert judge(parse(report()), "pypi").state is TaskState.UNAVAILABLE


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"dependencies": [{"name": "a"}]}', "No known vulnerabilities found"]
)
def test_what_is_not_a_report_is_never_read_as_one(text):
    with pytest.raises(UnreadableReportError):
        parse(text)


def test_our_own_package_is_left_out_and_a_local_build_is_its_release():
    packages = dependencies.installed()
    assert any(one.startswith("dagster==") for one in packages)
    assert not any("+" in one or one.lower().startswith(("pake_pipelines", "pake-pipelines")) for one in packages)


@pytest.fixture
def place(tmp_path):
    (tmp_path / "configs").mkdir()

    def make(**audit):
        config = MaintenanceConfig(tasks={}, audit=Audit(**audit))
        return Workplace(Settings(home=tmp_path), config, environ=dict(os.environ))

    return make


def scanner(tmp_path, monkeypatch, said, code=0, *, err="", seconds=0):
    """Put a program in the place of Python that says what an advisory service would have had pip-audit say."""
    file = tmp_path / "scanner"
    file.write_text(
        f"#!{sys.executable}\nimport sys, time\nrequirements = sys.stdin.read()\nassert '==' in requirements\n"
        f"time.sleep({seconds})\nsys.stdout.write({said!r})\nsys.stderr.write({err!r})\nsys.exit({code})\n"
    )
    file.chmod(0o755)
    monkeypatch.setattr(dependencies.sys, "executable", str(file))


def test_the_report_of_a_scan_is_kept_where_the_metric_reads_it(place, tmp_path, monkeypatch):
    scanner(tmp_path, monkeypatch, report(CLEAN, BAD), 1)
    outcome = asyncio.run(dependencies.run(place()))
    assert outcome.state is TaskState.FAILED
    assert json.loads((tmp_path / "pip-audit.json").read_text())["dependencies"][1]["name"] == "b"


def test_where_nobody_can_be_asked_it_is_unavailable_with_each_cause_and_the_age_of_the_last_report(
    place, tmp_path, monkeypatch
):
    (tmp_path / "pip-audit.json").write_text(report(CLEAN))
    os.utime(tmp_path / "pip-audit.json", (0, time.time() - 3 * 86400))
    scanner(tmp_path, monkeypatch, "", 1, err="Traceback\nConnectionError: no route to host\n")
    outcome = asyncio.run(dependencies.run(place()))
    assert outcome.state is TaskState.UNAVAILABLE
    assert [one["cause"] for one in outcome.details["causes"]] == [
        "pypi: ConnectionError: no route to host",
        "osv: ConnectionError: no route to host",
        "the last report is 3 days old",
    ]


def test_a_service_that_does_not_answer_is_waited_for_no_longer_than_allowed(place, tmp_path, monkeypatch):
    scanner(tmp_path, monkeypatch, report(CLEAN), seconds=30)
    begun = time.monotonic()
    outcome = asyncio.run(dependencies.run(place(timeout_seconds=0.2)))
    assert (outcome.state, time.monotonic() - begun < 10) == (TaskState.UNAVAILABLE, True)
    assert "no answer within 0.2 s" in outcome.summary


@pytest.mark.parametrize(("days", "state"), [(6, TaskState.DONE), (8, TaskState.UNAVAILABLE)])
def test_a_report_made_elsewhere_counts_as_long_as_it_is_fresh(place, tmp_path, monkeypatch, days, state):
    (tmp_path / "ours.json").write_text(report(CLEAN))
    os.utime(tmp_path / "ours.json", (0, time.time() - days * 86400))
    scanner(tmp_path, monkeypatch, "", 1, err="offline")
    assert asyncio.run(dependencies.run(place(advisories_file="ours.json"))).state is state


def test_the_real_scanner_without_a_way_out_is_unavailable(place):
    nowhere = "http://127.0.0.1:9"
    there = place()
    there.environ.update(HTTPS_PROXY=nowhere, HTTP_PROXY=nowhere, https_proxy=nowhere, http_proxy=nowhere, NO_PROXY="")
    outcome = asyncio.run(dependencies.run(there))
    assert outcome.state is TaskState.UNAVAILABLE
    assert "proxy" in outcome.summary.lower()
