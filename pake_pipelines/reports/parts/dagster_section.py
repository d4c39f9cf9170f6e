"""How Dagster itself stands: its daemons, its queue, its schedules and sensors, and the runs that failed."""

from collections.abc import Sequence
from typing import Final

from pake_pipelines.model.dagster_facts import DaemonFact, DagsterFacts
from pake_pipelines.reports.document import Block, Column, Figure, Figures, Section, Table, Tag, Tone, Value
from pake_pipelines.reports.parts.failed import failed_runs_table

TITLE: Final = "Dagster"
_NOT_TOLD: Final = "Dagster could not be asked."
# what is told here, as `DagsterFacts.errors` calls it: its field, and what people call it
_PARTS: Final = {
    "daemons": ("daemons", "daemons"),
    "code_location": ("code_location_loaded", "code location"),
    "queue": ("queue", "the queue of runs"),
    "ticks": ("ticks", "schedules and sensors"),
    "runs_of_last_day": ("runs_of_last_day", "runs of the last day"),
}


def dagster_section(facts: DagsterFacts | None, dagster: str) -> Section:
    """Return the section; `dagster` is the address of Dagster's pages. What was not told is missing, and never good."""
    if facts is None:
        return Section("dagster", TITLE, [], [_NOT_TOLD])
    if all(getattr(facts, field) is None for field, _ in _PARTS.values()):
        return Section("dagster", TITLE, [], _missing(facts) or [_NOT_TOLD])
    blocks: list[Block] = [Figures("dagster", _figures(facts)), _ticks(facts), failed_runs_table(facts, dagster)]
    return Section("dagster", TITLE, blocks, _missing(facts))


def _missing(facts: DagsterFacts) -> list[str]:
    """Return what could not be read, by the reason, and what was not asked for."""
    by_reason: dict[str, list[str]] = {}
    for part, why in facts.errors.items():
        by_reason.setdefault(why, []).append(part.replace("_", " "))
    silent = [
        words for part, (field, words) in _PARTS.items() if getattr(facts, field) is None and part not in facts.errors
    ]
    found = [f"Not told: {', '.join(silent)}."] if silent else []
    return [*(f"Could not be read: {', '.join(parts)}: {why}" for why, parts in by_reason.items()), *found]


def _figures(facts: DagsterFacts) -> list[Figure]:
    return [_daemons(facts), _code(facts), _queue(facts), _late(facts), _failed(facts)]


def _daemons(facts: DagsterFacts) -> Figure:
    if facts.daemons is None:
        return Figure("Daemons", None, tone=Tone.UNKNOWN, at=facts.at)
    needed = [one for one in facts.daemons if one.required]
    ill = [one for one in needed if one.healthy is not True]
    if not needed:
        return Figure("Daemons", None, tone=Tone.UNKNOWN, note="none is known", at=facts.at)
    if not ill:
        return Figure("Daemons", Tag(f"all {len(needed)} run", Tone.GOOD), tone=Tone.GOOD, at=facts.at)
    tone = Tone.BAD if any(one.healthy is False for one in ill) else Tone.UNKNOWN
    word = Tag(f"{len(ill)} of {len(needed)} {'not running' if tone is Tone.BAD else 'not known'}", tone)
    return Figure("Daemons", word, tone=tone, note="; ".join(map(_ill, ill)), at=facts.at)


def _ill(one: DaemonFact) -> str:
    beat = f"last heartbeat {one.last_heartbeat:%d %b %H:%M} UTC" if one.last_heartbeat else "no heartbeat"
    return f"{one.kind.lower()}: {beat}" + (f" ({one.errors[0]})" if one.errors else "")


def _code(facts: DagsterFacts) -> Figure:
    if facts.code_location_error:
        return Figure(
            "Code location", Tag("does not load", Tone.BAD), tone=Tone.BAD, note=facts.code_location_error, at=facts.at
        )
    if facts.code_location_loaded is None:
        return Figure("Code location", None, tone=Tone.UNKNOWN, at=facts.at)
    loaded = facts.code_location_loaded
    tag = Tag("loaded", Tone.GOOD) if loaded else Tag("not loaded", Tone.BAD)
    return Figure("Code location", tag, tone=tag.tone, at=facts.at)


def _queue(facts: DagsterFacts) -> Figure:
    if facts.queue is None:
        return Figure("Runs that wait", None, "count", Tone.UNKNOWN, at=facts.at)
    oldest = facts.queue.oldest_queued_at
    note = f"the first since {oldest:%d %b %H:%M} UTC" if oldest else f"{facts.queue.in_progress} under way"
    return Figure("Runs that wait", facts.queue.queued, "count", note=note, at=facts.at)


def _late(facts: DagsterFacts) -> Figure:
    name = "Schedules and sensors in trouble"
    if facts.ticks is None:
        return Figure(name, None, "count", Tone.UNKNOWN, at=facts.at)
    bad = sum(one.failed or one.overdue is True for one in facts.ticks)
    tone = Tone.BAD if bad else Tone.GOOD if facts.ticks else Tone.PLAIN
    return Figure(name, bad, "count", tone, f"of {len(facts.ticks)} that are switched on", facts.at)


def _failed(facts: DagsterFacts) -> Figure:
    name, runs = "Failed runs, 24 hours", facts.runs_of_last_day
    if runs is None:
        return Figure(name, None, "count", Tone.UNKNOWN, at=facts.at)
    bad = sum(not one.succeeded for one in runs)
    tone = Tone.BAD if bad else Tone.GOOD if runs else Tone.PLAIN
    return Figure(name, bad, "count", tone, f"of {len(runs)} that ended", facts.at)


def _ticks(facts: DagsterFacts) -> Table:
    bad = [one for one in facts.ticks or () if one.failed or one.overdue is not False]
    rows: Sequence[Sequence[Value]] = [
        [one.name, one.kind, _trouble(failed=one.failed, overdue=one.overdue), one.at, one.error]
        for one in sorted(bad, key=lambda one: (not one.failed, one.overdue is not True, one.name))
    ]
    columns = [
        Column("name", "Name"), Column("kind", "Kind"), Column("state", "State"), Column("at", "Last tick"),
        Column("error", "It said"),
    ]  # fmt: skip
    empty = "All that are switched on tick in time." if facts.ticks else "None is switched on."
    if facts.ticks is None:
        empty = "Nothing is known of their ticks."
    return Table("ticks", columns, rows, empty, "Schedules and sensors that do not tick as they should", most=25)


def _trouble(*, failed: bool, overdue: bool | None) -> Tag:
    if failed:
        return Tag("failed", Tone.BAD)
    return Tag("overdue", Tone.BAD) if overdue else Tag("has not ticked yet", Tone.UNKNOWN)
