"""Each rule speaks beyond its bound, is silent up to it, and says nothing of what is not known."""

import pytest

from pake_pipelines.model.health import HealthStatus
from pake_pipelines.model.maintenance import ProofState
from pake_pipelines.reports.advice import RULES, Situation
from pake_pipelines.reports.advice.situation import Sampling
from pake_pipelines.reports.qa.figures import RuleLine
from pake_pipelines.store.qa_findings import FactorMean
from pake_pipelines.store.qa_statistics import SourceLine
from pake_pipelines_tests.reports.advice.situations import (
    BOUNDS,
    DAY,
    HOUR,
    NOW,
    alert,
    alerts,
    analysis,
    anomaly,
    backup,
    channel,
    fine,
    forecast,
    incident,
    knowledge,
    load,
    service,
    situation,
    task,
    tasks,
)

BY_NAME = {rule.name: rule for rule in RULES}
MINUTE = HOUR / 60
UNHEALTHY, DEGRADED, UNKNOWN = HealthStatus.UNHEALTHY, HealthStatus.DEGRADED, HealthStatus.UNKNOWN
SCAN, AUDIT = "dependency_scan", "configuration_audit"
NOT_SET = "the environment variable SLACK_WEBHOOK_URL is not set"
SLOWER = {"median_seconds": 10.0, "recent_seconds": 30.0, "ratio": 3.0, "runs": 20, "reason": ""}
FINDING = {"severity": "error", "where": "a.yaml", "what": "!"}
FIVE = [alert(number=number) for number in range(5)]


def pressed(metric, state="consistent"):
    found = {"state": state, "share_above": 0.9, "bound": 80.0, "samples": 48, "reason": "as it is"}
    return {"analyses": analysis("pressure", metric, found)}


def insight(kind):
    return {"analyses": analysis("insight", kind, {"type": kind, "message": "declined by 20 %"})}


def health(judged):
    found = {"month": {"judged": judged, "change": -3.2, "direction": "falling"}}
    return {"analyses": analysis("trend", "health", found)}


def frequency(task_name, seconds):
    found = {"current_seconds": 7200, "recommended_seconds": seconds, "score": 0.95, "reason": ""}
    return {"analyses": analysis("frequency", task_name, found)}


def quiet(start):
    found = {"start_hour": start, "hours": 2, "confidence": 0.9, "days": 9, "reason": ""}
    return {"analyses": analysis("quiet_hours", "cpu_usage_percent", found)}


