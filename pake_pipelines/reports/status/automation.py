"""Sections of what works by itself: the cards of automation (REP-09), schedules and sensors, the last 24 hours."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final

from pake_pipelines.model.dagster_facts import DagsterFacts, ScheduleFact
from pake_pipelines.reports import tones
from pake_pipelines.reports.document import (
    Block,
    Column,
    Figure,
    Figures,
    Link,
    Prose,
    Section,
    Table,
    Tag,
    Tone,
    Value,
)
from pake_pipelines.reports.status.reading import Seen
from pake_pipelines.store.maintenance_runs import TaskRun

CLEANUPS: Final = frozenset({
    "cache_cleanup", "cache_deep_cleanup", "cache_light_cleanup", "log_cleanup", "storage_cleanup",
    "semantic_dedup_cleanup", "retention_sweep", "backup_retention", "monthly_archival",
})  # fmt: skip
"""Tasks that take away what is not needed any more."""

OPTIMIZATIONS: Final = frozenset({"database_upkeep", "full_optimization", "deep_optimization", "dagster_upkeep"})
"""Tasks that keep databases quick."""

NOT_ASKED: Final = "Dagster could not be asked."
_SCHEDULER: Final = "SCHEDULER"
_NEVER: Final = datetime.fromisoformat("9999-12-31T00:00:00+00:00")
_STATES: Final = {
    "success": Tag("launched", Tone.GOOD),
    "skipped": Tag("nothing due", Tone.PLAIN),
    "failure": Tag("failed", Tone.BAD),
    "started": Tag("under way", Tone.NOTICE),
}
_COLUMNS: Final = (
    Column("name", "Name"),
    Column("last_at", "Last run"),
    Column("last_state", "Outcome"),
    Column("next_at", "Next run"),
)


def automation(facts: DagsterFacts | None, now: datetime, latest: Iterable[TaskRun]) -> Section:
    """Return the cards: the scheduler, the last clean-up, the next optimization."""
    cards = [scheduler(facts), _last_cleanup(latest), _next(facts, now)]
    return Section("automation", "Automation", [Figures("automation", cards)])


def scheduler(facts: DagsterFacts | None) -> Figure:
    """Return whether Dagster's scheduler beats, and how much there is for it to do."""
    if facts is None or facts.daemons is None:
        return Figure("Scheduler", None, tone=Tone.UNKNOWN, note=NOT_ASKED)
    daemon = next((one for one in facts.daemons if one.kind == _SCHEDULER), None)
    if daemon is None or daemon.last_heartbeat is None:
        return Figure("Scheduler", Tag("no heartbeat", Tone.BAD), tone=Tone.BAD, at=facts.at)
    on = [one for one in facts.schedules or () if one.on and one.kind == "schedule"]
    if facts.schedules is not None and not on:
        note = "every schedule is switched off"
        return Figure("Scheduler", Tag("idle", Tone.WARN), "", Tone.WARN, note, daemon.last_heartbeat)
    note = f"{len(on)} {'schedule' if len(on) == 1 else 'schedules'} switched on" if facts.schedules is not None else ""
    word = Tag("running", Tone.GOOD) if daemon.healthy else Tag("silent", Tone.BAD)
    return Figure("Scheduler", word, "", word.tone, note, daemon.last_heartbeat)


def _last_cleanup(latest: Iterable[TaskRun]) -> Figure:
    ended = [one for one in latest if one.task in CLEANUPS and one.finished_at is not None]
    newest = max(ended, key=lambda one: one.finished_at or one.started_at, default=None)
    if newest is None:
        return Figure("Last clean-up", Tag("none yet", Tone.PLAIN), note="no clean-up has run")
    tag = tones.of_outcome(newest.state)
    note = f"{newest.task}: {newest.summary or newest.state}"
    return Figure("Last clean-up", newest.finished_at, "", tag.tone, note, newest.finished_at, newest.task)


