"""What a document states: its numbers, dates and names, each with the words around it.

Whether two documents state the same is decided in `agreement`.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final
from zlib import crc32

from pake_pipelines.dedup.statements import COMMON, Kind, Token, read

_MOST_NAMES: Final = 30
# marks for the limits of a sentence, for quantities and for names, and words that tell nothing of what is around them
_MUTE: Final = COMMON | frozenset("^$#@")
_AROUND: Final = 3


@dataclass(frozen=True, slots=True)
class Facts:
    """The facts of one document.

    `heading` are the numbers and dates of its title, `title` its words. `slots` maps the words around a fact to its
    kind and value, for those that surround one value only. `sentences` maps a checksum of a sentence to its facts,
    `said` that of a sentence of the text to its telling words. `words` are all words, lower case, for what is a name in
    one document may begin a sentence in the other.
    """

    numbers: frozenset[str] = frozenset()
    dates: frozenset[str] = frozenset()
    names: frozenset[str] = frozenset()
    heading: frozenset[tuple[Kind, str]] = frozenset()
    title: frozenset[str] = frozenset()
    slots: Mapping[str, tuple[Kind, str]] = field(default_factory=dict)
    sentences: Mapping[int, frozenset[tuple[Kind, str]]] = field(default_factory=dict)
    said: Mapping[int, frozenset[str]] = field(default_factory=dict)
    words: frozenset[str] = frozenset()


def facts_of(title: str, text: str) -> Facts:
    """Read the facts of the first 20,000 characters of a document; any text will do."""
    heading, *sentences = read(title, text)
    slots: dict[str, tuple[Kind, str] | None] = {}
    by_sentence: dict[int, frozenset[tuple[Kind, str]]] = {}
    said: dict[int, frozenset[str]] = {}
    words: set[str] = set()
    for number, sentence in enumerate((heading, *sentences)):
        facts = frozenset((token.kind, token.value) for token in sentence if token.kind)
        words.update(token.value for token in sentence)
        checksum = crc32(" ".join(token.value for token in sentence).encode("utf-8", "replace"))
        if number:
            said[checksum] = frozenset(token.value for token in sentence if token.value not in COMMON)
        if facts:
            _put_slots(sentence, "title" if number == 0 else "", slots)
            by_sentence[checksum] = facts
    found = frozenset[tuple[Kind, str]]().union(*by_sentence.values())
    words.update(word for kind, value in found if kind == "name" for word in value.split())
    return Facts(
        numbers=frozenset(value for kind, value in found if kind == "number"),
        dates=frozenset(value for kind, value in found if kind == "date"),
        names=frozenset(value for kind, value in found if kind == "name"),
        heading=frozenset((token.kind, token.value) for token in heading if token.kind in ("number", "date")),
        title=frozenset(token.value for token in heading),
        slots={words_around: fact for words_around, fact in slots.items() if fact is not None},
        sentences=by_sentence,
        said=said,
        words=frozenset(words),
    )


def names(title: str, text: str) -> tuple[str, ...]:
    """Return at most 30 names that can connect documents, lower case, most frequent first.

    A single word counts when it is an acronym or occurs twice; what is capitalised only in headlines never does.
    """
    counts: Counter[str] = Counter()
    acronyms: set[str] = set()
    for sentence in read(title, text):
        found = [token for token in sentence if token.kind == "name"]
        counts.update(token.value for token in found)
        acronyms.update(token.value for token in found if token.mask == "@@")
    kept = (name for name, count in counts.most_common() if " " in name or count > 1 or name in acronyms)
    return tuple(name for name, _ in zip(kept, range(_MOST_NAMES), strict=False))


def _put_slots(sentence: list[Token], place: str, slots: dict[str, tuple[Kind, str] | None]) -> None:
    masks = ["^", *("@" if token.mask == "@@" else token.mask for token in sentence), "$"]
    telling = [mask not in _MUTE for mask in masks]
    edges = (0, len(masks) - 1)
    for at, token in enumerate(sentence, start=1):
        if token.kind is None:
            continue
        fact = (token.kind, token.value)
        for before, after in ((_AROUND, 0), (0, _AROUND), (2, 2)):
            start, stop = max(0, at - before), at + 1 + after
            told = sum(telling[start:stop])
            full = stop - start > _AROUND
            if told and (told > 1 or place or full or start == edges[0] or stop > edges[1]):
                key = f"{place}{token.kind} {' '.join(masks[start:at])} | {' '.join(masks[at + 1 : stop])}"
                slots[key] = fact if slots.get(key, fact) == fact else None
