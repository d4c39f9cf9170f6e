"""The monthly report, put together: the sentence that leads it, its cards, and its sections in their order."""

from collections.abc import Sequence
from itertools import dropwhile
from typing import Final

from pake_pipelines.reports import tones
from pake_pipelines.reports.amounts import amount, counted
from pake_pipelines.reports.document import Advice, Block, Column, Document, Figure, Prose, Section, Table, Tone, Value
from pake_pipelines.reports.monthly import operation, trust
from pake_pipelines.reports.monthly.figures import COUNTED, Month, Monthly, day_lines, means
from pake_pipelines.reports.parts.periods import versus
from pake_pipelines.reports.parts.uptime_words import uptime_tone, uptime_words

_ADVICE: Final = 5


def document(told: Monthly) -> Document:
    """Return the report."""
    sections = [
        Section("todo", "What to do now", [Advice("todo", told.recommendations[:_ADVICE])]),
        trust.intake(told),
        trust.trust(told),
        operation.ran(told),
        operation.upkeep(told),
        operation.capacity(told),
        operation.metrics(told),
        _days(told),
        trust.sources(told),
    ]
    return Document(
        "monthly_detailed_report", f"Monthly report: {told.period.title}", told.made_at, _tone(told), _lead(told),
        sections, since=told.period.since, until=told.period.until, figures=_figures(told), missing=_missing(told),
    )  # fmt: skip


def _tone(told: Monthly) -> Tone:
    if not told.month.intake.visits and told.month.overall.share is None:
        return Tone.UNKNOWN
    gravest = [one.tone for one in told.recommendations[:1]]
    return tones.worst(Tone.GOOD, uptime_tone(told.month.overall.share), *gravest)


def _lead(told: Monthly) -> str:
    month, title = told.month, told.period.title
    if not month.intake.visits and month.overall.share is None and not month.standing.total:
        return f"Nothing is known of {title}: no source was read and no service was probed."
    new = _new(month)
    said = [f"No source was read in {title}" if new is None else f"{counted(new, 'new item', 'new items')} in {title}"]
    score = month.standing.quality_score
    said.append(
        "no item was judged" if score is None else f"{amount(score, 'percent')} of all were verified at its end"
    )
    said.append(uptime_words(month.overall))
    said.append(counted(month.incidents.total_incidents, "incident", "incidents"))
    return ", ".join(said) + "."


def _figures(told: Monthly) -> list[Figure]:
    month, before, period = told.month, told.before, told.period
    score, confidence, up = month.standing.quality_score, month.standing.average, month.overall.share
    return [
        Figure("Quality score", score, "percent", note=versus(score, before.standing.quality_score, "percent", period),
               at=min(period.until, told.made_at), asset="qa_report"),
        Figure("Mean confidence", confidence, "", note=versus(confidence, before.standing.average, "", period),
               at=min(period.until, told.made_at)),
        Figure("New items", _new(month), "count", note=versus(_new(month), _new(before), "count", period)),
        Figure("Uptime", up, "share", uptime_tone(up),
               versus(up, before.uptime, "share", period), asset="service_health"),
    ]  # fmt: skip


def _new(month: Month) -> int | None:
    return month.intake.new if month.intake.visits else None


def _missing(told: Monthly) -> list[str]:
    found = []
    if not told.month.intake.visits:
        found.append(f"No source was read in {told.period.title}.")
    if told.month.overall.share is None:
        found.append(f"No service was probed in {told.period.title}, or its probes are not kept any more.")
    if not told.month.metrics:
        found.append(f"Of {told.period.title} no samples are kept: averages and capacity are not known.")
    elif all(one.before is None for one in means(told.month, told.before)):
        found.append(f"Of {told.period.before} too little is known: averages have nothing to be held against.")
    return found


def _days(told: Monthly) -> Section:
    """Return every day from the first of which something is on record; what happened on none has no column."""
    days = list(dropwhile(lambda one: one.uptime is None and not any(one.numbers.values()), day_lines(told)))
    there = [key for key in COUNTED if any(one.numbers[key] for one in days)]
    probed = any(one.uptime is not None for one in days)
    columns = [
        Column("day", "Day"),
        *([Column("uptime", "Uptime", "share")] if probed else []),
        *(Column(key, COUNTED[key], "count") for key in there),
    ]
    rows: Sequence[Sequence[Value]] = [
        [one.at.date(), *([one.uptime] if probed else []), *(one.numbers[key] for key in there)] for one in days
    ]
    if not there and not probed:
        return Section("days", "Day by day", [Prose(f"Nothing is on record of any day of {told.period.title}.")])
    never = [COUNTED[key].lower() for key in COUNTED if key not in there]
    blocks: list[Block] = [Table("days", columns, rows)]
    return Section("days", "Day by day", [*blocks, Prose(f"None on any day: {', '.join(never)}.")] if never else blocks)
