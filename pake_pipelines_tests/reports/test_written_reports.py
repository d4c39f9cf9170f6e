"""Health, log, security and deployment reports of a real database: empty, and then with what strangers wrote."""

import asyncio
import csv
import io
import json
from datetime import UTC, datetime, timedelta

import pytest

from pake_pipelines.config.loading import (
    load_maintenance,
    load_monitoring,
    load_quality,
    load_reports,
    load_sources,
)
from pake_pipelines.model.dagster_facts import DagsterFacts, RunFact
from pake_pipelines.reports.catalogue import REPORTS
from pake_pipelines.reports.desk import Configs, Desk
from pake_pipelines.reports.document import Tone
from pake_pipelines.reports.rendering import csv_tables, html, json_text, markdown
from pake_pipelines.settings import Settings
from pake_pipelines.store.database import open_database
from pake_pipelines_tests.reports import security_history
from pake_pipelines_tests.reports.security_history import EVIL
from pake_pipelines_tests.reports.test_log_lines import line, write
from pake_pipelines_tests.reports.test_render import Page

NOW = datetime(2026, 11, 22, 17, 30, tzinfo=UTC)
NAMES = ("health_report", "log_report", "security_report", "deployment_report")
FACTS = DagsterFacts(NOW, runs_of_last_day=(RunFact(EVIL, "run-00000001", False, NOW, NOW, EVIL),))
SAMPLES = """
INSERT INTO health_samples (service, at, kind, critical, status, response_ms, detail)
SELECT s, $1::timestamptz - n * interval '10 minutes', 'postgres', true,
       CASE WHEN s = 'data-disk' AND n BETWEEN 6 AND 11 THEN 'unhealthy' ELSE 'healthy' END, 2, $2
FROM unnest(ARRAY['knowledge-database', 'data-disk', 'dagster-daemons', 'dagster-code']) s, generate_series(0, 200) n
"""
SWITCHED_OFF = """
INSERT INTO health_samples (service, at, kind, critical, status, detail)
VALUES ('gone', $1::timestamptz - interval '1 minute', 'http', true, 'unhealthy', 'was down when it was switched off')
"""


@pytest.fixture(scope="module")
def settings(tmp_path_factory, module_database_url):
    home = tmp_path_factory.mktemp("project")
    (home / "configs").mkdir()
    return Settings(home=home, database_url=module_database_url)


@pytest.fixture(scope="module")
def written(settings):
    """The reports by state of the database and name, each with how it looks."""

    async def make():
        found = {}
        async with open_database(settings.database_url.get_secret_value()) as database:
            for state, facts in (("empty", None), ("full", FACTS)):
                if state == "full":
                    await _fill(database, settings)
                async with database.transaction() as connection:
                    desk = _desk(connection, settings, facts)
                    for name in NAMES:
                        found[state, name] = await REPORTS[name].load()(desk)
        return found

    return asyncio.run(make())


async def _fill(database, settings):
    errors = [line(NOW - n * timedelta(hours=5), event=f"{EVIL} {n}") for n in range(1, 21)]
    write(settings.data / "logs" / "application.log", errors, NOW)
    async with database.transaction() as connection:
        await security_history.fill(connection, NOW)
        await connection.execute(SAMPLES, NOW, EVIL)
        await connection.execute(SWITCHED_OFF, NOW)


def _desk(connection, settings, facts):
    loads = (load_sources, load_quality, load_monitoring, load_maintenance, load_reports)
    configs = Configs(*(load(settings.configs) for load in loads))
    return Desk(connection, settings, configs, NOW, facts, "http://127.0.0.1:3000", "v1")


def figures(document):
    return {one.name: one.value for one in document.figures}


def block(document, key):
    return next(one for section in document.sections for one in section.blocks if getattr(one, "key", None) == key)


def test_an_empty_database_gives_reports_that_say_what_is_missing(written):
    health, log, security, deployment = (written["empty", name] for name in NAMES)
    assert (health.tone, log.tone, security.tone) == (Tone.UNKNOWN,) * 3
    assert all(one.missing for one in (health, log, security, deployment))
    assert figures(health)["Uptime, 30 days"] is None
    assert figures(log)["Error lines"] is None
    assert figures(security)["Vulnerabilities"].tone is Tone.UNKNOWN


