"""What checklists see where all is well, and how one thing of it is made to be otherwise."""

from dataclasses import replace

from pake_pipelines.health.kpis import KpiResult
from pake_pipelines.model.health import Uptime
from pake_pipelines.model.status import CheckStatus
from pake_pipelines.reports.advice.situation import Situation
from pake_pipelines.reports.catalogue import REPORTS
from pake_pipelines.reports.checklists.items import CHECKLISTS
from pake_pipelines.reports.checklists.seen import LogErrors, Seen
from pake_pipelines.store.checklist_ticks import Tick
from pake_pipelines_tests.reports.advice.situations import (
    CONFIGS,
    HOUR,
    NOW,
    analysis,
    fine,
    forecast,
    task,
    tasks,
)

DAY_SECONDS = 86400.0
ITEMS = {(checklist.rhythm, item.key): item for checklist in CHECKLISTS.values() for item in checklist.items}
JUDGED = {name: item for name, item in ITEMS.items() if item.judge is not None}
RHYTHMS = {name: one.rhythm for name, one in CONFIGS.maintenance.tasks.items()}

NO_FAULTS = {"pending": 0, "errors": 0, "warnings": 0, "total_vulnerabilities": 0, "over": 0}


def kpi(status=CheckStatus.OK, value=20.0, detail=""):
    return KpiResult("cpu", "cpu_usage_percent", "percent", status, value, 60, 80, 95, True, "act", {}, NOW, detail)


def up(share=1.0, known=1.0):
    seconds = known * DAY_SECONDS
    return Uptime(100, share * seconds, 0.0, (1 - share) * seconds, DAY_SECONDS - seconds)


def trend(judged):
    return analysis("trend", "health", {"week": {"judged": judged}, "month": {"judged": judged}})


def pressure(state):
    return analysis("pressure", "cpu_usage_percent", {"state": state, "reason": "as it is"})


def regression(regressed, recent=10.0):
    return analysis("regression", "ingest", {"regressed": regressed, "recent_seconds": recent, "reason": ""})


def all_well():
    """Return what is seen where every task was done an hour ago and nothing is wrong."""
    situation = replace(
        fine(),
        tasks=tasks(*(task(name, **NO_FAULTS) for name in RHYTHMS)),
        analyses=trend("stable") | pressure("within") | regression(False),
        forecasts=[forecast(None)],
    )
    return Seen(
        situation=situation,
        kpis=[kpi()],
        uptimes={"redis": up()},
        log=LogErrors(0, None, "nothing to compare with"),
        evaluated_at=NOW,
        incidents=[],
        reports=dict.fromkeys(REPORTS, NOW - HOUR),
        security_rules=frozenset({"vulnerabilities"}),
        security_alerts=[],
        rhythms=RHYTHMS,
    )


def nothing():
    """Return what is seen where nothing could be read."""
    return Seen(Situation(NOW))


def but(**parts):
    """Return what is seen where all is well but for some parts of the situation."""
    seen = all_well()
    return replace(seen, situation=replace(seen.situation, **parts))


def seeing(**parts):
    """Return what is seen where all is well but for some parts that are no part of the situation."""
    return replace(all_well(), **parts)


def with_task(name, state="done", **more):
    """Return what is seen where one task ended otherwise."""
    seen = all_well()
    return but(tasks={**seen.situation.tasks, name: task(name, state, **more)})


def without_task(name):
    """Return what is seen where one task has never run."""
    held = all_well().situation.tasks
    return but(tasks={task_name: run for task_name, run in held.items() if task_name != name})


def ticked(at, note="all of it"):
    return {"documentation": Tick("lea", at, note)}
