"""The status page: the word it says and why, stale figures, next runs, and what is counted from stored rows."""

import asyncio
import json
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pake_pipelines import reports
from pake_pipelines.config.loading import load_monitoring
from pake_pipelines.config.reports import StatusPage
from pake_pipelines.model.alert import Severity
from pake_pipelines.model.dagster_facts import DaemonFact, DagsterFacts, RunFact, ScheduleFact, TickFact
from pake_pipelines.model.health import HealthSample, HealthStatus, Transition, Uptime
from pake_pipelines.model.incident import Incident, IncidentSeverity, IncidentStatus
from pake_pipelines.model.maintenance import ProofState
from pake_pipelines.reports.desk import Desk
from pake_pipelines.reports.document import Figures, Link, Table, Tag, Tone
from pake_pipelines.reports.monitoring.figures import NEVER
from pake_pipelines.reports.opening import open_desk, read_configs
from pake_pipelines.reports.status import automation, foresight
from pake_pipelines.reports.status.freshness import figure
from pake_pipelines.reports.status.page import build
from pake_pipelines.reports.status.reading import Knowledge, Seen, Service, Work
from pake_pipelines.reports.status.renewal import Told
from pake_pipelines.reports.status.verdict import Word, judge
from pake_pipelines.reports.status.writing import make_status, make_status_without_database, write_status
from pake_pipelines.settings import Settings
from pake_pipelines.store.alert_statistics import AlertCounts
from pake_pipelines.store.backups import BackupRow
from pake_pipelines.store.database import open_database
from pake_pipelines.store.forecasts import ForecastRow
from pake_pipelines.store.maintenance_runs import TaskRun
from pake_pipelines.store.recent_activity import Rounds, SourceCounts
from pake_pipelines.store.statistics import Visits
from pake_pipelines_tests.reports import hostile_project
from pake_pipelines_tests.reports.monitoring_history import SERVICES

NOW = datetime(2026, 11, 22, 17, 30, tzinfo=UTC)
HOUR = timedelta(hours=1)
BEATING = DaemonFact("SCHEDULER", True, True, NOW)
FACTS = DagsterFacts(NOW, daemons=(BEATING,), ticks=())


def service(status, *, critical=False, title="Shop"):
    return Service(title, HealthSample("shop", "http", critical, status, NOW, 3.0, "said"), [None], None)


def counts(**by_severity):
    found = {Severity(name): count for name, count in by_severity.items()}
    return AlertCounts(sum(found.values()), 0, 0, 0, found, 0, 0)


def task_run(task, state, hours_ago=1):
    at = NOW - hours_ago * HOUR
    return TaskRun(1, task, state, "pake", "run", False, at, at, "said", {})


def backup(state, days=0):
    return BackupRow("b", "t", NOW - timedelta(days=days), "r", 1, 1, False, "0007", state, NOW, 1, "", None)


def seen(**different):
    quiet = Seen(
        now=NOW,
        services=[service(HealthStatus.HEALTHY)],
        changes=[],
        counts=counts(),
        alerts=[],
        incidents=[],
        metrics=[],
        probes=[],
        used_again=None,
        knowledge=Knowledge([], [], [], SourceCounts(0, 0, 0), Visits(0, 0, 0, 0, 0)),
        work=Work(Rounds(0, None), Rounds(0, None), [], []),
        backups=[],
        forecasts=[],
        anomalies=[],
        anomalies_at=NOW,
        events=[],
    )
    return replace(quiet, **different)


def incident(severity=IncidentSeverity.LOW):
    return Incident("i", None, "t", severity, IncidentStatus.OPEN, None, 60, None, NOW - 2 * HOUR)


