"""Whether two documents state the same facts.

Texts that share their words are copies when what differs is left out, added, moved or misspelt, and other items when
it is what the words are about. So two signs are weighed:

- a *slot clash*: the same words around another value ("a magnitude 5.2 earthquake", "a magnitude 4.8 earthquake").
  It is set against the facts that agree in sentences which differ; those in sentences taken over as they are belong
  to the boilerplate as likely as to the item;
- a *loose clash*: a value on each side that the other does not have anywhere. What only one side has says nothing,
  for the other may be cut short.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from pake_pipelines.dedup.facts import Facts
from pake_pipelines.dedup.quantities import readings, same_date, same_number, significant
from pake_pipelines.dedup.statements import Kind

# weights of a clash against an agreement, measured on generated copies and templates
_SLOT_WEIGHTS: Final[dict[Kind, float]] = {"number": 2.5, "date": 2.5, "weekday": 1.0, "name": 1.0}
_LOOSE_WEIGHTS: Final[dict[Kind, float]] = {"number": 1.0, "date": 1.0, "name": 0.7}
_HEADING_CLASH: Final = 0.7
# what facts in sentences taken over as they are count for where the titles do not tell that the two are one
_TAKEN_OVER: Final = 0.1
_TELLING_TITLE: Final = 4
_OTHER_STORY: Final = 0.6
# telling words that each side must say for itself, and the share of them up to which nothing is in common
_OWN_WORDS: Final = 4
_NOTHING_IN_COMMON: Final = 0.15
_SHOWN: Final = 5

_Fact = tuple[Kind, str]


@dataclass(frozen=True, slots=True)
class Agreement:
    """How far two documents state the same, in [0, 1], and a few of the values in which they differ, for people."""

    value: float
    clashes: tuple[str, ...]


def agreement(one: Facts, other: Facts) -> Agreement:
    """Compare the facts of two documents; symmetric, and 1 when one side states nothing that the other contradicts."""
    slots = _slot_clashes(one, other)
    ours, theirs = _only_in(one, other), _only_in(other, one)
    heading = _differ(one.heading & ours, other.heading & theirs)
    doubts = [_slot_doubt(kind, slots, one, other, ours, theirs) for kind in _SLOT_WEIGHTS]
    doubts.append(_loose_doubt(one, other, ours, theirs))
    doubts.append(_HEADING_CLASH if heading else 0.0)
    doubts.append(_OTHER_STORY if _tell_other_stories(one, other) else 0.0)
    trust = 1.0
    for doubt in doubts:
        trust *= 1 - doubt
    return Agreement(trust, tuple(_shown(slots, ours, theirs)) if trust < 1 else ())


def _slot_clashes(one: Facts, other: Facts) -> set[tuple[Kind, str, str]]:
    clashes: set[tuple[Kind, str, str]] = set()
    for words in one.slots.keys() & other.slots.keys():
        (kind, ours), (_, theirs) = one.slots[words], other.slots[words]
        if ours != theirs and not _same(kind, ours, theirs):
            clashes.add((kind, ours, theirs))
    return clashes


def _same(kind: Kind, ours: str, theirs: str) -> bool:
    if kind == "date":
        return same_date(ours, theirs)
    if kind == "name":
        return _same_name(ours, theirs)
    return kind == "number" and (_is_code(ours) != _is_code(theirs) or same_number(ours, theirs))


def _is_code(number: str) -> bool:
    return any(letter.isalpha() for letter in number)


def _same_name(ours: str, theirs: str) -> bool:
    """Whether one name is part of the other, misspellings aside, or its initials."""
    short, long = sorted((ours.split(), theirs.split()), key=lambda words: (len(words), words))
    if len(short) == 1 and short[0] == _initials(long):
        return True
    return all(_is_among(word, long, in_a_run=len(short) > 1) for word in short)


def _initials(words: Sequence[str]) -> str:
    return "".join(word[0] for word in words) if len(words) > 1 else ""


def _is_among(word: str, words: Collection[str], *, in_a_run: bool = False) -> bool:
    from rapidfuzz import process
    from rapidfuzz.distance import OSA

    if word in words:
        return True
    near = process.extract(word, words, scorer=OSA.distance, score_cutoff=2, limit=None)
    return any(_is_slip(word, other, distance, in_a_run=in_a_run) for other, distance, _ in near)


def _is_slip(word: str, other: str, distance: float, *, in_a_run: bool) -> bool:
    """Whether two words are one, misspelt: a slip in five letters, two in ten.

    In shorter words a letter lost, doubled or swapped, for Iran is not Iraq; but Sven Larsson is Swen Larsson.
    """
    shorter = min(len(word), len(other))
    if distance <= min(2, shorter // 5):
        return True
    return distance == 1 and shorter > 2 and (in_a_run or len(word) != len(other) or sorted(word) == sorted(other))


def _only_in(one: Facts, other: Facts) -> frozenset[_Fact]:
    """Return what `one` states and `other` does not have anywhere."""
    years = {reading[:4] for date in other.dates for reading in readings(date)}
    found: set[_Fact] = {("number", number) for number in _numbers_only_in(one, other) - years}
    found.update(
        ("date", date)
        for date in one.dates - other.dates
        if date[:4] not in other.numbers or not date.endswith("??-??")
        if not any(same_date(date, theirs) for theirs in other.dates)
    )
    found.update(("name", name) for name in one.names - other.names if not _is_named(name, other))
    return frozenset(found)


def _is_named(name: str, other: Facts) -> bool:
    words = name.split()
    missing = [word for word in words if word not in other.words]
    if not missing or _initials(words) in other.words:
        return True
    theirs = [their.split() for their in other.names]
    if name in {_initials(their) for their in theirs}:
        return True
    known = {word for their in theirs for word in their}
    return all(_is_among(word, known, in_a_run=len(missing) < len(words)) for word in missing)


def _numbers_only_in(one: Facts, other: Facts) -> set[str]:
    missing = one.numbers - other.numbers
    scaled: dict[str, list[str]] = {}
    for number in other.numbers if missing else ():
        scaled.setdefault(significant(number), []).append(number)
    return {a for a in missing if not any(same_number(a, b) for b in scaled.get(significant(a), ()))}


def _slot_doubt(
    kind: Kind,
    slots: set[tuple[Kind, str, str]],
    one: Facts,
    other: Facts,
    ours: frozenset[_Fact],
    theirs: frozenset[_Fact],
) -> float:
    clashing = [(a, b) for found, a, b in slots if found == kind]
    if not clashing:
        return 0.0
    clashes = min(len({a for a, _ in clashing}), len({b for _, b in clashing}))
    values = {(kind, value) for pair in clashing for value in pair}
    agreeing = min(
        len(_in_sentences_of_its_own(kind, one, other) - ours - values),
        len(_in_sentences_of_its_own(kind, other, one) - theirs - values),
    )
    return min(1.0, _SLOT_WEIGHTS[kind] * clashes / (clashes + agreeing))


def _in_sentences_of_its_own(kind: Kind, one: Facts, other: Facts) -> set[_Fact]:
    return {
        fact
        for sentence, facts in one.sentences.items()
        if sentence not in other.sentences
        for fact in facts
        if fact[0] == kind
    }


def _loose_doubt(one: Facts, other: Facts, ours: frozenset[_Fact], theirs: frozenset[_Fact]) -> float:
    taken_over = _facts_in_common_sentences(one, other)
    trusted = 1.0 if _same_subject(one, other) else _TAKEN_OVER
    clashes = agreeing = 0.0
    for kind, weight in _LOOSE_WEIGHTS.items():
        alone = (_count(kind, ours), _count(kind, theirs))
        stated = (len(_of(kind, one)), len(_of(kind, other)))
        common = min(stated[0] - alone[0], stated[1] - alone[1])
        repeated = min(common, _count(kind, taken_over))
        clashes += weight * min(alone)
        agreeing += weight * (common - repeated + trusted * repeated)
    return clashes / (clashes + agreeing) if clashes else 0.0


def _facts_in_common_sentences(one: Facts, other: Facts) -> frozenset[_Fact]:
    return frozenset(
        fact for sentence in one.sentences.keys() & other.sentences.keys() for fact in one.sentences[sentence]
    )


def _same_subject(one: Facts, other: Facts) -> bool:
    """Whether the titles say enough, and the same, to tell that sentences taken over are the item and not its frame."""
    shared, least = len(one.title & other.title), min(len(one.title), len(other.title))
    return least >= _TELLING_TITLE and shared >= 0.75 * least


def _tell_other_stories(one: Facts, other: Facts) -> bool:
    if not one.said.keys() & other.said.keys() or _same_subject(one, other):
        return False
    ours, theirs = _said_alone(one, other), _said_alone(other, one)
    least = min(len(ours), len(theirs))
    return least >= _OWN_WORDS and len(ours & theirs) <= _NOTHING_IN_COMMON * least


def _said_alone(one: Facts, other: Facts) -> frozenset[str]:
    own = one.said.keys() - other.said.keys()
    return frozenset[str]().union(*(one.said[sentence] for sentence in own))


def _of(kind: Kind, facts: Facts) -> frozenset[str]:
    return {"number": facts.numbers, "date": facts.dates, "name": facts.names}.get(kind, frozenset())


def _count(kind: Kind, facts: frozenset[_Fact]) -> int:
    return sum(found == kind for found, _ in facts)


def _differ(ours: frozenset[_Fact], theirs: frozenset[_Fact]) -> bool:
    return any(kind in {other for other, _ in theirs} for kind, _ in ours)


def _shown(slots: set[tuple[Kind, str, str]], ours: frozenset[_Fact], theirs: frozenset[_Fact]) -> Iterable[str]:
    """Yield a few clashes, those in the same place first; the rest pairs values that only stand alone."""
    pairs = sorted(slots)
    for kind in _LOOSE_WEIGHTS:
        placed = {value for found, *values in slots if found == kind for value in values}
        alone = [
            sorted(value for found, value in side if found == kind and value not in placed) for side in (ours, theirs)
        ]
        pairs.extend((kind, a, b) for a, b in zip(*alone, strict=False))
    for kind, a, b in pairs[:_SHOWN]:
        yield f"{kind}: {_readable(a)} / {_readable(b)}"


def _readable(value: str) -> str:
    """Return a date without year as ISO 8601 had it, --11-01, and one without month or day as the year alone."""
    return value.replace("????-", "--").replace("-??", "")