def _next(facts: DagsterFacts | None, now: datetime) -> Figure:
    name = "Next optimization"
    if facts is None or facts.schedules is None:
        return Figure(name, None, tone=Tone.UNKNOWN, note=NOT_ASKED)
    ahead = [(at, one.name) for one in facts.schedules if one.name in OPTIMIZATIONS and (at := one.next_at(now))]
    if not ahead:
        return Figure(name, Tag("none planned", Tone.WARN), tone=Tone.WARN, note="their schedules are switched off")
    at, task = min(ahead)
    return Figure(name, at, note=task, at=facts.at, asset=task)


def activity(facts: DagsterFacts | None, seen: Seen) -> Section:
    """Return what was done in 24 hours, counted from stored rows (REP-09)."""
    work = seen.work
    cards = [
        Figure("Metric collections", work.sampling.count, "count", at=work.sampling.last_at, asset="system_metrics"),
        Figure("Analyses", work.analysis.count, "count", at=work.analysis.last_at, asset="insights"),
        _done("Clean-ups", seen, CLEANUPS),
        _done("Optimizations", seen, OPTIMIZATIONS),
        Figure(
            "Alerts that fired", seen.counts.fired, "count", note=f"{seen.counts.resolved} resolved", at=seen.now,
            asset="alerts",
        ),
        _failed_runs(facts),
    ]  # fmt: skip
    return Section("activity", "The last 24 hours", [Figures("activity", cards)])


def _done(name: str, seen: Seen, tasks: Collection[str]) -> Figure:
    ended = [one for one in seen.work.tasks if one.task in tasks]
    failed = sum(one.runs for one in ended if tones.of_outcome(one.state).tone is Tone.BAD)
    done = sum(one.runs for one in ended if one.state == "done")
    newest = max(ended, key=lambda one: one.last_at, default=None)
    note = f"{failed} failed" if failed else ""
    tone = Tone.WARN if failed else Tone.PLAIN
    return Figure(
        name, done, "count", tone, note, newest.last_at if newest else seen.now, newest.task if newest else None
    )


def _failed_runs(facts: DagsterFacts | None) -> Figure:
    if facts is None or facts.runs_of_last_day is None:
        return Figure("Failed runs", None, "count", Tone.UNKNOWN, NOT_ASKED)
    failed = sum(not one.succeeded for one in facts.runs_of_last_day)
    note = f"of {len(facts.runs_of_last_day)} that ended"
    return Figure("Failed runs", failed, "count", Tone.WARN if failed else Tone.PLAIN, note, facts.at)


def schedules(facts: DagsterFacts | None, now: datetime, dagster: str) -> Section:
    """Return schedules and sensors with their last and next run: what is in trouble first, then what comes next."""
    if facts is None or facts.schedules is None:
        return Section("schedules", "Schedules and sensors", [], [NOT_ASKED])
    late = {one.name for one in facts.ticks or () if one.overdue}
    on = [(one, one.next_at(now)) for one in facts.schedules if one.on]
    on.sort(key=lambda pair: (pair[0].name not in late and pair[0].last_state != "failure", pair[1] or _NEVER))
    blocks: list[Block] = [
        Table(f"{kind}s", _COLUMNS, rows, f"No {kind} is switched on.", f"{kind.capitalize()}s", most=most)
        for kind, most in (("schedule", 14), ("sensor", 8))
        for rows in [[_row(dagster, one, at, late) for one, at in on if one.kind == kind]]
    ]
    off = sorted(one.name for one in facts.schedules if not one.on)
    if off:
        blocks.append(Prose(f"Switched off: {', '.join(off)}."))
    return Section("schedules", "Schedules and sensors", blocks)


def _row(dagster: str, one: ScheduleFact, at: datetime | None, late: Collection[str]) -> Sequence[Value]:
    ended = Tag("not yet", Tone.PLAIN) if one.last_state is None else _STATES.get(one.last_state)
    if one.name in late:
        ended = Tag("overdue", Tone.BAD)
    every = f"every {_seconds(one.every)}" if one.every is not None else at
    return Link(one.name, f"{dagster}/{one.page}"), one.last_at or "not yet", ended, every


def _seconds(every: timedelta) -> str:
    seconds = every.total_seconds()
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"  # two minutes
