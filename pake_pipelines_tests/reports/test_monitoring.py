"""The monitoring report of a real month, and of a project that was never watched: figures, words, files, safety."""

import asyncio
import json
import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pake_pipelines.analytics.trends import Direction
from pake_pipelines.config.loading import load_monitoring
from pake_pipelines.config.reports import Advising
from pake_pipelines.model.alert import Severity
from pake_pipelines.model.dagster_facts import DagsterFacts, RunFact
from pake_pipelines.model.health import HealthStatus
from pake_pipelines.model.status import CheckStatus
from pake_pipelines.reports.advice.bounds import monitoring_bounds
from pake_pipelines.reports.document import Tone
from pake_pipelines.reports.monitoring.data import monitoring_said
from pake_pipelines.reports.monitoring.made import made_of
from pake_pipelines.reports.monitoring.report import MonitoringReport, build_report
from pake_pipelines.reports.render import monitoring_html, monitoring_markdown
from pake_pipelines.reports.service_lines import STRIP_CELLS
from pake_pipelines.reports.writing import write_files
from pake_pipelines.store.database import open_database
from pake_pipelines.store.qa_statistics import hold_still
from pake_pipelines_tests.reports.monitoring_history import SERVICES, fill
from pake_pipelines_tests.reports.test_render import EVIL, TURNED, Page

NOW = datetime(2026, 11, 22, 17, 30, tzinfo=UTC)
RUNS = tuple(
    RunFact("ingest_all", f"run-{n}", n > 2, NOW - timedelta(hours=n + 1), NOW - timedelta(hours=n), "out of memory")
    for n in range(20)
)
FACTS = DagsterFacts(at=NOW, runs_of_last_day=RUNS)


@dataclass
class Delivered:
    html: Path
    json: Path
    markdown: str
    report: MonitoringReport


@pytest.fixture(scope="module")
def config(tmp_path_factory):
    configs = tmp_path_factory.mktemp("configs")
    (configs / "monitoring.yaml").write_text(SERVICES)
    return load_monitoring(configs)


@pytest.fixture(scope="module")
def delivered(module_database_url, config, tmp_path_factory):
    """The reports of an empty and then of a filled database, with their directories."""

    async def make():
        found = {}
        async with open_database(module_database_url) as database:
            for name, facts in (("empty", None), ("full", FACTS)):
                if name == "full":
                    async with database.transaction() as connection:
                        await fill(connection, NOW)
                directory = tmp_path_factory.mktemp(name)
                bounds = monitoring_bounds(config, Advising())
                async with database.transaction() as connection:
                    await hold_still(connection)
                    report = await build_report(connection, config, bounds, facts, NOW)
                made = made_of(report)
                written = write_files(directory, made, 0)
                found[name] = Delivered(written.page, written.page.with_suffix(".json"), made.markdown, report)
        return found

    return asyncio.run(make())


@pytest.fixture(scope="module")
def full(delivered):
    return delivered["full"].report


@pytest.fixture(scope="module")
def empty(delivered):
    return delivered["empty"].report


def service(report, name):
    return next(one for one in report.services if one.name == name)


def test_one_critical_service_that_is_down_makes_everything_critical(full):
    assert full.overall is HealthStatus.CRITICAL
    assert (full.critical_issues, full.warnings) == (1, 2)
    assert full.services[0].name == "mcp-server"
    assert full.services[0].status is HealthStatus.UNHEALTHY
    assert full.services[0].left_alone == "3 attempts in an hour"


def test_uptime_is_the_share_of_the_time_that_was_seen(full):
    down = service(full, "mcp-server")
    assert down.day.up_share == pytest.approx(1 - 15 / 135, abs=0.01)
    assert down.day.known_share == pytest.approx(1 - 90 / 1440, abs=0.01)
    assert down.day.up_share < down.week.up_share < down.month.up_share < 1
    assert service(full, "dagster-queue").day.up_share == 1
    assert service(full, "cache-mem0").day.up_share is None


def test_the_strip_has_the_worst_of_every_half_hour_and_gaps_where_nobody_looked(full):
    down = service(full, "mcp-server").strip
    assert len(down) == STRIP_CELLS
    assert down[-3:] == [HealthStatus.UNHEALTHY] * 3
    assert down[0] is HealthStatus.HEALTHY
    # nobody looked for the ten minutes between the two samples that border on the gap, which covers two whole cells
    assert down.count(None) == 2
    assert HealthStatus.UNKNOWN in service(full, "dagster-pools").strip
    assert HealthStatus.DEGRADED in service(full, "dagster-queue").strip


