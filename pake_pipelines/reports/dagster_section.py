"""How Dagster itself stands: its daemons, its queue, its schedules and sensors, and the runs that failed."""

from collections.abc import Sequence
from typing import Final

from pake_pipelines.model.dagster_facts import DaemonFact, DagsterFacts, RunFact
from pake_pipelines.reports.document import Block, Column, Figure, Figures, Link, Section, Table, Tag, Tone, Value

TITLE: Final = "Dagster"
_NOT_TOLD: Final = "Dagster could not be asked."


def dagster_section(facts: DagsterFacts | None, dagster: str) -> Section:
    """Return the section; `dagster` is the address of Dagster's pages. What was not told is missing, and never good."""
    if facts is None:
        return Section("dagster", TITLE, [], [_NOT_TOLD])
    blocks: list[Block] = [Figures("dagster", _figures(facts)), _ticks(facts), _runs(facts, dagster)]
    return Section("dagster", TITLE, blocks, _missing(facts))


def _missing(facts: DagsterFacts) -> list[str]:
    parts = {
        "daemons": facts.daemons,
        "the queue": facts.queue,
        "schedules and sensors": facts.ticks,
        "runs of the last day": facts.runs_of_last_day,
    }
    silent = [name for name, part in parts.items() if part is None]
    found = [f"Not told: {', '.join(silent)}."] if silent else []
    return found + [f"{part} could not be read: {why}" for part, why in facts.errors.items()]


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
    word = Tag(f"{len(ill)} of {len(needed)} do not", tone)
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
    tone = Tone.BAD if bad else Tone.GOOD
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
    empty = "All that are switched on tick in time." if facts.ticks else "Nothing is known of their ticks."
    return Table("ticks", columns, rows, empty, "Schedules and sensors that do not tick as they should", most=25)


def _trouble(*, failed: bool, overdue: bool | None) -> Tag:
    if failed:
        return Tag("failed", Tone.BAD)
    return Tag("overdue", Tone.BAD) if overdue else Tag("has not ticked yet", Tone.UNKNOWN)


def _runs(facts: DagsterFacts, dagster: str) -> Table:
    bad = [one for one in facts.runs_of_last_day or () if not one.succeeded]
    # of failures of which only the latest are read why: the facts have that of each job's last run
    why = {one.run_id: one.detail for one in facts.runs or ()}
    rows = [_run(one, why.get(one.run_id) or one.detail, dagster) for one in bad]
    columns = [
        Column("job", "Job"), Column("run", "Run"), Column("ended_at", "Ended"), Column("says", "It said"),
    ]  # fmt: skip
    empty = "None failed." if facts.runs_of_last_day is not None else "Nothing is known of the runs."
    return Table("failed_runs", columns, rows, empty, "Runs that failed in 24 hours", most=25)


def _run(one: RunFact, why: str, dagster: str) -> list[Value]:
    return [one.job, Link(one.run_id[:8], f"{dagster}/runs/{one.run_id}"), one.ended_at, why]
