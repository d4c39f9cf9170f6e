"""Every item of every checklist passes, fails or is unknown for its own reasons, and never passes unknown."""

from dataclasses import replace
from itertools import product

import pytest

from pake_pipelines.model.alert import AlertState, Severity
from pake_pipelines.model.episode import Episode
from pake_pipelines.model.health import HealthStatus
from pake_pipelines.model.maintenance import ProofState
from pake_pipelines.model.status import CheckStatus
from pake_pipelines.reports.advice.situation import Sampling
from pake_pipelines.reports.checklists.judged import Judged, together
from pake_pipelines.reports.checklists.seen import LogErrors
from pake_pipelines.reports.document import Verdict
from pake_pipelines_tests.reports.advice.situations import (
    BOUNDS,
    DAY,
    HOUR,
    NOW,
    alert,
    alerts,
    backup,
    channel,
    forecast,
    incident,
    service,
)
from pake_pipelines_tests.reports.checklists.seen import (
    JUDGED,
    RHYTHMS,
    all_well,
    but,
    kpi,
    nothing,
    pressure,
    regression,
    seeing,
    trend,
    up,
    with_task,
    without_task,
)

PASS, FAIL, UNKNOWN = Verdict.PASS, Verdict.FAIL, Verdict.UNKNOWN
OF_WEEK = sum(rhythm in {"often", "daily", "weekly"} for rhythm in RHYTHMS.values())
UNHEALTHY, NOT_KNOWN = HealthStatus.UNHEALTHY, HealthStatus.UNKNOWN
# tasks by the items that ask for them
OF_TASKS = {
    ("daily", "log_rotation"): "log_cleanup",
    ("daily", "docker_usage"): "docker_usage",
    ("weekly", "capacity"): "capacity_check",
    ("weekly", "maintenance_tasks"): "log_cleanup",
    ("weekly", "updates"): "system_updates",
    ("weekly", "backup_verification"): "backup_verification",
    ("weekly", "configuration_audit"): "configuration_audit",
    ("monthly", "security_audit"): "dependency_scan",
    ("monthly", "security_updates"): "system_updates",
    ("monthly", "performance_optimization"): "deep_optimization",
    ("monthly", "recovery_test"): "recovery_drill",
    ("monthly", "clean_up"): "monthly_archival",
    ("yearly", "full_update"): "dependency_scan",
    ("yearly", "backup_verification_all"): "backup_verification_all",
    ("yearly", "configuration_audit"): "configuration_audit",
    ("yearly", "disaster_recovery"): "recovery_drill",
}
SECURITY = Episode(
    "a",
    "f",
    "vulnerabilities",
    Severity.ERROR,
    {},
    AlertState.FIRING,
    "2 known vulnerabilities",
    NOW,
    NOW,
    fired_at=NOW,
)
REACHED = {"email": channel("dead", "refused"), "slack": channel("sent")}
LACKING = {name: channel("not_configured", "no recipients") for name in BOUNDS.channels}

