"""A checklist judged by what was seen: a document with each item as it came out, and how many came out how."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final

from pake_pipelines.reports.advice.situation import Places
from pake_pipelines.reports.checklists.item import CheckList, ListItem
from pake_pipelines.reports.checklists.judged import Judged
from pake_pipelines.reports.checklists.seen import RHYTHMS, Seen
from pake_pipelines.reports.document import Checklist, Document, Figure, Item, Link, Section, Tone, Verdict
from pake_pipelines.reports.strangers import shown

_TONES: Final[Mapping[Verdict, Tone]] = {
    Verdict.FAIL: Tone.BAD,
    Verdict.UNKNOWN: Tone.NOTICE,
    Verdict.MANUAL: Tone.PLAIN,
    Verdict.PASS: Tone.GOOD,
}
_SECTIONS: Final[Mapping[Verdict, str]] = {
    Verdict.FAIL: "To be seen to",
    Verdict.UNKNOWN: "Not known",
    Verdict.MANUAL: "For a person",
    Verdict.PASS: "As it should be",
}
_FIGURES: Final[Mapping[Verdict, str]] = {
    Verdict.PASS: "passed",
    Verdict.FAIL: "failed",
    Verdict.UNKNOWN: "unknown",
    Verdict.MANUAL: "for a person",
}


def evaluate(checklist: CheckList, seen: Seen) -> Document:
    """Return the checklist as of `seen`: what failed first, then what is not known, then what waits for a person."""
    items = [_item(checklist, one, seen) for one in checklist.items]
    counts = Counter(one.verdict for one in items)
    sections = [
        Section(verdict.value, title, [Checklist(verdict.value, found)])
        for verdict, title in _SECTIONS.items()
        if (found := [one for one in items if one.verdict is verdict])
    ]
    return Document(
        name=checklist.name,
        title=checklist.title,
        made_at=seen.now,
        tone=next(tone for verdict, tone in _TONES.items() if counts[verdict]),
        lead=_lead(items, counts),
        sections=sections,
        figures=[
            Figure(name, counts[verdict], "count", _TONES[verdict] if counts[verdict] else Tone.PLAIN)
            for verdict, name in _FIGURES.items()
        ],
    )


def _lead(items: Sequence[Item], counts: Mapping[Verdict, int]) -> str:
    said = f"{counts[Verdict.PASS]} of {len(items)} items pass"
    rest = [f"{counts[one]} {words}" for one, words in _REST.items() if counts[one]]
    return f"{said}; {', '.join(rest)}." if rest else f"{said}."


_REST: Final[Mapping[Verdict, str]] = {
    Verdict.FAIL: "failed",
    Verdict.UNKNOWN: "unknown, which is no pass",
    Verdict.MANUAL: "for a person",
}


def _item(checklist: CheckList, one: ListItem, seen: Seen) -> Item:
    judged = one.judge(seen) if one.judge else _by_a_person(checklist, one, seen)
    todo = one.todo if judged.verdict is not Verdict.PASS else ""
    if judged.verdict is Verdict.MANUAL:
        todo = f"{todo}{'' if todo.endswith('?') else '.'} Then `pake report tick {checklist.rhythm} {one.key}`."
    link = _link(one, judged.verdict, seen.situation.places)
    return Item(one.key, one.says, judged.verdict, judged.evidence, todo, link)


def _by_a_person(checklist: CheckList, one: ListItem, seen: Seen) -> Judged:
    tick = seen.ticks.get(one.key)
    if tick is None or seen.now - tick.at > RHYTHMS[checklist.rhythm]:
        return Judged(Verdict.MANUAL, "nobody has ticked it in time")
    said = f"ticked by {shown(tick.actor, 60)} on {tick.at:%d %b %H:%M} UTC"
    return Judged(Verdict.PASS, f"{said}: {shown(tick.note)}" if tick.note else said)


def _link(one: ListItem, verdict: Verdict, places: Places) -> Link | None:
    """Return the way to the asset with the figures, or to the runbook of what has to be done."""
    if one.asset:
        return places.asset(one.asset)
    return places.runbook(one.runbook) if one.runbook and verdict is not Verdict.PASS else None
