"""Items that a task of maintenance answers: done is what was done in time, and what could not be done is unknown."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from pake_pipelines.reports.advice.rule import named
from pake_pipelines.reports.amounts import counted, long
from pake_pipelines.reports.checklists.judged import Judged, failed, passed, together, unknown
from pake_pipelines.reports.checklists.seen import RHYTHMS, Seen
from pake_pipelines.reports.document import Verdict
from pake_pipelines.reports.strangers import shown
from pake_pipelines.store.maintenance_runs import TaskRun

Judge = Callable[[Seen], Judged]


@dataclass(frozen=True, slots=True)
class Fault:
    """What a task may find: where its details have the number, and what one and several are called."""

    key: str
    one: str
    several: str


_OFTEN: Final = ("often", "daily", "weekly")
_AHEAD: Final = timedelta(hours=1)  # a clock that was put right goes back by so much, and by no more


def done(task: str, rhythm: str) -> Judge:
    """Return an item that asks whether a task was done within its rhythm."""
    return lambda seen: newest(task, rhythm, seen)


def any_done(rhythm: str, *tasks: str) -> Judge:
    """Return an item that is a pass when one of several tasks was done, which stand in for one another."""

    def judge(seen: Seen) -> Judged:
        found = [newest(task, rhythm, seen) for task in tasks]
        good = [one for one in found if one.verdict is Verdict.PASS]
        return good[0] if good else together(found)

    return judge


def all_done(rhythm: str, *tasks: str) -> Judge:
    """Return an item that asks for several tasks."""
    return lambda seen: together(newest(task, rhythm, seen) for task in tasks)


def run_of(seen: Seen, task: str) -> TaskRun | None:
    """Return the newest run of a task, one that is under way among them."""
    return (seen.situation.tasks or {}).get(task)


def newest(task: str, rhythm: str, seen: Seen) -> Judged:
    """Judge whether a task was done within its rhythm."""
    run = run_of(seen, task)
    if run is None and seen.rhythms and task not in seen.rhythms:
        return unknown(f"{task} is switched off, and has never run here")
    return of_run(task, run, RHYTHMS[rhythm], seen.now)


def of_run(task: str, run: TaskRun | None, within: timedelta, now: datetime) -> Judged:
    """Judge the newest run of a task."""
    if run is None:
        return unknown(f"{task} has never run here")
    age = now - run.started_at
    when = f"{run.started_at:%d %b %H:%M} UTC"
    if age < -_AHEAD:
        return unknown(f"{task} is dated {when}, after now: the clock was wrong")
    if run.state == "running":
        return unknown(f"{task} has been under way since {when}")
    said = shown(f"{task} {run.state}, {when}: {run.summary}" if run.summary else f"{task} {run.state}, {when}", 300)
    if run.state in {"failed", "abandoned"}:
        return failed(said)
    if run.state != "done":
        return unknown(said)
    return passed(said) if age <= within else failed(f"{said}; that is {long(age)} ago")


def all_tasks(seen: Seen) -> Judged:
    """Judge every task that is due at least once a week."""
    wanted = {task: rhythm for task, rhythm in seen.rhythms.items() if rhythm in _OFTEN}
    # what is due on all days but one is not late on the day after
    found = {
        task: of_run(task, run_of(seen, task), max(RHYTHMS[rhythm], timedelta(hours=50)), seen.now)
        for task, rhythm in wanted.items()
    }
    if seen.situation.tasks is None or not found:
        return unknown("the runs of maintenance were not read")
    for verdict, judge, words in ((Verdict.FAIL, failed, "failed or late"), (Verdict.UNKNOWN, unknown, "unknown")):
        bad = [one.evidence for one in found.values() if one.verdict is verdict]
        if bad:
            return judge(f"{len(bad)} of {len(found)} tasks are {words}: {named(bad)}")
    return passed(f"all {len(found)} tasks of the week were done")


def without(rhythm: str, task: str, *faults: Fault) -> Judge:
    """Return an item that asks for a task, and that it counted none of some faults."""

    def judge(seen: Seen) -> Judged:
        run = run_of(seen, task)
        found = newest(task, rhythm, seen)
        if run is None or run.state == "running" or found.verdict is Verdict.FAIL:
            return found
        numbers = {fault: run.details.get(fault.key) for fault in faults}
        wrong = [counted(number, fault.one, fault.several) for fault, number in numbers.items() if number]
        if wrong:
            # what was found stands, also where the rest could not be looked at
            return failed(f"{' and '.join(wrong)}; {found.evidence}")
        if found.verdict is Verdict.PASS and None in numbers.values():
            return unknown(f"what was found was not counted; {found.evidence}")
        return found

    return judge


PENDING: Final = Fault("pending", "update is pending", "updates are pending")
ERRORS: Final = Fault("errors", "error", "errors")
WARNINGS: Final = Fault("warnings", "warning", "warnings")
VULNERABILITIES: Final = Fault("total_vulnerabilities", "known vulnerability", "known vulnerabilities")
OVER: Final = Fault("over", "series is over its bound", "series are over their bounds")