def test_alerts_are_counted_as_they_are_now_and_by_when_they_were_resolved(full):
    counts = full.counts
    assert (counts.firing, counts.pending, counts.acknowledged, counts.flapping) == (4, 1, 1, 1)
    assert list(counts.by_severity.items()) == [(Severity.CRITICAL, 2), (Severity.WARNING, 2)]
    assert (counts.fired, counts.resolved) == (5, 1)
    assert [one.alert_id for one in full.active] == ["a1", "a2", "a4", "a3"]
    assert (full.rules[0].rule, full.rules[0].episodes) == ("service-down", 3)
    assert full.rules[0].hours == pytest.approx(87 / 60 + 1 + 2)


def test_averages_are_of_the_last_day_and_of_the_fullest_disk(full):
    found = {one.metric: one for one in full.averages}
    assert found["cpu_usage_percent"].mean == pytest.approx(34, abs=5)
    assert 80 < found["disk_usage_percent"].mean < 84
    assert found["memory_usage_percent"].high <= 80


def test_trends_have_a_direction_where_there_is_one(full):
    found = {one.metric: one for one in full.trends}
    assert found["memory_usage_percent"].month.direction is Direction.RISING
    assert found["memory_usage_percent"].month.change == pytest.approx(29, abs=3)
    assert found["disk_usage_percent"].week.direction is Direction.RISING
    assert found["db_query_ms"].month.direction is Direction.STEADY
    assert found["run_duration_seconds"].month.direction is Direction.UNCLEAR
    assert full.health_month.score == pytest.approx(99.9, abs=0.1)
    assert full.health_month.average_uptime_hours == pytest.approx(719, abs=2)


def test_errors_of_the_last_day_have_runs_among_them(full):
    found = {(one.kind, one.subject): one.count for one in full.errors}
    assert found == {
        ("visit", "arxiv"): 8,
        ("restart", "mcp-server"): 3,
        ("run", "ingest_all"): 3,
        ("visit", "inbox"): 1,
    }


def test_incidents_and_restarts(full):
    assert (full.incidents.total_incidents, full.incidents.still_open) == (3, 2)
    assert full.incidents.mean_minutes_to_acknowledge == pytest.approx(8)
    assert full.incidents.mean_minutes_to_resolve == pytest.approx(60)
    assert [one.incident_id for one in full.open_incidents] == ["inc_1763812800_ab12", "inc_1763812900_cd34"]
    (worst, other) = full.restarts
    assert (worst.service, worst.attempts, worst.verified, worst.failed, worst.by_hand) == ("mcp-server", 4, 1, 3, 1)
    assert (other.service, service(full, "redis").restarts_day) == ("redis", 1)
    assert service(full, "mcp-server").restarts_day == 3


def test_the_database_tells_of_its_tables_and_why_it_tells_of_no_queries(full):
    assert [one["table"] for one in full.database.table_sizes[:2]] == ["health_samples", "metric_samples"]
    assert full.database.slow_queries.why == "the extension pg_stat_statements is not installed"
    text = monitoring_html(full)
    assert "Slow queries are not told: <bdi>the extension pg_stat_statements is not installed</bdi>" in text
    told = [{"query": "SELECT <b>", "mean_ms": 12.3, "calls": 7}]
    assert "SELECT &lt;b&gt;" in monitoring_html(replace(full, database=replace(full.database, slow_queries=told)))


def test_key_figures_stand_in_it(full):
    found = {one.name: one.status for one in full.kpis}
    assert (found["disk"], found["cpu"]) == (CheckStatus.WARN, CheckStatus.OK)


def test_recommendations_are_those_of_the_rules_that_fire_each_once_and_the_gravest_first(full):
    assert [(one.code, one.tone) for one in full.recommendations] == [
        ("MON-09", Tone.BAD),
        ("MON-30", Tone.BAD),
        ("slow-service", Tone.WARN),
    ]
    urgent = full.recommendations[0]
    assert urgent.says == "URGENT: Critical services are down - immediate attention required"
    assert "mcp-server is down: connection refused; mcp-server could not be healed" in urgent.evidence
    assert "pake services" in urgent.acts


def test_a_project_that_nobody_watched_is_unknown_and_says_what_to_do(empty):
    assert empty.overall is HealthStatus.UNKNOWN
    assert {one.status for one in empty.services} == {HealthStatus.UNKNOWN}
    assert {one.status for one in empty.kpis} == {CheckStatus.UNKNOWN}
    assert [one.code for one in empty.recommendations] == ["MON-01", "MON-24"]
    assert (empty.health_week.score, empty.sampled_at, empty.runs_known) == (None, None, False)
    assert {one.week.direction for one in empty.trends} == {Direction.UNCLEAR}
    text = monitoring_html(empty)
    assert "Nothing is known of 11 of 11 services" in text
    assert "Dagster did not tell of its runs" in text
    assert "<svg" not in text