# rule -> where it speaks, what the evidence has, and where it is just silent
CASES = {
    "critical-services-down": (
        {"services": [service(UNHEALTHY)]}, "redis: as it is", {"services": [service(UNHEALTHY, critical=False)]},
    ),
    "nothing-probed": (
        {"services": [service(UNKNOWN), service(UNKNOWN, name="other")]}, "2 services",
        {"services": [service(UNKNOWN), service()]},
    ),
    "nothing-sampled": (
        {"sampling": Sampling(NOW - 31 * MINUTE)}, "22 Nov 11:29", {"sampling": Sampling(NOW - 30 * MINUTE)},
    ),
    "incidents-overdue": ({"incidents": [incident()]}, "inc_1", {"incidents": [incident(hours=0.5)]}),
    "many-alerts": (
        {"alerts": alerts(*FIVE, firing=6)}, "6 alerts fire, more than 5", {"alerts": alerts(*FIVE)},
    ),
    "slow-services": (
        {"services": [service(DEGRADED, ms=5001)]}, "5,001 ms", {"services": [service(DEGRADED, ms=5000)]},
    ),
    "high-cpu": (
        {"hour": [load("cpu_usage_percent", 80.1)]}, "CPU usage 80.1 %", {"hour": [load("cpu_usage_percent", 80.0)]},
    ),
    "high-memory": (
        {"hour": [load("memory_usage_percent", 86)]}, "memory usage 86.0 %",
        {"hour": [load("memory_usage_percent", 99, samples=2)]},
    ),
    "low-disk-space": (
        {"hour": [load("disk_usage_percent", 91, mount="/srv")]}, "disk usage /srv 91.0 %",
        {"hour": [load("disk_usage_percent", 90, mount="/srv")]},
    ),
    "many-pending": (
        {"knowledge": knowledge(pending=101, rules=[RuleLine("broken_links", unknown=7)])}, "broken links 7",
        {"knowledge": knowledge(pending=100)},
    ),
    "low-average-confidence": (
        {"knowledge": knowledge(verified=3, average=0.59, sources=[
            SourceLine("a", "Weak", 9, 0, 9, 0, 0, 0, 0, 0, 0.2), SourceLine("b", "Good", 9, 9, 0, 0, 0, 0, 0, 0, 0.9),
        ])},
        "The weakest sources: Weak 0.20.", {"knowledge": knowledge(verified=3, average=0.6)},
    ),
    "many-low-confidence": (
        {"knowledge": knowledge(verified=100, low=21, factors=[FactorMean("source_authority", 9, 9, 0.2, 0.25, 0.2)])},
        "21% of all items have low confidence, more than 20%. What holds scores back most: source authority.",
        {"knowledge": knowledge(verified=10, low=2)},
    ),
    "many-rejected": (
        {"knowledge": knowledge(verified=89, rejected=11, rules=[RuleLine("spam", fail=50)])}, "spam 50",
        {"knowledge": knowledge(verified=9, rejected=1)},
    ),
    "backup-old": ({"backups": [backup(27)]}, "27 h old", {"backups": [backup(26), backup(90)]}),
    "backup-damaged": (
        {"backups": [backup(2, ProofState.DAMAGED)]}, "backup-2",
        {"backups": [backup(2, ProofState.DAMAGED, removed=True)]},
    ),
    "backup-unproven": (
        {"backups": [backup(2, ProofState.UNPROVEN), backup(51)]}, "51 h old", {"backups": [backup(50)]},
    ),
    "nothing-maintained": (
        {"tasks": tasks(task("log_cleanup", hours=49))}, "20 Nov", {"tasks": tasks(task("log_cleanup", hours=47))},
    ),
    "tasks-failed": (
        {"tasks": tasks(task("log_cleanup", "failed"), task(AUDIT, "failed"))}, "log_cleanup: as it is",
        {"tasks": tasks(task("log_cleanup", "unavailable"))},
    ),
    "audit-errors": (
        {"tasks": tasks(task(AUDIT, "failed", errors=1, findings=[FINDING]))},
        "a.yaml !", {"tasks": tasks(task(AUDIT, errors=0, warnings=1))},
    ),
    "audit-warnings": (
        {"tasks": tasks(task(AUDIT, errors=0, warnings=2))}, "as it is",
        {"tasks": tasks(task(AUDIT, "failed", errors=1, warnings=2))},
    ),
    "vulnerable": (
        {"tasks": tasks(task(SCAN, "failed", total_vulnerabilities=2))}, "as it is", {"tasks": tasks(task(SCAN))},
    ),
    "scan-silent": (
        {"tasks": tasks(task(SCAN, "unavailable", summary="nobody could be asked"))}, "nobody could be asked",
        {"tasks": tasks(task(SCAN, "failed", total_vulnerabilities=2))},
    ),
    "updates-pending": (
        {"tasks": tasks(task("system_updates", pending=4))}, "4 updates",
        {"tasks": tasks(task("system_updates", pending=0))},
    ),
    "nobody-told": (
        {"channels": {name: channel("not_configured", NOT_SET) for name in BOUNDS.channels}}, NOT_SET,
        {"channels": {"email": channel("sent"), "slack": channel("not_configured")}},
    ),
    "channels-lack": (
        {"channels": {"email": channel("sent"), "slack": channel("not_configured", NOT_SET)}}, f"slack: {NOT_SET}",
        {"channels": {"email": channel("sent"), "slack": channel("dead")}},
    ),
    "performance-declines": (insight("performance_decline"), "declined by 20 %", insight("capacity_planning")),
    "grows-fast": (insight("capacity_planning"), "declined", insight("performance_decline")),
    "full-soon": (
        {"forecasts": [forecast(7, mount="/")]}, "disk usage / reaches 90 % on 29 Nov (between 28 Nov and 30 Nov)",
        {"forecasts": [forecast(8)]},
    ),
    "full-later": ({"forecasts": [forecast(30)]}, "22 Dec", {"forecasts": [forecast(31)]}),
    "health-declines": (health("declining"), "by 3.2 points over 30 days", health("stable")),
    "cpu-pressed": (pressed("cpu_usage_percent"), "above 80 % in 90 %", pressed("cpu_usage_percent", "unknown")),
    "memory-pressed": (
        pressed("memory_usage_percent"), "memory usage was", pressed("memory_usage_percent", "within"),
    ),
    "disk-pressed": (pressed("disk_usage_percent /srv"), "disk usage /srv", pressed("memory_usage_percent")),
    "slower-database": (pressed("db_query_ms", "increased"), "database query", pressed("db_query_ms", "unknown")),
    "connections-pressed": (
        pressed("db_connections_used_percent"), "database connections used",
        pressed("db_connections_used_percent", "unknown"),
    ),
    "slower-runs": (
        {"analyses": analysis("regression", "ingest", {**SLOWER, "regressed": True})}, "ingest takes 30 s, 3.0 times",
        {"analyses": analysis("regression", "ingest", {**SLOWER, "regressed": False})},
    ),
    "odd-series": (
        {"anomalies": [anomaly()]}, "database query since 22 Nov 07:00", {"anomalies": [anomaly(seen=3 * DAY)]},
    ),
    "busy-hours": (quiet(22), "from 22:00 to 00:00 UTC (confidence 90 %)", quiet(None)),
    "other-frequency": (
        frequency("cache_light_cleanup", 8640), "every 2.4 h instead of 2 h", frequency("cache_light_cleanup", 7200),
    ),
}  # fmt: skip


