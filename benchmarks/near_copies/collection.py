"""A seeded collection of items with known truth: copies of many kinds with known Jaccard index, and hard negatives.

    python -m benchmarks.near_copies [--seed 0] [--small]     # sizes, and an example of each kind

Items of one group are one item in different forms; items of different groups never are. The collection is made without
any look at how the product compares.
"""

import argparse
import json
import random
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import combinations
from pathlib import Path
from typing import Final

from benchmarks.near_copies import prose
from benchmarks.near_copies.addresses import address, respelled
from benchmarks.near_copies.edits import EDITS, ENGLISH, combination
from benchmarks.near_copies.negatives import FAMILIES
from benchmarks.near_copies.truth import Jaccard, jaccard

# how many groups have how many members
GROUPS: Final = {2: 1000, 3: 440, 4: 180, 5: 80, 6: 50}
BACKGROUND: Final = 300
_FOREIGN_SHARE: Final = 0.12
_COPIED_NEGATIVES: Final = 0.12
_LEAST_JACCARD: Final = 0.3
_KINDS: Final = (*EDITS, "combination", "same_address")


@dataclass(frozen=True)
class Item:
    """One item: `group` is what it truly is; `edit` how it came from the group's first, `source` where that is from."""

    title: str
    text: str
    url: str | None
    group: int
    edit: str
    source: str


@dataclass(frozen=True)
class Positive:
    """A pair of places of items of one group, by kind of edit; between two copies the kind is `two_copies`."""

    places: tuple[int, int]
    kind: str
    jaccard: Jaccard


@dataclass(frozen=True)
class Negative:
    """A pair of places of items that look alike and differ, by kind."""

    places: tuple[int, int]
    kind: str


@dataclass
class Collection:
    """All items in random order, the pairs of one group, and the hard negatives."""

    seed: int
    items: list[Item] = field(default_factory=list)
    positives: list[Positive] = field(default_factory=list)
    negatives: list[Negative] = field(default_factory=list)

    def sizes(self) -> dict[str, object]:
        """Return what it holds, for a report."""
        tenths = Counter(f"{int(min(0.999, one.jaccard.decisive) * 10) / 10:.1f}" for one in self.positives)
        return {
            "seed": self.seed,
            "items": len(self.items),
            "groups": len({item.group for item in self.items}),
            "mean_words": sum(len(item.text.split()) for item in self.items) / len(self.items),
            "positive_pairs": len(self.positives),
            "positive_pairs_by_jaccard": dict(sorted(tenths.items())),
            "positive_pairs_by_kind": dict(sorted(Counter(one.kind for one in self.positives).items())),
            "hard_negatives": len(self.negatives),
            "hard_negatives_by_kind": dict(sorted(Counter(one.kind for one in self.negatives).items())),
            "groups_by_source": dict(
                sorted(Counter(one.source for one in self.items if one.edit == "original").items())
            ),
        }


