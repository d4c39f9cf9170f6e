"""The sections of the executive summary, in plain words: what to do, then trust, running, intake and risk."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final

from pake_pipelines.model.incident import IncidentSeverity
from pake_pipelines.reports import tones
from pake_pipelines.reports.amounts import amount, counted, lasting
from pake_pipelines.reports.document import (
    Advice,
    BarChart,
    Block,
    Column,
    Document,
    Figure,
    Figures,
    Layer,
    Recommendation,
    Section,
    Table,
    Tag,
    Tone,
    Value,
)
from pake_pipelines.reports.executive.figures import SHOWN, Executive, Week, best, came_to, newest, worst
from pake_pipelines.reports.parts import foreseen
from pake_pipelines.reports.parts.binned import counts
from pake_pipelines.reports.parts.periods import DAY, versus
from pake_pipelines.reports.parts.uptime_words import uptime_tone, uptime_words
from pake_pipelines.store.backups import BackupRow
from pake_pipelines.store.intake_statistics import SourceIntake

_RISKS: Final = 5


def document(told: Executive) -> Document:
    """Return the summary."""
    sections = [_todo(told.recommendations), _trust(told), _ran(told), _came_in(told), _risk(told)]
    return Document(
        "weekly_executive_summary", "Weekly executive summary", told.made_at, _tone(told), _lead(told), sections,
        since=told.period.since, until=told.period.until, figures=_headline(told), missing=_missing(told),
    )  # fmt: skip


def _tone(told: Executive) -> Tone:
    gravest = [one.tone for one in told.recommendations[:1]]
    return tones.worst(uptime_tone(told.week.uptime.share), *gravest, *(one.tone for one in _backup_figures(told)))


def _lead(told: Executive) -> str:
    if not told.statistics.total_items:
        return "The knowledge base is empty: there is nothing to report on yet."
    items = counted(told.statistics.total_items, "item", "items")
    said = [f"{items}, {amount(told.statistics.quality_score, 'percent')} verified"]
    new = _new(told.week)
    said.append("no source was read this week" if new is None else f"{new:,} came in this week")
    said.append(uptime_words(told.week.uptime))
    grave = [one for one in told.recommendations if one.tone in {Tone.BAD, Tone.WARN}]
    needs = f" {counted(len(grave), 'thing needs', 'things need')} somebody." if grave else ""
    return f"{'; '.join(said)}.{needs}"


def _missing(told: Executive) -> list[str]:
    found = []
    if told.week.uptime.share is None:
        found.append("No service was probed this week: whether anything served is not known.")
    if told.week.runs.finished is None:
        found.append("Nothing is known of this week's runs: their counters were not sampled.")
    if told.unjudged:
        found.append(f"{told.unjudged}.")
    if not told.forecasts:
        found.append(foreseen.NONE_LATELY)
    return found


def _headline(told: Executive) -> list[Figure]:
    score = told.statistics.quality_score if told.statistics.total_items else None
    uptime = told.week.uptime
    return [
        Figure(
            "Quality score", score, "percent", note=versus(score, told.then.quality_score, "percent", told.period),
            at=told.made_at, asset="qa_report",
        ),
        Figure("Uptime", uptime.share, "share", uptime_tone(uptime.share),
               _against(told, lambda week: week.uptime.share, "share"), told.made_at, "service_health"),
        Figure("New items", _new(told.week), "count", note=_against(told, _new)),
        _alerts(told),
    ]  # fmt: skip


def _alerts(told: Executive, note: str = "") -> Figure:
    """Return how many alerts fire; that none does is only known where the rules are judged."""
    name, number, at = "Open alerts", told.alerts.firing, told.made_at
    if told.unjudged and not number:
        return Figure(name, None, "count", Tone.UNKNOWN, "alert rules are not judged", at, "alerts")
    return Figure(name, number, "count", _none_is_good(told, number), note, at, "alerts")


def _none_is_good(told: Executive, number: int) -> Tone:
    """Return how a number of troubles is to be judged: none of them is good where somebody watched."""
    if number:
        return Tone.WARN
    return Tone.PLAIN if told.week.uptime.share is None else Tone.GOOD


def _new(week: Week) -> int | None:
    return week.intake.new if week.intake.visits else None


def _unreadable(week: Week) -> int | None:
    return week.intake.dead_letters if week.intake.visits else None


def _opened(week: Week) -> int | None:
    return week.incidents.total_incidents if week.uptime.share is not None else None


def _against(told: Executive, figure: Callable[[Week], float | None], unit: str = "count") -> str:
    """Return how a figure of the week stands to the week before."""
    return versus(figure(told.week), figure(told.before), unit, told.period)


def _todo(recommendations: Sequence[Recommendation]) -> Section:
    return Section("todo", "What to do first", [Advice("todo", recommendations[:SHOWN])])


def _trust(told: Executive) -> Section:
    found, then = told.statistics, told.then
    if not found.total_items:
        return Section("trust", "Is it trustworthy?", [], ["There are no items yet."])
    confidence, before = found.avg_confidence, then.average
    shown = [
        Figure("Mean confidence", confidence, "", note=versus(confidence, before, "", told.period), at=told.made_at),
        Figure("Pass rate", found.pass_rate, "percent", note="items that no rule failed", at=told.made_at),
        _verdicts(told, "verified"),
        _verdicts(told, "rejected"),
        Figure("Wait for a person", found.pending_items + found.quarantined_items, "count", at=told.made_at,
               note=f"of {amount(found.total_items, 'count')}"),
    ]  # fmt: skip
    return Section("trust", "Is it trustworthy?", [Figures("trust", shown)])


def _verdicts(told: Executive, status: str) -> Figure:
    share = came_to(told.week.changes, status)[1]
    note = _against(told, lambda week: came_to(week.changes, status)[1], "share")
    return Figure(f"{status.capitalize()}, of this week's verdicts", share, "share", note=note)


def _ran(told: Executive) -> Section:
    found, uptime = told.week, told.week.uptime
    failed = found.runs.failed
    below = uptime.lowest is not None and uptime.lowest_share != 1
    lowest = f"least: {uptime.lowest}, {amount(uptime.lowest_share, 'share')}" if below else ""
    taken, solved = found.incidents.mean_minutes_to_acknowledge, found.incidents.mean_minutes_to_resolve
    number = found.incidents.total_incidents
    shown = [
        Figure("Uptime of the services", uptime.share, "share", uptime_tone(uptime.share), lowest),
        Figure("Runs that failed", failed, "count", Tone.WARN if failed else Tone.PLAIN,
               "; ".join(one for one in (_of_runs(found), _against(told, lambda week: week.runs.failed)) if one)),
        Figure("Incidents", number, "count", _none_is_good(told, number), _against(told, _opened)),
    ]  # fmt: skip
    if number:
        shown += [
            Figure("Taken up after", None if taken is None else 60 * taken, "s", note="on average (MTTA)"),
            Figure("Resolved after", None if solved is None else 60 * solved, "s", note="on average (MTTR)"),
        ]
    blocks: list[Block] = [Figures("ran", shown)]
    if told.incidents:
        blocks.append(_incidents(told))
    return Section("ran", "Did it run?", blocks)


def _of_runs(week: Week) -> str:
    return f"of {week.runs.finished} that ended" if week.runs.finished is not None else ""


def _incidents(told: Executive) -> Table:
    columns = [
        Column("severity", "Severity"), Column("title", "Incident"), Column("opened_at", "Opened"),
        Column("lasted", "Lasted"), Column("status", "Status"),
    ]  # fmt: skip
    rows: list[list[Value]] = [
        [tones.of_severity(IncidentSeverity(one.severity)), one.title, one.opened_at,
         lasting(one.minutes(told.made_at)), one.status.replace("_", " ")]
        for one in told.incidents
    ]  # fmt: skip
    return Table("incidents", columns, rows, title="Incidents of this week", most=5)


def _came_in(told: Executive) -> Section:
    found = told.week.intake
    if not found.visits:
        return Section("came_in", "What came in?", [], ["No source was read this week."])
    starts = told.period.starts()
    fresh = [one for one in told.sources if one.first_visit]
    failed = f"{amount(found.failed, 'count')} of {amount(found.visits, 'count')} visits failed"
    shown = [
        Figure("New items", found.new, "count", note=_against(told, _new)),
        Figure("Updated items", found.updated, "count"),
        Figure("Sources read", found.sources, "count", note=failed),
        Figure("New sources", len(fresh), "count", note=", ".join(one.name for one in fresh[:SHOWN])),
        Figure("Unreadable entries", found.dead_letters, "count", note=_against(told, _unreadable)),
    ]
    layers = [
        Layer("new", Tone.GOOD, counts(told.days, starts, lambda one: one.new)),
        Layer("updated", Tone.NOTICE, counts(told.days, starts, lambda one: one.updated)),
    ]
    blocks: list[Block] = [Figures("came_in", shown), BarChart("items", "Items by day", "count", starts, layers)]
    blocks += [
        _sources("best_sources", "Most trusted", best(told.sources)),
        _sources("worst_sources", "To look at", worst(told.sources)),
    ]
    return Section("came_in", "What came in?", blocks)


def _sources(key: str, title: str, some: Sequence[SourceIntake]) -> Table:
    columns = [
        Column("source", "Source"), Column("nodes", "New nodes", "count"), Column("average", "Mean confidence"),
        Column("rejected", "Rejected", "count"), Column("failed", "Visits failed", "count"),
        Column("visits", "Visits", "count"),
    ]  # fmt: skip
    rows = [
        [one.name, one.nodes, one.average if one.nodes else "-", one.rejected, one.failed, one.visits] for one in some
    ]
    return Table(key, columns, rows, "No source stands out.", title)


def _risk(told: Executive) -> Section:
    table = foreseen.table(
        "forecasts", foreseen.dated(told.forecasts)[:_RISKS], title="What gets full", empty=_no_risk(told)
    )
    open_, overdue = (
        len(told.open_incidents),
        sum(one.overdue_minutes(told.made_at) is not None for one in told.open_incidents),
    )
    by = ", ".join(f"{number} {severity.value}" for severity, number in told.alerts.by_severity.items())
    shown = [
        *_backup_figures(told),
        _alerts(told, by),
        Figure("Open incidents", open_, "count", Tone.BAD if overdue else _none_is_good(told, open_),
               f"{overdue} not taken up in time" if overdue else ""),
    ]  # fmt: skip
    return Section("risk", "What is at risk?", [Figures("risk", shown), table])


def _no_risk(told: Executive) -> str:
    return "Nothing is expected to get full." if told.forecasts else foreseen.NONE_LATELY


def _backup_figures(told: Executive) -> list[Figure]:
    made, proven, bounds = newest(told.backups, proven=False), newest(told.backups, proven=True), told.backup_bounds
    return [
        _backup("Newest backup", made, told.made_at, bounds.age_hours if bounds else None),
        _backup("Newest proven backup", proven, told.made_at, bounds.proven_hours if bounds else None),
    ]


def _backup(name: str, found: BackupRow | None, now: datetime, most_hours: float | None) -> Figure:
    if found is None:
        return Figure(name, Tag("there is none", Tone.BAD), tone=Tone.BAD)
    hours = max(0.0, 24 * ((now - found.created_at) / DAY))
    tone = Tone.PLAIN if most_hours is None else Tone.GOOD if hours <= most_hours else Tone.BAD
    return Figure(name, hours, "h", tone, "ago", found.created_at)