def test_every_rule_has_its_cases():
    assert set(CASES) == set(BY_NAME)
    assert len(BY_NAME) == len(RULES)


@pytest.mark.parametrize("name", CASES)
def test_a_rule_speaks_beyond_its_bound_with_its_evidence(name):
    known, evidence, _ = CASES[name]
    found = BY_NAME[name].recommend(situation(**known))
    assert evidence in found.evidence
    assert found.code == BY_NAME[name].code
    assert found.link is not None


@pytest.mark.parametrize("name", CASES)
def test_a_rule_is_silent_up_to_its_bound(name):
    _, _, known = CASES[name]
    assert BY_NAME[name].recommend(situation(**known)) is None


@pytest.mark.parametrize("name", CASES)
def test_a_rule_is_silent_where_all_is_well_or_nothing_is_known(name):
    assert BY_NAME[name].recommend(fine()) is None
    assert BY_NAME[name].recommend(Situation(NOW)) is None
    assert BY_NAME[name].recommend(situation()) is None


@pytest.mark.parametrize(
    ("name", "known", "evidence"),
    [
        ("nothing-sampled", {"sampling": Sampling(None)}, "never"),
        ("backup-old", {"backups": []}, "there is no backup"),
        ("backup-old", {"backups": [backup(2, ProofState.DAMAGED), backup(1, removed=True)]}, "there is no backup"),
        ("backup-unproven", {"backups": [backup(2, ProofState.UNAVAILABLE)]}, "none of 1"),
        ("nothing-maintained", {"tasks": {}}, "no task of maintenance has ever run"),
        ("scan-silent", {"tasks": {}}, "no scan"),
        ("scan-silent", {"tasks": tasks(task(SCAN, "running"))}, "no scan"),
    ],
    ids=["never sampled", "no backup", "no usable backup", "never proven", "never maintained", "no scan", "scanning"],
)
def test_what_was_never_done_is_a_finding_of_its_own(name, known, evidence):
    assert evidence in BY_NAME[name].recommend(situation(**known)).evidence


@pytest.mark.parametrize("kind", ["pressure", "insight", "trend", "regression", "frequency", "quiet_hours"])
def test_what_was_reckoned_days_ago_says_nothing_of_now(kind):
    for name, (known, _, _) in CASES.items():
        for subject, one in known.get("analyses", {}).get(kind, {}).items():
            old = {"analyses": analysis(kind, subject, one.result, made=3 * DAY)}
            assert BY_NAME[name].recommend(situation(**old)) is None


def test_a_forecast_of_days_ago_says_nothing_of_now():
    assert BY_NAME["full-soon"].recommend(situation(forecasts=[forecast(3, made=3 * DAY)])) is None


def test_a_task_that_follows_by_itself_needs_no_advice():
    from dataclasses import replace

    known = situation(**frequency("cache_light_cleanup", 8640))
    follows = replace(known, bounds=replace(BOUNDS, adaptive=("cache_light_cleanup",)))
    assert BY_NAME["other-frequency"].recommend(known) is not None
    assert BY_NAME["other-frequency"].recommend(follows) is None


def test_tasks_in_the_quiet_hours_are_not_among_those_that_should_move():
    found = BY_NAME["busy-hours"].recommend(situation(**quiet(1)))
    assert "at 01:00" not in found.evidence
    assert "at 03:00" in found.evidence


def test_evidence_names_the_first_three_and_how_many_more():
    many = [service(UNHEALTHY, name=f"s{number}") for number in range(9)]
    found = BY_NAME["critical-services-down"].recommend(situation(services=many))
    assert "s2: as it is; and 6 more" in found.evidence


def test_words_of_strangers_are_one_line_without_marks_that_turn_them():
    evil = "a\u202eb\nc" + "d" * 500
    found = BY_NAME["tasks-failed"].recommend(situation(tasks=tasks(task("log_cleanup", "failed", summary=evil))))
    assert "\u202e" not in found.evidence
    assert "\n" not in found.evidence
    assert len(found.evidence) < 300
