"""The sections of the log report, built of its figures; errors come first, the files that were read come last."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from pake_pipelines.reports.amounts import amount
from pake_pipelines.reports.document import (
    BarChart,
    Block,
    Column,
    Document,
    Figure,
    Layer,
    Link,
    Prose,
    Section,
    Table,
    Tag,
    Tone,
    Value,
)
from pake_pipelines.reports.log.figures import Logs, Rate, error_rate, lead
from pake_pipelines.reports.log.lines import moment, shown

_MESSAGES: Final = 25
_LOGGERS: Final = 15
_DAYS: Final = 7
_LEVELS: Final = ("critical", "error", "warning", "info", "debug")
_TONES: Final = {"critical": Tone.BAD, "error": Tone.BAD, "warning": Tone.WARN}
_NOT_OURS: Final = "What PostgreSQL and Dagster's processes print has no level field, and is not counted here."


def document(logs: Logs) -> Document:
    """Return the report."""
    rate = error_rate(logs)
    return Document(
        name="log_report",
        title="Log report",
        made_at=logs.made_at,
        tone=_tone(logs, rate),
        lead=lead(logs, rate),
        sections=[_lines(logs), _audit(logs), _stored(logs), _files(logs)],
        since=logs.since,
        until=logs.made_at,
        figures=_head(logs, rate),
        missing=_missing(logs),
    )


def _tone(logs: Logs, rate: Rate) -> Tone:
    if logs.levels["critical"] or rate.tone is Tone.WARN:
        return Tone.WARN
    if logs.reading.whole_since is None:
        return Tone.UNKNOWN
    return Tone.NOTICE if logs.error_lines else Tone.GOOD


def _missing(logs: Logs) -> list[str]:
    reading, found = logs.reading, []
    if not reading.files:
        found.append("No log file of the last 14 days is there: nothing is known of what was logged.")
    elif reading.read < reading.bytes:
        since = f"; lines are whole since {reading.whole_since:%d %b %H:%M} UTC" if reading.whole_since else ""
        found.append(
            f"Read {amount(reading.read, 'bytes')} of {amount(reading.bytes, 'bytes')} of log files, "
            f"the newest first{since}."
        )
    if logs.facts is None or logs.facts.runs_of_last_day is None:
        found.append("Dagster did not tell of its runs.")
    return found


def _head(logs: Logs, rate: Rate) -> list[Figure]:
    known = logs.reading.whole_since is not None
    errors = logs.error_lines if known else None
    warnings = logs.levels["warning"] if known else None
    at, people, totals = logs.made_at, logs.people, logs.totals
    itself = len(logs.actors) - len(people)
    return [
        Figure("Error lines", errors, "count", Tone.WARN if errors else Tone.PLAIN, "level error or critical", at),
        Figure("Against the week before", Tag(rate.word, rate.tone), "", rate.tone, rate.says, at),
        Figure("Warnings", warnings, "count", note="level warning", at=at),
        Figure("Audit events", totals.events, "count", note=f"{logs.before.events} in the week before", at=at),
        Figure(
            "Unique users", len(people), "count",
            note="and the project by itself" if itself else "who did something that is audited", at=at,
        ),
        Figure("Failures on record", sum(one.count for one in logs.errors), "count", note="visits, stages, messages",
               at=at),
    ]  # fmt: skip


def _lines(logs: Logs) -> Section:
    tally = logs.reading.tally
    if logs.reading.whole_since is None:
        return Section("lines", "Log lines", [], ["No line of the last 7 days was found."])
    blocks: list[Block] = [_by_day(logs), _messages(logs), _by_logger(logs)]
    if tally.ungrouped:
        blocks.append(Prose(f"{tally.ungrouped} further lines say what no other line says, and are not listed."))
    quiet = [f"{lines:,} {level}" for level in _LEVELS if (lines := logs.levels[level])]
    blocks.append(Prose(f"Lines by level: {', '.join(quiet) or 'none'}."))
    return Section("lines", "Errors and warnings in the logs", blocks, _apart(logs))


def _apart(logs: Logs) -> list[str]:
    tally, found = logs.reading.tally, []
    if tally.other:
        lines = "1 line is" if tally.other == 1 else f"{tally.other:,} lines are"
        found.append(f"{lines} none of ours and without a level, and so not counted by level.")
    faults = [one for one in logs.reading.files if one.fault]
    return found + [f"{one.file.name} could not be read: {one.fault}" for one in faults]


def _days(logs: Logs) -> list[date]:
    """Return the days that the window touches, the oldest first."""
    last = logs.made_at.astimezone(UTC).date()
    return [last - timedelta(days=back) for back in range(_DAYS, -1, -1)]


def _by_day(logs: Logs) -> BarChart:
    counted = logs.reading.tally.days
    days = _days(logs)

    def heights(*levels: str) -> list[int]:
        return [sum(counted[day.isoformat(), level] for level in levels) for day in days]

    layers = [Layer("errors", Tone.BAD, heights("error", "critical")), Layer("warnings", Tone.WARN, heights("warning"))]
    return BarChart("lines_by_day", "Errors and warnings by day (UTC)", "count", _moments(days), layers)


def _moments(days: list[date]) -> list[datetime]:
    return [datetime.combine(day, time(), UTC) for day in days]


def _messages(logs: Logs) -> Table:
    groups = logs.reading.tally.groups.items()
    loud = sorted(groups, key=lambda pair: (pair[0][0] == "warning", -pair[1].lines, pair[0]))
    rows: list[list[Value]] = [
        [Tag(level, _TONES[level]), shown(group.said), group.lines, component, moment(group.last)]
        for (level, component, _), group in loud[:_MESSAGES]
    ]
    columns = [
        Column("level", "Level"), Column("message", "Message"), Column("lines", "Lines", "count"),
        Column("logger", "Logger"), Column("last_at", "Last"),
    ]  # fmt: skip
    title = "The loudest messages; what differs from line to line is in angle brackets"
    return Table("messages", columns, rows, "No line of level warning or worse.", title, most=15)


def _by_logger(logs: Logs) -> Table:
    loggers = logs.reading.tally.loggers
    names = {name for name, _ in loggers}
    counted = [
        (name, loggers[name, "error"] + loggers[name, "critical"], loggers[name, "warning"]) for name in sorted(names)
    ]
    rows: list[list[Value]] = [
        list(one) for one in sorted(counted, key=lambda one: (-one[1], -one[2], one[0]))[:_LOGGERS]
    ]
    columns = [Column("logger", "Logger"), Column("errors", "Errors", "count"), Column("warnings", "Warnings", "count")]
    return Table("loggers", columns, rows, "None.", "The loudest loggers", most=8)


def _audit(logs: Logs) -> Section:
    if not logs.totals.events:
        return Section("audit", "What was done by hand", [Prose("Nothing that is audited was done in these 7 days.")])
    days = _days(logs)
    bars = BarChart(
        "audit_by_day", "Audited actions by day (UTC)", "count", _moments(days),
        [Layer("actions", Tone.NOTICE, [logs.totals.by_day.get(day, 0) for day in days])],
    )  # fmt: skip
    actions = Table(
        "event_breakdown",
        [Column("action", "Action"), Column("events", "Times", "count"), Column("actors", "By", "count"),
         Column("last_at", "Last")],
        [[one.action, one.events, one.actors, one.last_at] for one in logs.actions],
        title="By kind",
        most=20,
    )  # fmt: skip
    actors = Table(
        "actors",
        [Column("actor", "Who"), Column("events", "Actions", "count"), Column("actions", "Kinds", "count"),
         Column("last_at", "Last")],
        [[one.actor, one.events, one.actions, one.last_at] for one in logs.actors],
        title="By whom",
        most=20,
    )  # fmt: skip
    return Section("audit", "What was done, by whom", [bars, actions, actors])


def _stored(logs: Logs) -> Section:
    days = _days(logs)
    blocks: list[Block] = []
    if logs.failures_by_day:
        heights = [logs.failures_by_day.get(day, 0) for day in days]
        blocks.append(
            BarChart("failures_by_day", "Failures on record by day (UTC)", "count", _moments(days),
                     [Layer("failures", Tone.BAD, heights)])
        )  # fmt: skip
    columns = [
        Column("kind", "What failed"), Column("subject", "Whose"), Column("count", "Times", "count"),
        Column("last_at", "Last"), Column("says", "It said"),
    ]  # fmt: skip
    rows: list[list[Value]] = [[one.kind, one.subject, one.count, one.last_at, one.detail] for one in logs.errors]
    blocks.append(Table("failures", columns, rows, "Nothing that is kept on record failed in 7 days.", most=20))
    return Section("failures", "What failed on record", [*blocks, *_runs(logs)])


def _runs(logs: Logs) -> Iterator[Block]:
    runs = logs.facts.runs_of_last_day if logs.facts else None
    if runs is None:
        return
    columns = [Column("job", "Job"), Column("run", "Run"), Column("ended_at", "Ended")]
    rows: list[list[Value]] = [
        [one.job, Link(one.run_id[:8], f"{logs.dagster}/runs/{one.run_id}"), one.ended_at]
        for one in runs
        if not one.succeeded
    ]
    title = "Runs of Dagster that failed in the last 24 hours"
    yield Table("failed_runs", columns, rows, f"None of {len(runs)} failed." if runs else "None ended.", title, most=15)


def _files(logs: Logs) -> Section:
    columns = [
        Column("file", "File"), Column("bytes", "Size", "bytes"), Column("read", "Read", "bytes"),
        Column("written_at", "Written"), Column("fault", "Fault"),
    ]  # fmt: skip
    rows: list[list[Value]] = [
        [one.file.name, one.file.bytes, one.read, one.file.written_at, one.fault or "none"]
        for one in logs.reading.files
    ]
    table = Table("files", columns, rows, "There is no log file.", most=12)
    whole = logs.reading.whole_since
    said = f"Whole since {whole:%d %b %Y %H:%M} UTC. {_NOT_OURS}" if whole else _NOT_OURS
    return Section("files", "The files that were read", [table, Prose(said)])