DOWN = service(HealthStatus.UNHEALTHY, critical=True)
UNSEEN = service(HealthStatus.UNKNOWN, critical=True, title="Bank")
SILENT = replace(FACTS, daemons=(replace(BEATING, healthy=False),))
LATE = replace(FACTS, ticks=(TickFact("nightly", "schedule", False, NOW, True),))
TROUBLES = {
    "a critical service that is down": (seen(services=[DOWN]), FACTS, Word.CRITICAL, "Shop is unhealthy"),
    "a service that is slow": (
        seen(services=[service(HealthStatus.DEGRADED)]),
        FACTS,
        Word.WARNING,
        "Shop is degraded",
    ),
    "a critical service of which nothing is known": (seen(services=[UNSEEN]), FACTS, Word.UNKNOWN, "Bank is unknown"),
    "no service at all": (seen(services=[]), FACTS, Word.UNKNOWN, "no service is watched"),
    "a critical alert": (seen(counts=counts(critical=1)), FACTS, Word.CRITICAL, "1 alert fires (1 critical)"),
    "warnings": (seen(counts=counts(warning=3)), FACTS, Word.WARNING, "3 alerts fire (3 warning)"),
    "an incident that waits": (seen(incidents=[incident()]), FACTS, Word.WARNING, "1 incident is open, 1 overdue"),
    "a grave incident": (
        seen(incidents=[incident(IncidentSeverity.HIGH)]),
        FACTS,
        Word.CRITICAL,
        "1 incident is open, 1 overdue",
    ),
    "a daemon that is silent": (seen(), SILENT, Word.CRITICAL, "Dagster's daemon does not beat: scheduler"),
    "a schedule that is late": (seen(), LATE, Word.WARNING, "ticks failed or did not come: nightly"),
    "upkeep that failed": (
        seen(work=Work(Rounds(0, None), Rounds(0, None), [], [task_run("log_cleanup", "abandoned")])),
        FACTS,
        Word.WARNING,
        "maintenance failed: log_cleanup",
    ),
    "a damaged backup": (
        seen(backups=[backup(ProofState.DAMAGED)]),
        FACTS,
        Word.CRITICAL,
        "the newest backup, b, is damaged",
    ),
}


@pytest.mark.parametrize(("what", "facts", "word", "because"), TROUBLES.values(), ids=TROUBLES)
def test_each_trouble_gives_the_page_its_word_and_says_why(what, facts, word, because):
    overall = judge(what, facts)
    assert (overall.word, list(overall.because)) == (word, [because])


def test_without_trouble_it_is_healthy_and_notices_for_information_are_no_trouble():
    assert judge(seen(counts=counts(info=2)), FACTS).word is Word.HEALTHY
    assert judge(seen(backups=[backup(ProofState.UNPROVEN), backup(ProofState.DAMAGED, 1)]), FACTS).word is Word.HEALTHY


def test_what_is_critical_comes_first_and_what_is_not_known_before_a_warning():
    overall = judge(seen(services=[UNSEEN], counts=counts(warning=1), incidents=[incident()]), SILENT)
    assert overall.word is Word.CRITICAL
    assert [because.split()[0] for because in overall.because] == ["Dagster's", "Bank", "1", "1"]


def test_a_figure_that_is_too_old_is_not_shown_as_how_things_are():
    def made(minutes, value=87.0):
        at = NOW - timedelta(minutes=minutes)
        return figure("Hit ratio", value, "percent", at=at, now=NOW, lasts=timedelta(minutes=15), asset="a")

    assert made(14).value == 87.0
    stale = made(16)
    assert (stale.value, stale.tone) == (Tag("stale", Tone.UNKNOWN), Tone.UNKNOWN)
    assert "87 %" in stale.note
    assert stale.at == NOW - timedelta(minutes=16)
    assert made(1, None).value is None


CRONS = ScheduleFact("nightly", "schedule", True, ("0 3 * * *", "30 17 * * *"), None, NOW, "success", "page")
SENSOR = ScheduleFact("looking", "sensor", True, (), timedelta(seconds=30), NOW - timedelta(seconds=9), "skipped", "p")


def test_the_next_run_is_the_first_of_all_its_times_after_now():
    assert CRONS.next_at(NOW) == datetime(2026, 11, 23, 3, tzinfo=UTC)
    assert CRONS.next_at(NOW - timedelta(minutes=1)) == NOW
    assert replace(CRONS, on=False).next_at(NOW) is None


def test_a_sensor_looks_again_after_its_interval_and_never_in_the_past():
    assert SENSOR.next_at(NOW) == NOW + timedelta(seconds=21)
    assert SENSOR.next_at(NOW + HOUR) == NOW + HOUR
    assert replace(SENSOR, last_at=None).next_at(NOW) is None