async def test_a_month_that_ended_long_ago_says_nothing_of_now(database, config):
    async with database.transaction() as connection:
        await fill(connection, NOW - timedelta(days=3))
        report = await build_report(connection, config, monitoring_bounds(config, Advising()), FACTS, NOW)
    assert report.overall is HealthStatus.UNKNOWN
    assert "not probed since 19 Nov" in report.services[0].sample.detail
    assert {one.status for one in report.kpis} == {CheckStatus.UNKNOWN}
    assert report.averages[0].mean is None


def test_the_three_files_say_the_same(delivered):
    made = delivered["full"]
    assert made.html.read_text("utf-8") == monitoring_html(made.report)
    assert (made.html.parent / "monitoring_report.md").read_text("utf-8") == made.markdown
    data = json.loads(made.json.read_text("utf-8"))
    assert data["overall_health"] == "critical"
    assert data["alert_statistics"]["active_alerts"] == 4
    assert data["alert_statistics"]["resolved_alerts_24h"] == 1
    assert len(data["firing_alerts"]) == 4
    assert {one["metric"] for one in data["metrics"]} >= {"cpu_usage_percent", "memory_usage_percent"}
    assert data["services"]["mcp-server"]["restart_count"] == 3
    assert data["services"]["mcp-server"]["healthy"] is False
    assert data["performance_averages_24h"]["cpu_usage_percent"]["mean"] > 0
    assert data["health_trends"]["7d"]["trends"]["trend"] in {"steady", "declining", "improving"}
    assert sorted(one.name for one in made.html.parent.iterdir() if one.is_file()) == [
        "index.html", "monitoring_report.html", "monitoring_report.json", "monitoring_report.md",
    ]  # fmt: skip


def test_no_file_has_the_secret_part_of_an_address(delivered):
    for path in (one for one in delivered["full"].html.parent.rglob("*") if one.is_file()):
        assert "s3cr3t" not in path.read_text("utf-8")


@pytest.mark.parametrize("name", ["empty", "full"])
def test_the_page_is_well_formed_and_needs_nothing_from_elsewhere(delivered, name):
    text = monitoring_html(delivered[name].report)
    page = Page(text)
    assert page.open == []
    assert not {"script", "link", "iframe", "img"} & set(page.tags)
    references = [value for key, value in page.attributes if key in {"href", "xlink:href", "src"}]
    assert [value for value in references if not value.startswith("#")] == []
    assert "@import" not in text


def said_by_strangers(report, words):
    """Return `report` with `words` wherever a service, an alert, an error or an incident may say anything."""
    services = [
        replace(one, title=words, left_alone=words, sample=replace(one.sample, detail=words)) for one in report.services
    ]
    active = [replace(one, summary=words, recommendations=[words], acknowledged_by=words) for one in report.active]
    return replace(
        report,
        services=services,
        active=active,
        errors=[replace(one, subject=words, detail=words) for one in report.errors],
        open_incidents=[replace(one, title=words, owner=words) for one in report.open_incidents],
        recommendations=[replace(one, says=words, evidence=words, acts=words) for one in report.recommendations],
        kpis=[replace(one, detail=words, labels={"mount": words}) for one in report.kpis],
    )


def test_no_markup_of_a_stranger_reaches_the_page(full):
    text = monitoring_html(said_by_strangers(full, EVIL))
    page = Page(text)
    assert not {"script", "img", "a"} & set(page.tags)
    assert not [name for name, _ in page.attributes if name.startswith("on")]
    assert page.open == []
    assert text.lower().count("&lt;script&gt;alert(1)") > 20


def test_no_stranger_breaks_the_tables_in_markdown(full):
    text = monitoring_markdown(said_by_strangers(full, EVIL))
    rows = [line for line in text.splitlines() if line.startswith("|")]
    cells = {len(re.findall(r"(?<!\\)(?:\\\\)*\|", row)) for row in rows}
    assert cells == {9, 6, 7, 4, 5}
    assert "<" not in text


def test_marks_that_turn_text_around_are_taken_out(full):
    made = said_by_strangers(full, TURNED)
    for text in (monitoring_html(made), monitoring_markdown(made)):
        assert not re.search("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]", text)


def test_charts_are_drawn_of_what_was_sampled_in_the_colours_of_the_page(full):
    text = monitoring_html(full)
    assert text.count("<svg") == 6
    assert "var(--wait)" in text
    assert "#0102" not in text
    fewer = replace(full, hourly=[one for one in full.hourly if one.metric == "cpu_usage_percent"])
    assert monitoring_html(fewer).count("<svg") == 1


def test_the_same_report_is_rendered_the_same(full):
    assert monitoring_html(full) == monitoring_html(full)


def test_what_it_says_can_be_written_as_json(full, empty):
    assert monitoring_said(empty)["uptime_percentage"] is None
    assert set(monitoring_said(full)) == set(monitoring_said(empty))