class _Maker:
    def __init__(self, seed: int, scale: float, corpora: Path | None) -> None:
        self._chance = random.Random(seed)
        self._scale = scale
        self._corpora = corpora
        self._items: list[Item] = []
        self._negatives: list[tuple[tuple[int, int], str]] = []
        self._groups = 0

    def collection(self, seed: int) -> Collection:
        bases = self._bases()
        for size, count in GROUPS.items():
            for _ in range(round(count * self._scale)):
                self._group(*next(bases), copies=size - 1)
        for kind, family in FAMILIES.items():
            for _ in range(round(family.count * self._scale)):
                self._family(kind, family.documents(self._chance))
        for _ in range(round(BACKGROUND * self._scale)):
            self._group(*next(bases), copies=0)
        return self._shuffled(seed)

    def _bases(self) -> Iterator[tuple[prose.Text, str]]:
        """Yield base texts without end: passages and other languages while they last, stories beside them."""
        texts: list[tuple[prose.Text, str]] = [(one, "reference") for one in prose.documentation_passages(self._chance)]
        foreign: list[tuple[prose.Text, str]] = []
        if self._corpora and (self._corpora / prose.ARTICLES).is_file():
            texts += [(one, "article") for one in prose.article_passages(self._corpora, self._chance)]
        if self._corpora and (self._corpora / prose.SENTENCES).is_dir():
            foreign = [(one, "language") for one in prose.foreign_texts(self._corpora, self._chance)]
        self._chance.shuffle(texts)
        self._chance.shuffle(foreign)
        while True:
            luck = self._chance.random()
            if foreign and luck < _FOREIGN_SHARE:
                yield foreign.pop()
            elif texts and luck < 0.45:
                yield texts.pop()
            else:
                yield prose.story(self._chance), "story"

    def _group(self, base: prose.Text, source: str, copies: int) -> int:
        title, text = base
        original = Item(title, text, address(title, self._chance), self._groups, "original", source)
        self._groups += 1
        self._items.append(original)
        place = len(self._items) - 1
        for _ in range(copies):
            self._items.append(self._copy(original))
        return place

    def _copy(self, original: Item) -> Item:
        kinds = [kind for kind in _KINDS if original.source != "language" or kind not in {*ENGLISH, "combination"}]
        kind = self._chance.choice(kinds)
        url = respelled(original.url, self._chance) if kind == "same_address" else None
        if kind == "same_address":
            edit = EDITS[self._chance.choice(("exact", "tail_cut", "typos", "exact"))]
        else:
            edit = combination if kind == "combination" else EDITS[kind]
        strength = self._chance.random()
        text = edit(original.text, strength, self._chance)
        while jaccard(original.text, text).decisive < _LEAST_JACCARD:
            strength *= 0.7
            text = edit(original.text, strength, self._chance)
        title = self._title(original.title, kind)
        return Item(title, text, url or address(title, self._chance), original.group, kind, original.source)

    def _title(self, title: str, kind: str) -> str:
        luck = self._chance.random()
        outlet = self._chance.choice(("Newsdesk", "The Beacon", "Metro Wire", "City Gazette"))
        if kind in {"syndication", "combination"} and luck < 0.5:
            return title.title() if luck < 0.3 else title.upper()
        if luck < 0.75:
            return title
        if luck < 0.87:
            return f"{title} {self._chance.choice('|-·')} {outlet}"
        if luck < 0.94:
            return f"{' '.join(title.split()[:6])}..."
        return EDITS["typos"](title, 1.0, self._chance)

    def _family(self, kind: str, documents: list[prose.Text]) -> None:
        places = []
        shared = address(kind, self._chance, always=True)
        for number, document in enumerate(documents):
            copied = self._chance.random() < _COPIED_NEGATIVES
            place = self._group(document, kind, copies=int(copied))
            if kind == "same_address_pattern":
                item = self._items[place]
                self._items[place] = Item(
                    item.title, item.text, f"{shared}?id={1000 + number}", item.group, item.edit, item.source
                )
            places.append(place)
        assert len({re.sub(r"\W", "", text) for _, text in documents}) == len(documents), kind
        self._negatives += [(pair, kind) for pair in combinations(places, 2)]

    def _shuffled(self, seed: int) -> Collection:
        order = list(range(len(self._items)))
        self._chance.shuffle(order)
        now = {before: place for place, before in enumerate(order)}
        items = [self._items[before] for before in order]
        negatives = [Negative(_sorted(now[one], now[other]), kind) for (one, other), kind in self._negatives]
        held: dict[int, list[int]] = {}
        for place, item in enumerate(items):
            held.setdefault(item.group, []).append(place)
        positives = [
            Positive(pair, _kind(items, pair), jaccard(items[pair[0]].text, items[pair[1]].text))
            for places in held.values()
            for pair in combinations(places, 2)
        ]
        return Collection(seed, items, positives, negatives)


def near_copies(seed: int = 0, scale: float = 1.0, corpora: Path | None = None) -> Collection:
    """Return the collection of `seed`, `scale` times its full size; `corpora` adds articles and other languages."""
    made = _Maker(seed, scale, corpora).collection(seed)
    if scale >= 1:
        assert len(made.positives) >= 5000, "too few positive pairs"
        assert len(made.negatives) >= 2000, "too few hard negatives"
    assert all(made.items[one.places[0]].group != made.items[one.places[1]].group for one in made.negatives)
    return made


def _kind(items: list[Item], pair: tuple[int, int]) -> str:
    edits = {items[place].edit for place in pair} - {"original"}
    return edits.pop() if "original" in {items[place].edit for place in pair} else "two_copies"


def _sorted(one: int, other: int) -> tuple[int, int]:
    return (one, other) if one < other else (other, one)


def main() -> None:
    """Print the sizes and an example of each kind."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--small", action="store_true")
    asked = parser.parse_args()
    made = near_copies(asked.seed, 0.1 if asked.small else 1.0)
    for kind in sorted({one.kind for one in made.negatives} | {one.kind for one in made.positives}):
        pair = next(one.places for one in (*made.negatives, *made.positives) if one.kind == kind)
        for place in pair:
            print(f"[{kind}] {made.items[place].url}\n{made.items[place].title}\n{made.items[place].text}\n")
    print(json.dumps(made.sizes()))


if __name__ == "__main__":
    main()
