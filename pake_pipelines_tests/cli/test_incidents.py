"""`pake incidents` lists what needs a person, shows how it came about, and takes the person's word."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from pake_pipelines.config.alerting import Incidents
from pake_pipelines.model.alert import Severity
from pake_pipelines.store.database import open_database
from pake_pipelines_tests.alerts.incident_desk import Desk

ALL = Incidents(open_at=Severity.INFO, owners={"critical": "on-call"})


@pytest.fixture
def opened(connected, database_url):
    """A terminal, and the ids of a critical incident of an hour ago, a high one of ten minutes, and a closed one."""
    ids = {}

    async def open_them():
        async with open_database(database_url) as database:
            desk = Desk(database)
            desk.now = datetime.now(UTC) - timedelta(hours=1)
            ids["grave"] = await desk.open("grave", config=ALL)
            ids["closed"] = await desk.open("closed", severity=Severity.WARNING, config=ALL)
            await desk.follow(over=["closed"], config=ALL)
            desk.later(50)
            ids["high"] = await desk.open("high [1]", severity=Severity.ERROR, config=ALL)

    asyncio.run(open_them())
    return connected, ids


def test_open_ones_are_listed_with_the_gravest_first_and_overdue_ones_marked(opened):
    terminal, ids = opened
    found = terminal.pake("incidents", "list", "--json").json
    assert [one["incident_id"] for one in found] == [ids["grave"], ids["high"]]
    assert found[0]["overdue_minutes"] == pytest.approx(60, abs=1)
    assert found[1]["overdue_minutes"] is None
    shown = terminal.pake("incidents", "list")
    assert shown.code == 0
    assert "overdue for 1 h" in shown.stdout
    assert "high [1] is down" in shown.stdout
    assert ids["closed"] not in shown.stdout


def test_closed_ones_and_severities_are_shown_when_asked_for(opened):
    terminal, ids = opened
    everything = terminal.pake("incidents", "list", "--all", "--json").json
    assert {one["incident_id"] for one in everything} == set(ids.values())
    assert [one["severity"] for one in terminal.pake("incidents", "list", "--severity", "high", "--json").json] == [
        "high"
    ]


def test_one_is_shown_with_its_timeline(opened):
    terminal, ids = opened
    shown = terminal.pake("incidents", "show", ids["grave"])
    assert "by nobody (target: at once; overdue for 1 h" in shown.stdout
    assert "docs/runbooks/service-down.md" in shown.stdout
    assert "grave does not answer" in shown.stdout
    told = terminal.pake("incidents", "show", ids["closed"], "--json").json
    assert [event["kind"] for event in told["timeline"]] == ["opened", "alerts_over", "resolved"]


def test_a_beginning_is_enough_when_it_fits_one(opened):
    terminal, ids = opened
    several = terminal.pake("incidents", "show", "inc_")
    assert several.code == 1
    assert ids["grave"] in several.stderr
    assert "'inc_' fits several incidents" in several.stderr
    assert terminal.pake("incidents", "show", ids["grave"][:-1], "--json").json["incident_id"] == ids["grave"]


@pytest.mark.parametrize("name", ["inc_0", "", "%"])
def test_an_unknown_one_is_a_clear_sentence(opened, name):
    terminal, _ = opened
    done = terminal.pake("incidents", "show", name)
    assert done.code == 1
    assert f"error: no incident {name!r}" in done.stderr


def test_a_person_takes_it_up_and_closes_it(opened):
    terminal, ids = opened
    taken = terminal.pake("incidents", "update", ids["grave"], "--owner", "ann", "--note", "looking", "--json").json
    assert taken["owner"] == "ann"
    assert taken["acknowledged_at"]
    assert [event["kind"] for event in taken["timeline"]] == ["acknowledged", "owner_changed", "note"]
    closed = terminal.pake("incidents", "update", ids["grave"], "--status", "resolved", "--note", "disk replaced")
    assert "resolved" in closed.stdout
    assert [one["incident_id"] for one in terminal.pake("incidents", "list", "--json").json] == [ids["high"]]


def test_a_dry_run_changes_nothing(opened):
    terminal, ids = opened
    done = terminal.pake("incidents", "update", ids["grave"], "--status", "resolved", "--dry-run")
    assert "dry run: nothing was changed" in done.stdout
    assert terminal.pake("incidents", "show", ids["grave"], "--json").json["status"] == "open"


@pytest.mark.parametrize(
    ("which", "options", "said"),
    [
        ("grave", [], "nothing to change"),
        ("closed", ["--status", "open"], "a closed incident is not opened again"),
        ("closed", ["--owner", "ann"], "it needs no owner any more"),
        ("grave", ["--status", "open"], "is so already"),
    ],
    ids=["nothing", "reopen", "own a closed one", "the same"],
)
def test_what_cannot_be_is_refused_in_a_sentence(opened, which, options, said):
    terminal, ids = opened
    done = terminal.pake("incidents", "update", ids[which], *options)
    assert done.code == 1
    assert said in done.stderr


def test_figures_of_the_last_days(opened):
    terminal, _ = opened
    told = terminal.pake("incidents", "stats", "--json").json
    assert told["summary"]["total_incidents"] == 3
    assert told["summary"]["overdue"] == 1
    shown = terminal.pake("incidents", "stats", "--days", 30).stdout
    assert "3 incidents in 30 days: " in shown
    assert "MTTA          none was taken up" in shown
    assert "MTTR          resolved after 0 s on average" in shown


def test_without_incidents_that_is_said(connected):
    assert connected.pake("incidents", "list").stdout == "no open incidents\n"
    assert connected.pake("incidents", "list", "--all").stdout == "no incidents\n"
    assert "none was taken up" in connected.pake("incidents", "stats").stdout


def test_a_database_that_is_down_is_a_clear_sentence(terminal):
    done = terminal.pake("incidents", "list")
    assert done.code == 1
    assert "the embedded PostgreSQL is not running" in done.stderr