def test_uptime_is_of_the_window_and_not_of_now(written):
    health = written["full", "health_report"]
    # 6 of 145 samples of a day of one service of four found it down
    assert figures(health)["Uptime, 24 hours"] == pytest.approx(1 - 6 / 144 / 4, abs=0.001)
    assert figures(health)["No critical service down for"] == 3600
    rows = {row[0]: row for row in block(health, "services").rows}
    assert rows["Disk of the data directory"][2] == NOW - timedelta(minutes=50)
    changes = [(row[2].text if row[2] != "not probed" else None, row[3].text) for row in block(health, "changes").rows]
    assert ("unhealthy", "healthy") in changes
    assert ("healthy", "unhealthy") in changes


def test_who_did_what_is_counted_in_the_database(written):
    log = written["full", "log_report"]
    assert (figures(log)["Audit events"], figures(log)["Unique users"]) == (21, 3)
    assert log.lead.endswith("21 audited actions by 3 people and the project itself.")
    assert [row[:3] for row in block(log, "event_breakdown").rows] == [
        ["review.verify", 12, 1], ["maintenance.tidy", 6, 1], ["silence.add", 2, 1], ["labels.session", 1, 1],
    ]  # fmt: skip
    assert figures(log)["Error lines"] == 20
    assert sum(block(log, "lines_by_day").layers[0].heights) == 20


def test_failures_are_counted_from_what_is_stored_whoever_stored_it(written):
    log = written["full", "log_report"]
    counted = {(row[0], row[1]): row[2] for row in block(log, "failures").rows}
    assert counted == {
        ("visit", "slow"): 40, ("unreadable", "links"): 6, ("visit", "mail"): 5, ("visit", "links"): 5,
        ("visit", "api"): 2,
    }  # fmt: skip
    assert figures(log)["Failures on record"] == 58
    # the first bar is of a whole day, and so of some hours more
    assert sum(block(log, "failures_by_day").layers[0].heights) == 59


def test_refusals_are_told_apart_and_by_source(written):
    security = written["full", "security_report"]
    assert [row[:3] for row in block(security, "refused_sources").rows] == [
        ["links", 0, 8], ["mail", 5, 0], ["api", 2, 0],
    ]  # fmt: skip
    assert figures(security)["Refused logins"] == 7
    logins, addresses = block(security, "refused_by_day").layers
    assert (sum(logins.heights), sum(addresses.heights)) == (7, 12)
    assert sum(block(security, "spam_by_day").layers[0].heights) == 6


def test_incidents_and_alerts_about_security_are_those_of_its_rules_and_its_runbook(written):
    security = written["full", "security_report"]
    assert [row[1] for row in block(security, "incidents").rows] == ["A key was seen", f"Dependencies: {EVIL}"]
    assert [(row[3], row[5]) for row in block(security, "alerts").rows] == [("fires", "vulnerabilities")]
    assert (figures(security)["Security events"], figures(security)["Critical events"]) == (17, 1)
    assert figures(security)["Vulnerabilities"] == 2


def test_a_scan_that_could_not_look_is_told_with_what_the_one_before_found(written):
    row = block(written["full", "security_report"], "audits").rows[0]
    assert (row[1].text, row[1].tone) == ("unavailable", Tone.BAD)
    assert "when it could last look, 6 days ago: 2 known" in row[2]


def test_a_fresh_project_has_everything_that_it_needs(written):
    deployment = written["full", "deployment_report"]
    needed = {one.key: one.verdict.value for one in block(deployment, "needed").items}
    assert {needed[key] for key in ("tables", "configuration", "packages", "machine_python")} == {"pass"}
    assert figures(deployment)["PostgreSQL"]
    assert [row[2] for row in block(deployment, "files").rows] == [0] * 5


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("state", ["empty", "full"])
def test_a_report_renders_and_no_stranger_acts_on_its_reader(written, state, name):
    document = written[state, name]
    text = html(document)
    page = Page(text)
    assert page.open == []
    assert not {"script", "iframe"} & set(page.tags)
    assert not [value for _, value in page.attributes if value and value.lower().startswith("javascript:")]
    assert "<script" not in markdown(document)
    assert json.loads(json_text(document))["name"] == name
    for table in csv_tables(document).values():
        assert len({len(row) for row in csv.reader(io.StringIO(table))}) == 1


def test_every_key_is_there_once(written):
    for document in written.values():
        keys = [one.key for section in document.sections for one in section.blocks if hasattr(one, "key")]
        assert len(keys) == len(set(keys)), document.name
