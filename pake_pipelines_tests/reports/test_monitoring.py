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
from pake_pipelines.model.health import HealthStatus, Uptime
from pake_pipelines.model.status import CheckStatus
from pake_pipelines.reports.advice.bounds import monitoring_bounds
from pake_pipelines.reports.document import Prose, Tone
from pake_pipelines.reports.monitoring.data import monitoring_said
from pake_pipelines.reports.monitoring.made import made_of
from pake_pipelines.reports.monitoring.report import CHARTED, MonitoringReport, build_report
from pake_pipelines.reports.monitoring.sections import document
from pake_pipelines.reports.parts.service_lines import STRIP_CELLS
from pake_pipelines.reports.writing import write_files
from pake_pipelines.store.database import open_database
from pake_pipelines.store.qa_statistics import hold_still
from pake_pipelines_tests.reports.monitoring_history import SERVICES, fill

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


def section(report, key):
    return next(one for one in document(report).sections if one.key == key)


def block(report, within, key):
    return next(one for one in section(report, within).blocks if getattr(one, "key", None) == key)


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
    assert section(full, "database").missing == [
        "Slow queries are not told: the extension pg_stat_statements is not installed."
    ]
    told = [{"query": "SELECT 1", "mean_ms": 12.3, "calls": 7}]
    made = replace(full, database=replace(full.database, slow_queries=told))
    assert block(made, "database", "slow_queries").rows == [["SELECT 1", 12.3, 7]]


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
    made = document(empty)
    assert (made.tone, made.lead) == (Tone.UNKNOWN, "Nothing is known of 11 of 11 services.")
    assert section(empty, "errors").missing == ["Dagster did not tell of its runs: failed ones are missing here."]
    assert section(empty, "week").blocks == []
    assert made.missing[0].startswith("Alert rules were never judged here")
    assert made.figures[1].value is None
    assert Tone.GOOD not in {one.tone for one in made.figures}


def test_what_is_down_or_fires_leads_and_gives_the_tone(full):
    made = document(full)
    assert made.lead == "1 of 11 services does not serve as it should: MCP Server; 4 alerts fire."
    assert made.tone is Tone.BAD
    healthy = replace(full, overall=HealthStatus.HEALTHY, services=full.services[-1:])
    assert document(healthy).tone is Tone.BAD, "a critical alert fires"
    assert document(replace(healthy, active=[])).tone is Tone.GOOD


def test_each_service_has_its_strip_and_its_uptimes(full):
    down = block(full, "services", "services").rows[0]
    assert (down[0], down[1].text, down[6]) == ("MCP Server", "unhealthy", 3)
    assert down[7] == "connection refused; not healed any more: 3 attempts in an hour"
    assert re.fullmatch(r"8\d(\.\d+)? %", down[3])
    barely = replace(full.services[0], day=Uptime(9, 50.0, 0.0, 50.0, 300.0))
    assert block(replace(full, services=[barely]), "services", "services").rows[0][3] == "50 %, 25 % seen"
    assert len(block(full, "services", "day").strips) == 11


def test_alerts_that_are_left_out_are_counted(full):
    fewer = section(replace(full, active=full.active[:1]), "alerts").blocks
    assert fewer[0].text.startswith("4 fire now (2 critical, 2 warning), 1 pending, 1 flapping.")
    assert [one.text for one in fewer if isinstance(one, Prose)][1] == "And 3 more: see `pake alerts list`."
    assert "service-down 3 times" in fewer[-1].text


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
    assert document(made.report).lead in made.html.read_text("utf-8")
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


def test_charts_are_drawn_of_what_was_sampled_with_the_bounds_of_key_figures(full):
    charts = section(full, "week").blocks
    assert [one.key for one in charts] == list(CHARTED)
    disk = charts[2]
    assert (disk.warning, disk.limit, len(disk.times)) == (80, 95, 168)
    assert min(mean for mean in disk.means if mean is not None) > 70, "the fullest disk"
    silent = replace(full, hourly=[one for one in full.hourly if one.at != disk.times[50]])
    assert section(silent, "week").blocks[2].means.index(None) == 50
    fewer = replace(full, hourly=[one for one in full.hourly if one.metric == "cpu_usage_percent"])
    assert len(section(fewer, "week").blocks) == 1


def test_what_it_says_can_be_written_as_json(full, empty):
    assert monitoring_said(empty)["uptime_percentage"] is None
    assert set(monitoring_said(full)) == set(monitoring_said(empty))