def tables(section):
    return {block.key: block for block in section.blocks if isinstance(block, Table)}


def test_schedules_in_trouble_come_first_then_those_that_are_next_and_the_stopped_are_only_named():
    facts = replace(
        LATE,
        schedules=(
            replace(CRONS, name="soon", crons=("45 17 * * *",)),
            CRONS,
            replace(CRONS, name="broken", last_state="failure"),
            replace(CRONS, name="stopped", on=False),
            SENSOR,
        ),
    )
    section = automation.schedules(facts, NOW, "http://127.0.0.1:3000")
    rows = tables(section)["schedules"].rows
    assert [row[0].text for row in rows] == ["nightly", "broken", "soon"]
    assert rows[0][0] == Link("nightly", "http://127.0.0.1:3000/page")
    assert [row[2].text for row in rows] == ["overdue", "failed", "launched"]
    assert tables(section)["sensors"].rows[0][3] == "every 30 s"
    assert section.blocks[-1].text == "Switched off: stopped."


def cards(section):
    return {one.name: one for block in section.blocks if isinstance(block, Figures) for one in block.figures}


def test_what_dagster_was_not_asked_is_unknown():
    assert automation.schedules(None, NOW, "").missing == [automation.NOT_ASKED]
    found = cards(automation.automation(None, NOW, []))
    assert (found["Scheduler"].value, found["Next optimization"].value) == (None, None)
    assert found["Scheduler"].tone is Tone.UNKNOWN
    assert found["Last clean-up"].value == Tag("none yet", Tone.PLAIN)


def test_the_cards_of_automation_tell_of_the_scheduler_the_last_clean_up_and_the_next_optimization():
    runs = [task_run("log_cleanup", "failed", 1), task_run("cache_cleanup", "done", 3), task_run("base_backup", "done")]
    plans = (
        replace(CRONS, name="full_optimization", crons=("0 4 * * 0",)),
        replace(CRONS, name="database_upkeep", crons=("0 4 * * 1-6",)),
        replace(CRONS, name="deep_optimization", crons=("0 18 * * *",), on=False),
    )
    found = cards(automation.automation(replace(FACTS, schedules=plans), NOW, runs))
    assert (found["Scheduler"].value.text, found["Scheduler"].note) == ("running", "2 schedules switched on")
    assert found["Last clean-up"].value == NOW - HOUR
    assert (found["Last clean-up"].tone, found["Last clean-up"].note) == (Tone.BAD, "log_cleanup: said")
    assert found["Next optimization"].value == datetime(2026, 11, 23, 4, tzinfo=UTC)
    assert found["Next optimization"].note == "database_upkeep"
    silent = cards(automation.automation(SILENT, NOW, []))
    assert silent["Scheduler"].value == Tag("silent", Tone.BAD)


def forecast(days=None, *, made=NOW, limit=90.0):
    reaches = None if days is None else NOW + timedelta(days=days)
    return ForecastRow("disk_usage_percent", {"mount": f"/{days}"}, made, "", "m", "percent", 9, 1.0, (), limit,
                       reaches, reaches, None, "no trend")  # fmt: skip


def test_the_limit_that_is_reached_first_comes_first_and_without_a_trend_there_is_no_date():
    told = [forecast(), forecast(40), forecast(3), forecast(5, made=NOW - timedelta(days=2)), forecast(9, limit=None)]
    rows = tables(foresight.forecasts(seen(forecasts=told)))["forecasts"].rows
    assert [row[0] for row in rows] == [f"Disk usage /{days}" for days in (3, 5, 40, None)]
    assert [getattr(row[2], "text", row[2]) for row in rows] == [3.0, "stale", 40.0, "no date"]
    assert [getattr(row[3], "text", row[3]) for row in rows] == ["25 Nov 2026", "", "01 Jan 2027", ""]
    assert rows[0][3].tone is Tone.WARN
    assert rows[3][4] == "no trend"


