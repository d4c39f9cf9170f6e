"""What a real database has recommended and ticked off: of a fresh project, and where this and that is wrong."""

import asyncio
from datetime import timedelta

import pytest

from pake_pipelines.model.health import HealthSample, HealthStatus
from pake_pipelines.model.maintenance import ProofState
from pake_pipelines.model.metric import MetricSample
from pake_pipelines.reports.advice import advise, look
from pake_pipelines.reports.checklists import daily, reading, weekly
from pake_pipelines.reports.document import Verdict
from pake_pipelines.reports.opening import open_desk
from pake_pipelines.settings import Settings
from pake_pipelines.store import (
    alert_rounds,
    analyses,
    anomalies,
    backups,
    checklist_ticks,
    forecasts,
    health_samples,
    maintenance_runs,
    metric_samples,
    monitor_ticks,
)
from pake_pipelines.store.database import open_database
from pake_pipelines_tests.reports.advice.situations import DAY, HOUR, anomaly, forecast
from pake_pipelines_tests.reports.advice.situations import NOW as MADE

NOW = MADE + HOUR
MINUTE = HOUR / 60
ALERTS = """
INSERT INTO alerts (alert_id, fingerprint, rule, severity, labels, state, summary, recommendations, started_at,
                    fired_at, last_seen_at, group_key)
VALUES ('a1', 'a1', 'vulnerabilities', 'error', '{}', 'firing', 'two of them', ARRAY['Update them.'], $1, $1, $1, 'g')
"""
MESSAGES = """
INSERT INTO notifications (key, channel, kind, group_key, message, due_at, created_at, state, ended_at, last_error)
SELECT 'key ' || channel || n, channel, 'alerts', 'g', '{}', $1, $1, state,
       $1::timestamptz + n * interval '1 minute', said
FROM (VALUES ('slack', 1, 'sent', NULL), ('slack', 2, 'not_configured', 'the variable is not set'),
             ('email', 1, 'not_configured', 'it has no recipients'), ('email', 2, 'sent', NULL)
     ) m (channel, n, state, said)
"""


def load(minutes, value):
    return MetricSample("cpu_usage_percent", value, "percent", NOW - minutes * MINUTE)


async def fill(connection):
    await health_samples.save(
        connection,
        [
            HealthSample("knowledge-database", "postgres", True, HealthStatus.UNHEALTHY, NOW - MINUTE, None, "refused"),
            HealthSample("data-disk", "disk", True, HealthStatus.HEALTHY, NOW - MINUTE, 2.0, "has room"),
        ],
    )
    memory = MetricSample("memory_usage_percent", 50.0, "percent", NOW - MINUTE)
    await metric_samples.save(connection, [load(5, 95), load(20, 91), load(40, 90), load(70, 1), memory])
    await connection.execute(ALERTS, NOW - 2 * HOUR)
    await connection.execute(MESSAGES, NOW - 2 * HOUR)
    made = {"target": "here", "run_id": "run", "seconds": 1.0, "encrypted": False, "migration": "0007", "manifest": {}}
    for name, age in (("young", 3 * HOUR), ("old", 60 * HOUR)):
        await backups.save(connection, name=name, created_at=NOW - age, size=10, **made)
    await backups.set_proof(connection, "old", ProofState.PROVEN, NOW - 59 * HOUR, 1.0, "equal")
    for task, state, details in (
        ("configuration_audit", "failed", {"errors": 1, "warnings": 0}),
        ("dependency_scan", "unavailable", {}),
        ("log_cleanup", "done", {}),
    ):
        number = await maintenance_runs.begin(
            connection, task=task, actor="pake", run_id="run", dry_run=False, now=NOW - 2 * HOUR
        )
        await maintenance_runs.finish(
            connection, number, state=state, summary=f"{task} says so", details=details, now=NOW - HOUR
        )
    # under way: what the run before it came to stands until it ends
    await maintenance_runs.begin(
        connection, task="dependency_scan", actor="pake", run_id="run", dry_run=False, now=NOW - MINUTE
    )
    await analyses.save(connection, "regression", {"ingest": {
        "regressed": True, "recent_seconds": 30.0, "median_seconds": 10.0, "ratio": 3.0,
    }}, run_id="run", now=NOW - HOUR)  # fmt: skip
    await forecasts.save(connection, [forecast(5, mount="/")])
    await anomalies.save(connection, [anomaly()])
    await monitor_ticks.note(connection, alert_rounds.NAME, NOW - MINUTE, 0.1)
    await checklist_ticks.note(connection, "weekly_operations_checklist", "documentation", actor="lea", note="first")
    await checklist_ticks.note(connection, "weekly_operations_checklist", "documentation", actor="lea", note="again")
    await checklist_ticks.note(connection, "monthly_operations_checklist", "thresholds", actor="lea", note="")