# what is seen, item, verdict, and what the evidence has
CASES = {
    "a service is down": (but(services=[service(UNHEALTHY)]), "daily health_status", FAIL, "redis is unhealthy"),
    "a service is unknown": (
        but(services=[service(), service(NOT_KNOWN, name="n8n")]), "daily health_status", UNKNOWN,
        "1 of 2 services: n8n",
    ),
    "a service is down and another unknown": (
        but(services=[service(UNHEALTHY), service(NOT_KNOWN, name="n8n")]), "daily health_status", FAIL, "redis",
    ),
    "no service is configured": (
        but(services=[service(HealthStatus.NOT_CONFIGURED)]), "daily health_status", UNKNOWN, "no service was probed",
    ),
    "an alert on security fires": (
        seeing(security_alerts=[SECURITY]), "daily security_alerts", FAIL, "vulnerabilities: 2 known",
    ),
    "another alert fires": (but(alerts=alerts(alert())), "daily security_alerts", PASS, "none of 1"),
    "alert rules are judged no more": (
        seeing(evaluated_at=NOW - HOUR), "daily security_alerts", UNKNOWN, "judged last on 22 Nov 11:00",
    ),
    "an alert fires though rules are judged no more": (
        seeing(security_alerts=[SECURITY], evaluated_at=None), "daily security_alerts", FAIL, "vulnerabilities",
    ),
    "a key figure warns": (
        seeing(kpis=[kpi(), kpi(CheckStatus.WARN, 85.0)]), "daily performance_metrics", FAIL, "cpu 85 %, 80 % warns",
    ),
    "a key figure is unknown": (
        seeing(kpis=[kpi(), kpi(CheckStatus.UNKNOWN, None, "no sample")]), "daily performance_metrics", UNKNOWN,
        "no sample",
    ),
    "no backup": (but(backups=[]), "daily backup_status", FAIL, "there is no backup"),
    "an old backup": (but(backups=[backup(27)]), "daily backup_status", FAIL, "27 h old; 26 h are allowed"),
    "a damaged backup and a proven one": (
        but(backups=[backup(2, ProofState.DAMAGED), backup(20)]), "daily backup_status", PASS, "backup-20",
    ),
    "a backup that could not be tried": (
        but(backups=[backup(2, ProofState.UNAVAILABLE)]), "daily backup_status", UNKNOWN, "none was ever proven",
    ),
    "a backup that nobody tried": (
        but(backups=[backup(2, ProofState.UNPROVEN), backup(60)]), "daily backup_status", FAIL, "60 h old",
    ),
    "more errors": (seeing(log=LogErrors(90, True, "90, 3 before")), "daily error_logs", FAIL, "90 error lines"),
    "errors as ever": (seeing(log=LogErrors(9, False, "9, 60 before")), "daily error_logs", PASS, "9, 60 before"),
    "errors without a past": (seeing(log=LogErrors(9, None, "too short")), "daily error_logs", UNKNOWN, "too short"),
    "no errors in lines of an hour": (
        seeing(log=LogErrors(0, None, "", whole=False)), "daily error_logs", UNKNOWN, "not all lines",
    ),
    "a critical service was down": (
        seeing(uptimes={"redis": up(0.98)}), "daily service_availability", FAIL, "redis 98 %",
    ),
    "a critical service was seldom seen": (
        seeing(uptimes={"redis": up(known=0.5)}), "daily service_availability", UNKNOWN, "redis 50 %",
    ),
    "a critical service was never seen": (seeing(uptimes={}), "daily service_availability", UNKNOWN, "redis 0 %"),
    "the full optimisation is upkeep": (
        with_task("database_upkeep", hours=30), "daily database_upkeep", PASS, "full_optimization done",
    ),
    "an incident is open": (but(incidents=[incident()]), "weekly security_incidents", FAIL, "inc_1"),
    "incidents without judged rules": (seeing(evaluated_at=None), "weekly security_incidents", UNKNOWN, "never judged"),
    "health declines": (
        but(analyses=trend("declining")), "weekly performance_trends", FAIL, "of 1 figure: health of all services",
    ),
    "too few days": (but(analyses=trend("insufficient")), "weekly performance_trends", UNKNOWN, "too few days"),
    "a job is slower": (but(analyses=regression(True)), "weekly performance_analysis", FAIL, "ingest"),
    "too few runs": (but(analyses=regression(False, None)), "weekly performance_analysis", UNKNOWN, "often enough"),
    "series over their bounds": (
        with_task("capacity_check", over=1), "weekly capacity", FAIL, "1 series is over its bound",
    ),
    "under pressure": (but(analyses=pressure("consistent")), "weekly capacity_scaling", FAIL, "CPU usage: as it is"),
    "pressure unknown": (but(analyses=pressure("unknown")), "weekly capacity_scaling", UNKNOWN, "known of CPU usage"),
    "full within the month": (
        but(forecasts=[forecast(20)]), "weekly capacity_scaling", FAIL,
        "disk usage reaches its limit on 12 Dec",
    ),
    "nothing was foreseen": (but(forecasts=[]), "weekly capacity_scaling", UNKNOWN, "forecasts"),
    "updates are pending": (with_task("system_updates", pending=4), "weekly updates", FAIL, "4 updates"),
    "some updates are known": (
        with_task("system_updates", "unavailable", pending=4), "weekly updates", FAIL, "4 updates",
    ),
    "updates were not counted": (with_task("system_updates"), "weekly updates", UNKNOWN, "not counted"),
    "the audit has errors": (
        with_task("configuration_audit", "failed", errors=2), "weekly configuration_audit", FAIL, "failed",
    ),
    "the audit has warnings": (
        with_task("configuration_audit", errors=0, warnings=2), "weekly configuration_audit", PASS, "done",
    ),
    "the audit of the year has warnings": (
        with_task("configuration_audit", errors=0, warnings=2), "yearly configuration_audit", FAIL, "2 warnings",
    ),
    "a report was never made": (seeing(reports={}), "weekly security_review", UNKNOWN, "never made"),
    "a report is old": (
        seeing(reports={"security_report": NOW - 9 * DAY}), "weekly security_review", FAIL, "13 Nov",
    ),
    "a task of the week failed": (
        with_task("storage_cleanup", "failed"), "weekly maintenance_tasks", FAIL,
        f"1 of {OF_WEEK} tasks are failed or late",
    ),
    "a task that is due on all days but one": (
        with_task("database_upkeep", hours=49), "weekly maintenance_tasks", PASS, f"all {OF_WEEK}",
    ),
    "vulnerabilities are known": (
        with_task("dependency_scan", "failed", total_vulnerabilities=2), "monthly security_audit", FAIL, "failed",
    ),
    "nothing was restored": (but(backups=[backup(33 * 24)]), "monthly backup_test", UNKNOWN, "no backup was restored"),
    "a restored backup is damaged": (
        but(backups=[backup(9), backup(2, ProofState.DAMAGED)]), "monthly backup_test", FAIL, "backup-2",
    ),
    "an incident of the month is open": (seeing(incidents=[incident()]), "monthly incident_review", FAIL, "1 of 1"),
    "incidents of the month are closed": (
        seeing(incidents=[incident(closed=True)]), "monthly incident_review", PASS, "1 incident of the month is closed",
    ),
    "never sampled": (but(sampling=Sampling(None)), "yearly monitoring_setup", FAIL, "ever sampled"),
    "sampled no more": (but(sampling=Sampling(NOW - DAY)), "yearly monitoring_setup", FAIL, "21 Nov"),
    "rules judged no more": (seeing(evaluated_at=NOW - DAY), "yearly monitoring_setup", FAIL, "judged last"),
    "one channel got a message out": (but(channels=REACHED), "yearly monitoring_setup", PASS, "slack"),
    "no channel is configured": (but(channels=LACKING), "yearly monitoring_setup", FAIL, "no recipients"),
    "no message went out yet": (but(channels={}), "yearly monitoring_setup", UNKNOWN, "no message"),
}  # fmt: skip


