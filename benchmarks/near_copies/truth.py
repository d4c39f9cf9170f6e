"""The neutral measure of likeness and the scores that engines get, whatever they measure themselves.

Words are runs of letters, marks and digits of the text in NFKC and lower case, in scripts without spaces each letter;
the Jaccard index of two texts is that of their sets of shingles (Broder 1997).
"""

import unicodedata
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import regex

NEAR: Final = 0.7
# below so many words, texts are compared by characters: one word more or less changes three of few shingles
FEW_WORDS: Final = 50

_WORD: Final = regex.compile(
    r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}]|"
    r"(?:(?![\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}])[\p{L}\p{M}\p{N}])+"
)
Places = tuple[int, int]


@dataclass(frozen=True)
class Jaccard:
    """How alike two texts are by shingles of three words, of five words, and of five characters."""

    words3: float
    words5: float
    characters5: float
    few_words: bool

    @property
    def decisive(self) -> float:
        """The index that counts: by characters if both texts have few words, by three words otherwise."""
        return self.characters5 if self.few_words else self.words3


@dataclass(frozen=True)
class Score:
    """Precision, recall and their harmonic mean."""

    precision: float
    recall: float
    false: int = 0
    missed: int = 0

    @property
    def f1(self) -> float:
        """The harmonic mean."""
        total = self.precision + self.recall
        return 2 * self.precision * self.recall / total if total else 0.0

    def shown(self) -> dict[str, float]:
        """Return the figures for a report."""
        return {"f1": self.f1, "precision": self.precision, "recall": self.recall}


def neutral_words(text: str) -> list[str]:
    """Return the words of `text`."""
    found: list[str] = _WORD.findall(unicodedata.normalize("NFKC", text).lower())
    return found


def jaccard(one: str, other: str) -> Jaccard:
    """Measure two texts against each other."""
    first, second = neutral_words(one), neutral_words(other)
    return Jaccard(
        index(word_shingles(first, 3), word_shingles(second, 3)),
        index(word_shingles(first, 5), word_shingles(second, 5)),
        index(character_shingles(first), character_shingles(second)),
        max(len(first), len(second)) < FEW_WORDS,
    )


def word_shingles(words: Sequence[str], size: int) -> set[str]:
    """Return the shingles of `size` words; a shorter text is one shingle."""
    return {" ".join(words[at : at + size]) for at in range(max(1, len(words) - size + 1))}


def character_shingles(words: Sequence[str], size: int = 5) -> set[str]:
    """Return the shingles of `size` characters of the words with a space between."""
    text = " ".join(words)
    return {text[at : at + size] for at in range(max(1, len(text) - size + 1))}


def score(found: Collection[Places], wanted: Collection[Places], indifferent: Collection[Places] = ()) -> Score:
    """Score the pairs `found` where those `wanted` are right and the `indifferent` neither right nor wrong."""
    counted = set(found) - set(indifferent)
    right = len(counted & set(wanted))
    return Score(
        right / len(counted) if counted else 0.0,
        right / len(wanted) if wanted else 0.0,
        len(counted) - right,
        len(wanted) - right,
    )


def joined(pairs: Iterable[Places], count: int) -> list[int]:
    """Return for each of `count` items the smallest item that pairs connect it with."""
    home = list(range(count))

    def root(item: int) -> int:
        while home[item] != item:
            home[item] = home[home[item]]
            item = home[item]
        return item

    for one, other in pairs:
        first, second = sorted((root(one), root(other)))
        home[second] = first
    return [root(item) for item in range(count)]


def together(labels: Sequence[int]) -> set[Places]:
    """Return the pairs of items that have one label."""
    held: dict[int, list[int]] = {}
    for item, label in enumerate(labels):
        held.setdefault(label, []).append(item)
    return {(one, other) for items in held.values() for at, one in enumerate(items) for other in items[at + 1 :]}


def shares(hit: Mapping[str, int], of: Mapping[str, int]) -> dict[str, float]:
    """Return by kind which share was hit, kinds in order."""
    return {kind: hit.get(kind, 0) / count for kind, count in sorted(of.items())}


def index(one: set[str], other: set[str]) -> float:
    """Return the Jaccard index of two sets of shingles."""
    return len(one & other) / len(one | other)