@pytest.mark.parametrize(
    ("at", "empty", "missing"),
    [
        (NOW - timedelta(minutes=40), "Nothing is odd.", []),
        (NOW - HOUR, "Nothing is known.", ["Nobody has looked for anomalies since 22 Nov 16:30."]),
        (None, "Nothing is known.", ["Nobody has looked for anomalies yet, or it is switched off."]),
    ],
    ids=["looked", "long ago", "never"],
)
def test_that_nothing_is_odd_is_only_said_where_somebody_looked(at, empty, missing):
    section = foresight.anomalies(seen(anomalies_at=at), timedelta(minutes=15))
    assert (tables(section)["anomalies"].empty, section.missing or []) == (empty, missing)


def test_the_page_is_renewed_when_it_is_old_when_things_changed_and_after_a_clock_was_set_back():
    every, told = timedelta(minutes=5), Told(NOW, "a", NOW, "healthy")
    assert not told.is_due("a", NOW + timedelta(minutes=4), every)
    assert told.is_due("b", NOW, every)
    assert told.is_due("a", NOW + every, every)
    assert told.is_due("a", NOW - HOUR, every)
    assert Told.of(told.cursor) == told
    assert Told.of("of another version") == Told()
    assert not told.is_report_due("healthy", NOW + timedelta(minutes=20))
    assert told.is_report_due("warning", NOW)


@pytest.mark.parametrize(
    ("minutes", "tone"), [(1, Tone.GOOD), (11, Tone.UNKNOWN), (None, Tone.UNKNOWN)], ids=["now", "long ago", "never"]
)
def test_that_no_alert_fires_is_good_only_where_somebody_looks(desk, minutes, tone):
    one = service(HealthStatus.HEALTHY)
    at = NOW if minutes is None else NOW - timedelta(minutes=minutes)
    sample = replace(one.sample, at=at, detail=NEVER if minutes is None else "answers")
    document, _ = build(desk, seen(services=[replace(one, sample=sample)]), [])
    by_name = {figure.name: figure for figure in document.figures}
    assert [by_name[name].tone for name in ("alerts fire", "incidents open")] == [tone, tone]
    assert by_name["alerts fire"].at == (None if minutes is None else at)


@pytest.mark.parametrize(
    ("alerts", "incidents", "tones"),
    [
        ({"info": 1}, [IncidentSeverity.LOW], [Tone.NOTICE, Tone.NOTICE]),
        ({"info": 1, "critical": 1}, [IncidentSeverity.LOW, IncidentSeverity.HIGH], [Tone.BAD, Tone.BAD]),
    ],
    ids=["small", "grave"],
)
def test_what_is_open_is_as_grave_as_the_gravest_of_it(desk, alerts, incidents, tones):
    document, _ = build(desk, seen(counts=counts(**alerts), incidents=[incident(one) for one in incidents]), [])
    by_name = {figure.name: figure for figure in document.figures}
    assert [by_name[name].tone for name in ("alerts fire", "incidents open")] == tones


def test_a_change_of_a_service_has_the_tone_of_what_it_came_to():
    changes = [Transition("shop", NOW, HealthStatus.HEALTHY, after, "said") for after in HealthStatus]
    rows = tables(foresight.events(seen(changes=changes)))["events"].rows
    assert {row[1].text.removeprefix("healthy → "): row[1].tone for row in rows} == {
        "healthy": Tone.GOOD, "degraded": Tone.WARN, "unhealthy": Tone.BAD, "critical": Tone.BAD,
        "not configured": Tone.PLAIN, "unknown": Tone.UNKNOWN,
    }  # fmt: skip


def test_the_uptime_says_how_much_of_the_time_was_watched(desk):
    one = service(HealthStatus.HEALTHY)
    halves = [replace(one, day=Uptime(9, 21_600, 0, 21_600, 43_200)), one]
    document, _ = build(desk, seen(services=halves), [])
    (found,) = [figure for figure in document.figures if figure.name == "uptime, 24 hours"]
    assert (found.value, found.note) == (0.5, "50 % of it was watched")