def judged(name, seen):
    rhythm, key = name.split() if isinstance(name, str) else name
    return JUDGED[rhythm, key].judge(seen)


@pytest.mark.parametrize("case", CASES)
def test_an_item_comes_out_as_what_was_seen_says(case):
    seen, name, verdict, evidence = CASES[case]
    found = judged(name, seen)
    assert (found.verdict, evidence in found.evidence) == (verdict, True), found.evidence


@pytest.mark.parametrize("name", JUDGED, ids=" ".join)
def test_every_item_passes_with_evidence_where_all_is_well(name):
    found = judged(name, all_well())
    assert found.verdict is PASS, found.evidence
    assert found.evidence


@pytest.mark.parametrize("name", JUDGED, ids=" ".join)
def test_nothing_that_was_not_read_is_a_pass_or_a_failure(name):
    found = judged(name, nothing())
    assert found.verdict is UNKNOWN, found.evidence
    assert found.evidence


def test_every_item_can_fail_and_can_be_unknown():
    told = {tuple(name.split()): set() for _, name, _, _ in CASES.values()}
    for _, name, verdict, _ in CASES.values():
        told[tuple(name.split())].add(verdict)
    others = {name for name in JUDGED if name not in OF_TASKS and FAIL not in told.get(name, ())}
    # they are other tasks, or the same look at another report
    assert others == {("daily", "database_upkeep"), ("weekly", "audit_log"), ("monthly", "capacity_assessment")}


@pytest.mark.parametrize("name", OF_TASKS, ids=" ".join)
@pytest.mark.parametrize("state", ["skipped", "unavailable", "running"])
def test_what_a_task_could_not_do_is_unknown(name, state):
    found = judged(name, with_task(OF_TASKS[name], state, summary="there is no docker"))
    assert found.verdict is UNKNOWN
    assert state == "running" or "there is no docker" in found.evidence


@pytest.mark.parametrize("name", OF_TASKS, ids=" ".join)
def test_what_never_ran_is_unknown(name):
    found = judged(name, without_task(OF_TASKS[name]))
    assert found.verdict is UNKNOWN
    assert "has never run here" in found.evidence


@pytest.mark.parametrize("name", OF_TASKS, ids=" ".join)
@pytest.mark.parametrize("state", ["failed", "abandoned"])
def test_a_task_that_failed_fails_its_item(name, state):
    assert judged(name, with_task(OF_TASKS[name], state)).verdict is FAIL


@pytest.mark.parametrize("name", OF_TASKS, ids=" ".join)
def test_a_task_that_was_done_too_long_ago_fails_its_item(name):
    found = judged(name, with_task(OF_TASKS[name], hours=24 * 400))
    assert found.verdict is FAIL
    assert "400 days ago" in found.evidence


def test_a_run_of_a_clock_that_was_wrong_is_unknown():
    assert judged("daily log_rotation", with_task("log_cleanup", hours=-0.5)).verdict is PASS
    assert judged("daily log_rotation", with_task("log_cleanup", hours=-3)).verdict is UNKNOWN


def test_a_task_that_is_switched_off_is_no_pass_and_says_so():
    seen = replace(without_task("recovery_drill"), rhythms={"log_cleanup": "daily"})
    found = judged("yearly disaster_recovery", seen)
    assert (found.verdict, "switched off" in found.evidence) == (UNKNOWN, True)


def test_tasks_that_are_switched_off_are_not_asked_for():
    seen = without_task("docker_usage")
    rhythms = {name: rhythm for name, rhythm in RHYTHMS.items() if name != "docker_usage"}
    assert judged("weekly maintenance_tasks", seen).verdict is UNKNOWN
    assert judged("weekly maintenance_tasks", replace(seen, rhythms=rhythms)).verdict is PASS


@pytest.mark.parametrize("verdicts", list(product((PASS, UNKNOWN, FAIL), repeat=3)), ids="-".join)
def test_of_several_looks_the_worst_speaks_and_unknown_is_never_a_pass(verdicts):
    found = together(Judged(verdict, verdict.value) for verdict in verdicts)
    worst = FAIL if FAIL in verdicts else UNKNOWN if UNKNOWN in verdicts else PASS
    assert found.verdict is worst
    assert set(found.evidence.split("; ")) == {worst.value}


def test_no_look_at_all_is_unknown():
    assert together([]).verdict is UNKNOWN