@pytest.fixture(scope="module")
def seen(module_database_url, tmp_path_factory):
    """What a fresh project and a filled one recommend, and the daily and weekly checklists of both."""
    home = tmp_path_factory.mktemp("home")
    (home / "configs").mkdir()
    settings = Settings(home=home)

    async def at(database):
        async with open_desk(database, settings, None, "v", NOW) as desk:
            return advise(await look(desk)), await daily.write(desk), await weekly.write(desk)

    async def ticks(database):
        async with database.connection() as connection:
            now = await connection.fetchval("SELECT now()")
            held = await checklist_ticks.newest(connection, "weekly_operations_checklist", now - DAY)
            return held, await checklist_ticks.newest(connection, "weekly_operations_checklist", now + DAY)

    async def both():
        async with open_database(module_database_url) as database:
            fresh = await at(database)
            async with database.transaction() as connection:
                await fill(connection)
            return fresh, await at(database), await ticks(database)

    return asyncio.run(both())


def item(document, key):
    blocks = [block for section in document.sections for block in section.blocks]
    return next(one for block in blocks for one in block.items if one.key == key)


def test_a_fresh_project_is_told_what_nobody_has_done_yet(seen):
    recommended, _, _ = seen[0]
    assert [one.code for one in recommended] == ["MON-01", "MON-24", "BAK-05", "MNT-07", "SEC-03"]
    assert recommended[0].link.href.endswith("docs/runbooks/system-down.md")


def test_of_a_fresh_project_nothing_passes(seen):
    _, made, _ = seen[0]
    verdicts = {figure.name: figure.value for figure in made.figures}
    assert verdicts == {"passed": 0, "failed": 1, "unknown": 8, "for a person": 0}
    assert item(made, "backup_status").verdict is Verdict.FAIL


def test_what_is_wrong_is_recommended_the_gravest_first_with_its_figures(seen):
    recommended, _, _ = seen[1]
    found = {one.code: one.evidence for one in recommended}
    assert list(found) == [
        "MON-09", "SEC-10", "ANA-07", "vulnerabilities", "MON-12", "BAK-10", "ANA-14", "SEC-03", "NOT-06", "ANA-02",
    ]  # fmt: skip
    assert found["MON-09"] == "knowledge-database: refused"
    assert found["MON-12"].startswith("CPU usage 92.0 %")
    assert "60 h old; 50 h are allowed" in found["BAK-10"]
    assert "/ reaches 90 % on 27 Nov" in found["ANA-07"]
    assert found["NOT-06"] == "slack: the variable is not set"
    assert found["SEC-03"].endswith("dependency_scan says so")


def test_the_checklist_is_judged_by_the_same(seen):
    _, made, _ = seen[1]
    expected = {
        "health_status": Verdict.FAIL,
        "security_alerts": Verdict.FAIL,
        "log_rotation": Verdict.PASS,
        "docker_usage": Verdict.UNKNOWN,
    }
    assert {key: item(made, key).verdict for key in expected} == expected
    assert "two of them" in item(made, "security_alerts").evidence


def test_the_newest_tick_of_an_item_counts_where_it_is_not_too_old(seen):
    held, later = seen[2]
    assert {key: (one.actor, one.note) for key, one in held.items()} == {"documentation": ("lea", "again")}
    assert later == {}


def test_errors_of_the_logs_are_compared_with_the_days_before(tmp_path):
    lines = [f'{{"timestamp":"{NOW - age:%Y-%m-%dT%H:%M:%S.000+00:00}","level":"error","component":"a","message":"x"}}'
             for age in [MINUTE] * 30 + [day * DAY for day in (2, 3, 6)] + [7 * DAY - HOUR]]  # fmt: skip
    (tmp_path / "application.log").write_text("\n".join(lines) + "\n")
    found = reading.log_errors(reading.read_logs(tmp_path, NOW - 7 * DAY, NOW - DAY, NOW), NOW)
    assert (found.lines, found.more, found.whole) == (30, True, True)
    nobody = reading.read_logs(tmp_path / "none", NOW - 7 * DAY, NOW - DAY, NOW)
    assert reading.log_errors(nobody, NOW) is None
    young = reading.read_logs(tmp_path, NOW - timedelta(hours=1), NOW - timedelta(minutes=30), NOW)
    assert reading.log_errors(young, NOW).more is None
