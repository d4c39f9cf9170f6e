"""The health report: its figures say what was seen and nothing more, and what matters most comes first."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from pake_pipelines.model.dagster_facts import DaemonFact, DagsterFacts, QueueFact, RunFact, TickFact
from pake_pipelines.model.health import HealthSample, HealthStatus, Transition, Uptime, overall
from pake_pipelines.model.incident import IncidentStatistics
from pake_pipelines.reports.document import Strips, Table, Tone
from pake_pipelines.reports.health.figures import Health, lead, overall_uptime
from pake_pipelines.reports.health.sections import document
from pake_pipelines.reports.monitoring.figures import ServiceLine
from pake_pipelines.reports.parts.dagster_section import dagster_section
from pake_pipelines.reports.parts.failed import failures_table
from pake_pipelines.store.alert_statistics import AlertCounts
from pake_pipelines.store.error_summary import ErrorCount

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY = 86400.0


def up(healthy, degraded=0.0, unhealthy=0.0, unknown=0.0):
    return Uptime(10, healthy, degraded, unhealthy, unknown)


def service(name, status=HealthStatus.HEALTHY, *, critical=True, uptime=None):
    sample = HealthSample(name, "http", critical, status, NOW, 3.0, "answers")
    day = uptime or up(DAY)
    return ServiceLine(name, name.title(), "http", critical, sample, None, day, day, day, [status] * 48, 0, None)


def never_probed(name):
    return replace(service(name, HealthStatus.UNKNOWN), day=None, week=None, month=None)


def health(*services, **changed):
    made = Health(
        made_at=NOW,
        overall=overall(one.sample for one in services),
        services=services,
        quiet_since=None,
        watched_since=NOW - timedelta(days=30),
        changes=(),
        counts=AlertCounts(0, 0, 0, 0, {}, 0, 0),
        alerts=(),
        unjudged=None,
        incidents=IncidentStatistics(0, {}, {}, 0, 0, 0, None, None),
        open_incidents=(),
        restarts=(),
        kpis=(),
        trends={},
        errors=(),
        facts=None,
        recommendations=(),
        dagster="http://127.0.0.1:3000",
    )
    return replace(made, **changed)


def section(made, key):
    return next(one for one in made.sections if one.key == key)


def block(made, key, name):
    return next(one for one in section(made, key).blocks if getattr(one, "key", None) == name)


def figure(made, name):
    return next(one for one in made.figures if one.name == name)


def test_uptime_is_the_mean_over_services_of_what_was_seen_and_names_the_lowest():
    found = overall_uptime([("a", up(DAY)), ("b", up(DAY / 4, DAY / 4, DAY / 2)), ("c", None), ("d", up(0, unknown=9))])
    assert (found.share, found.services, found.lowest, found.lowest_share) == (0.75, 2, "b", 0.5)


def test_what_nobody_saw_is_neither_up_nor_down():
    assert overall_uptime([("a", None), ("b", up(0, unknown=DAY))]).share is None
    half = overall_uptime([("a", up(DAY / 2, unknown=DAY / 2))])
    assert (half.share, half.seen) == (1.0, 0.5)


def test_the_uptime_of_one_service_is_no_mean_and_of_several_the_lowest_is_named():
    half = up(DAY / 2, unhealthy=DAY / 2)
    assert figure(document(health(service("db", uptime=half))), "Uptime, 7 days").note == (
        "of the one service, 100 % of the time looked at"
    )
    both = document(health(service("db", uptime=half), service("web")))
    assert figure(both, "Uptime, 7 days").note.endswith("; lowest Db: 50 %")


def test_healthy_now_is_not_called_uptime():
    made = document(health(service("db", uptime=up(DAY / 2, unhealthy=DAY / 2))))
    assert figure(made, "Overall status").value.text == "healthy"
    assert figure(made, "Uptime, 24 hours").value == 0.5


def test_without_a_sample_everything_is_unknown_and_the_report_says_what_is_missing():
    made = document(health(never_probed("db"), watched_since=None, unjudged="Nobody judges"))
    assert (made.tone, figure(made, "Uptime, 30 days").value) == (Tone.UNKNOWN, None)
    assert figure(made, "No critical service down for").value is None
    assert len(made.missing) == 3
    assert "nothing is known of any service" in made.lead
    assert block(made, "services", "services").rows[0][2] is None


@pytest.mark.parametrize(
    ("services", "said"),
    [
        ((), "No service is watched"),
        ((service("db"),), "The one service that is watched is healthy."),
        ((service("db"), service("web")), "All 2 services that are watched are healthy."),
        ((service("db", HealthStatus.UNHEALTHY), service("web")), "Critical: Db is unhealthy."),
        ((service("web", HealthStatus.UNHEALTHY, critical=False),), "Degraded: Web is unhealthy."),
        (
            tuple(service(f"s{n}", HealthStatus.DEGRADED) for n in range(5)),
            "Degraded: S0 is degraded; S1 is degraded; S2 is degraded; and 2 more.",
        ),
    ],
    ids=["none", "one", "healthy", "critical", "degraded", "many"],
)
def test_the_first_sentence_says_how_it_stands_and_whose_fault_it_is(services, said):
    assert lead(health(*services)).startswith(said)


def test_how_long_no_critical_service_was_down_counts_from_the_last_time_one_was():
    assert health(service("db"), quiet_since=NOW - HOUR).unbroken() == HOUR
    assert health(service("db")).unbroken() == timedelta(days=30)
    assert health(service("db", HealthStatus.UNHEALTHY), quiet_since=NOW).unbroken() == timedelta(0)


def test_that_no_critical_service_was_probed_does_not_mean_that_none_was():
    made = document(health(service("web", critical=False), watched_since=None, facts=DagsterFacts(NOW)))
    assert made.missing == []
    assert block(made, "changes", "changes").empty == "No service changed its status."


def test_where_nobody_judges_the_rules_no_alert_is_no_good_news():
    made = document(health(service("db"), unjudged="Alert rules were never judged here"))
    for name in ("Alerts that fire", "Open incidents"):
        assert (figure(made, name).value, figure(made, name).tone) == (None, Tone.UNKNOWN)
    assert "Alert rules were never judged here." in made.missing
    firing = document(health(service("db"), unjudged="x", counts=AlertCounts(1, 0, 0, 0, {}, 0, 0)))
    assert (figure(firing, "Alerts that fire").value, figure(firing, "Alerts that fire").tone) == (1, Tone.WARN)
    assert firing.lead.endswith("healthy. 1 alert fires.")


def test_alerts_that_fire_need_attention_although_all_services_are_healthy():
    assert document(health(service("db"))).tone is Tone.GOOD
    assert document(health(service("db"), unjudged="x")).tone is Tone.UNKNOWN
    assert document(health(service("db"), counts=AlertCounts(1, 0, 0, 0, {}, 0, 0))).tone is Tone.WARN


def test_a_service_that_is_not_configured_is_named_and_has_no_line_of_its_own():
    made = document(health(service("db"), service("mem0", HealthStatus.NOT_CONFIGURED)))
    assert len(block(made, "services", "services").rows) == 1
    assert len(next(one for one in section(made, "services").blocks if isinstance(one, Strips)).strips) == 1
    assert any("Mem0" in getattr(one, "text", "") for one in section(made, "services").blocks)


def test_since_when_a_service_stands_so_is_its_last_change():
    changes = [
        Transition("db", NOW - HOUR, HealthStatus.UNHEALTHY, HealthStatus.HEALTHY, ""),
        Transition("db", NOW - 2 * HOUR, HealthStatus.HEALTHY, HealthStatus.UNHEALTHY, ""),
    ]
    made = document(health(service("db"), service("web"), changes=changes))
    assert [row[2] for row in block(made, "services", "services").rows] == [NOW - HOUR, "more than a day"]


def test_where_everything_fails_the_most_frequent_are_listed_and_the_number_of_all_is_told():
    some = failures_table("errors", [ErrorCount("visit", f"s{n}", 1, NOW, "") for n in range(500)])
    assert (len(some.rows), some.title) == (500, "")
    many = failures_table("errors", [ErrorCount("visit", f"s{n}", 1, NOW, "") for n in range(1501)])
    assert (len(many.rows), many.title) == (500, "The 500 most frequent of 1,501")


def trend(direction, judged, change=None):
    told = {"direction": direction, "judged": judged, "change": change, "mean": 3.0, "days": 7}
    return {"week": told, "month": told, "unit": "percent"}


def test_a_trend_of_too_few_days_is_no_trend():
    trends = {
        "a": trend("unclear", "insufficient"),
        "disk_usage_percent /srv": trend("rising", None, 9.0),
        "health": trend("falling", "declining", -4.0),
    }
    (table, said) = section(document(health(service("db"), trends=trends)), "trends").blocks
    assert [(row[0], row[2].text, row[3]) for row in table.rows] == [
        ("Health of all services", "falling, worse", "-4.0 points"), ("Disk usage /srv", "rising", "+9.0 points"),
    ]  # fmt: skip
    assert table.rows[0][2].tone is Tone.WARN
    assert said.text.startswith("1 further figure was")


def test_dagster_that_was_not_asked_is_missing_and_not_well():
    made = dagster_section(None, "http://x")
    assert (list(made.blocks), len(made.missing)) == ([], 1)
    silent = dagster_section(DagsterFacts(NOW, errors={"queue": "no answer", "daemons": "no answer"}), "http://x")
    assert list(silent.blocks) == []
    assert silent.missing == [
        "Could not be read: queue, daemons: no answer",
        "Not told: code location, schedules and sensors, runs of the last day.",
    ]
    half = dagster_section(DagsterFacts(NOW, ticks=()), "http://x")
    assert {one.tone for one in half.blocks[0].figures} == {Tone.UNKNOWN, Tone.PLAIN}
    assert half.blocks[1].empty == "None is switched on."


def test_daemons_schedules_and_runs_in_trouble_stand_out():
    facts = DagsterFacts(
        NOW,
        daemons=(DaemonFact("SENSOR", True, True, NOW), DaemonFact("SCHEDULER", True, False, NOW - HOUR, ("boom",))),
        code_location_loaded=True,
        queue=QueueFact(0, None, 0),
        ticks=(
            TickFact("good", "sensor", False, NOW, False),
            TickFact("late", "schedule", False, NOW - HOUR, True),
            TickFact("bad", "schedule", True, NOW, False, "no file"),
            TickFact("new", "sensor", False, None, None),
        ),
        runs=(RunFact("ingest", "run-00000001", False, NOW, NOW, "out of memory"),),
        runs_of_last_day=(RunFact("ingest", "run-00000001", False, NOW, NOW), RunFact("qa", "r2", True, NOW, NOW)),
    )
    figures, ticks, runs = dagster_section(facts, "http://x").blocks
    assert isinstance(ticks, Table)
    found = {one.name: one for one in figures.figures}
    assert found["Daemons"].tone is Tone.BAD
    assert "boom" in found["Daemons"].note
    assert (found["Schedules and sensors in trouble"].value, found["Failed runs, 24 hours"].value) == (2, 1)
    assert [(row[0], row[2].text) for row in ticks.rows] == [
        ("bad", "failed"), ("late", "overdue"), ("new", "has not ticked yet"),
    ]  # fmt: skip
    assert (runs.rows[0][1].href, runs.rows[0][3]) == ("http://x/runs/run-00000001", "out of memory")
