"""The sections of the log report, built of its figures; errors come first, the files that were read come last."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Final

from pake_pipelines.reports.amounts import amount, counted
from pake_pipelines.reports.document import (
    BarChart,
    Block,
    Column,
    Document,
    Figure,
    Layer,
    Prose,
    Section,
    Table,
    Tag,
    Tone,
    Value,
)
from pake_pipelines.reports.log.figures import Logs, Rate, error_rate, lead
from pake_pipelines.reports.log.lines import moment, shown
from pake_pipelines.reports.parts.failed import failed_runs_table, failures_table
from pake_pipelines.reports.parts.periods import midnights

_MESSAGES: Final = 25
_LOGGERS: Final = 15
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
    if logs.error_lines:
        return Tone.NOTICE
    reading, whole = logs.reading, logs.reading.whole_since
    cut = reading.read < reading.bytes or any(one.fault for one in reading.files)
    # lines that were not read may be errors; before the oldest line of all there are none
    return Tone.UNKNOWN if whole is None or (cut and whole > logs.since) else Tone.GOOD


def _missing(logs: Logs) -> list[str]:
    reading, found = logs.reading, []
    if not reading.files:
        found.append("No log file of the last 14 days is there: nothing is known of what was logged.")
    elif reading.read < reading.bytes:
        since = f"; lines are complete since {reading.whole_since:%d %b %H:%M} UTC" if reading.whole_since else ""
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
        Figure("Error lines", errors, "count", Tone.NOTICE if errors else Tone.PLAIN, "level error or critical", at),
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
        lines = counted(tally.ungrouped, "further line says", "further lines say")
        blocks.append(Prose(f"{lines} something else again: there are too many messages to list."))
    levels = [f"{number:,} {level}" for level in _LEVELS if (number := logs.levels[level])]
    blocks.append(Prose(f"Lines by level: {', '.join(levels) or 'none'}."))
    return Section("lines", "Errors and warnings in the logs", blocks, _apart(logs))


def _apart(logs: Logs) -> list[str]:
    tally, found = logs.reading.tally, []
    if tally.other:
        lines = counted(tally.other, "line is no line of ours and has", "lines are no lines of ours and have")
        found.append(f"{lines} no level, and so not counted by level.")
    faults = [one for one in logs.reading.files if one.fault]
    return found + [f"{one.file.name} could not be read: {one.fault}" for one in faults]


def _days(logs: Logs) -> list[datetime]:
    return midnights(logs.since, logs.made_at)


def _by_day(logs: Logs) -> BarChart:
    counts, days = logs.reading.tally.days, _days(logs)

    def heights(*levels: str) -> list[int]:
        return [sum(counts[f"{day:%Y-%m-%d}", level] for level in levels) for day in days]

    layers = [Layer("errors", Tone.BAD, heights("error", "critical")), Layer("warnings", Tone.WARN, heights("warning"))]
    return BarChart("lines_by_day", "Errors and warnings by day (UTC)", "count", days, layers)


def _bars(logs: Logs, key: str, title: str, layer: tuple[str, Tone], by_day: Mapping[date, int]) -> BarChart:
    days = _days(logs)
    layers = [Layer(*layer, [by_day.get(day.date(), 0) for day in days])]
    return BarChart(key, f"{title} by day (UTC)", "count", days, layers)


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
    title = "What was done, by whom"
    if not logs.totals.events:
        return Section("audit", title, [Prose("Nothing that is audited was done in these 7 days.")])
    bars = _bars(logs, "audit_by_day", "Audited actions", ("actions", Tone.NOTICE), logs.totals.by_day)
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
    return Section("audit", title, [bars, actions, actors])


def _stored(logs: Logs) -> Section:
    blocks: list[Block] = []
    if logs.failures_by_day:
        by_day, layer = logs.failures_by_day, ("failures", Tone.BAD)
        blocks.append(_bars(logs, "failures_by_day", "Failures on record", layer, by_day))
    blocks.append(failures_table("failures", logs.errors))
    if logs.facts and logs.facts.runs_of_last_day is not None:
        blocks.append(failed_runs_table(logs.facts, logs.dagster))
    return Section("failures", "What failed on record", blocks)


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
    said = f"Complete since {whole:%d %b %Y %H:%M} UTC. {_NOT_OURS}" if whole else _NOT_OURS
    return Section("files", "The files that were read", [table, Prose(said)])