def test_no_figure_is_typed_in_without_data_all_are_nought_or_unknown(desk):
    document, _ = build(replace(desk, facts=None), seen(services=[], anomalies_at=None), [])
    found = {figure.name: figure.value for section in document.sections for figure in cards(section).values()}
    found |= {figure.name: figure.value for figure in document.figures}
    assert len(found) > 20
    assert {name: value for name, value in found.items() if isinstance(value, int | float) and value} == {}
    template = Path(reports.__file__).with_name("templates") / "status.html.j2"
    words = re.sub(r"{[%{].*?[%}]}|<[^>]*>", "", template.read_text().partition("{% block body %}")[2])
    assert re.findall(r"\d+", words) == []


def test_before_anything_was_known_the_page_without_a_database_claims_nothing(tmp_path):
    config = StatusPage()
    for _ in range(2):  # the second one has the first one's data before it
        status = make_status_without_database(tmp_path, config, None, NOW, "http://127.0.0.1:3000", "no answer")
        write_status(tmp_path, status)
        assert (list(status.document.figures), status.overall.word) == ([], Word.CRITICAL)
        assert "no answer" in status.html


@pytest.fixture
def desk(tmp_path):
    """A desk for what is not read from a database."""
    configs = read_configs(tmp_path)
    return Desk(None, Settings(home=tmp_path), configs, NOW, FACTS, "http://127.0.0.1:3000", "v")


RUNS = tuple(RunFact("ingest", f"r{n}", n > 1, NOW, NOW) for n in range(9))


@pytest.fixture(scope="module")
def told(module_database_url, tmp_path_factory):
    """What `status.json` says of a project that is full of hostile words."""
    home = tmp_path_factory.mktemp("project")
    (home / "configs").mkdir()
    (home / "configs" / "monitoring.yaml").write_text(SERVICES)
    (home / "configs" / "sources.yaml").write_text("sources: {}\n")
    load_monitoring.cache_clear()

    async def make():
        async with open_database(module_database_url) as database:
            async with database.transaction() as connection:
                await hostile_project.fill(connection, NOW)
            facts = replace(FACTS, runs_of_last_day=RUNS)
            async with open_desk(database, Settings(home=home), facts, "v", NOW) as desk:
                return await make_status(desk)

    page = write_status(home, asyncio.run(make()))
    return json.loads(page.with_name("status.json").read_text())


def figures(told, section):
    blocks = told["sections"][section]["blocks"].values()
    return {one["name"]: one["value"] for block in blocks for one in block.get("figures", {}).values()}


def test_its_figures_are_counted_from_stored_rows(told):
    assert figures(told, "activity") == {
        "Metric collections": 135,  # a sample every ten minutes of a day, but for nine that are missing
        "Analyses": 1,
        "Clean-ups": 1,
        "Optimizations": 1,
        "Alerts that fired": 17,
        "Failed runs": 2,
    }
    assert figures(told, "quality") == {"Items": 48, "Quality score": 25, "Mean confidence": pytest.approx(0.5)}
    assert (told["overall"], told["memory_efficiency"]) == ("critical", pytest.approx(100 * 2 / 3))
    assert (told["hit_ratio"], told["response_time"]) == (None, None)  # never measured


def test_every_figure_has_its_time(told):
    blocks = [block for section in told["sections"].values() for block in section["blocks"].values()]
    found = [one for block in blocks for one in block.get("figures", {}).values()] + list(told["figures"].values())
    assert len(found) > 20
    assert [one["name"] for one in found if one["at"] is None and one["value"] is not None] == []


def test_items_are_counted_by_hour_and_by_what_became_of_them(told):
    chart = told["sections"]["ingestion"]["blocks"]["items_by_hour"]
    by_hour = dict(zip(chart["times"], chart["layers"]["verified"], strict=True))
    assert by_hour["2026-11-22T12:00:00+00:00"] == 12
    assert {name: sum(heights) for name, heights in chart["layers"].items()} == {
        "verified": 12, "pending": 12, "rejected": 12, "quarantined": 12, "archived": 0,
    }  # fmt: skip


def test_recent_events_are_of_every_kind_the_newest_first(told):
    rows = told["sections"]["events"]["blocks"]["events"]["rows"]
    assert [row["at"] for row in rows] == sorted((row["at"] for row in rows), reverse=True)
    kinds = {row["what"].split()[0] for row in rows}
    assert kinds >= {"alert", "anomaly", "restart", "healthy"}
