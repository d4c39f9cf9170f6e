"""Texts made to order: stories of invented words, and exact, near and semantic copies of them.

The words are invented so that nothing in them is a name, and many enough that two stories have next to nothing in
common. What the word embedder sees is which words a text has; their order it does not see.
"""

import itertools
import random
from dataclasses import dataclass, replace
from datetime import date, datetime

from pake_pipelines_tests.conftest import TODAY

_SYLLABLES = [a + b for a in "bdfgklmnprstvz" for b in "aeiou"]
_VOCABULARY = sorted({"".join(random.Random(number).choices(_SYLLABLES, k=2 + number % 3)) for number in range(6000)})


@dataclass(frozen=True)
class Item:
    """What a source says of one item, in one version."""

    key: str
    text: str
    title: str = ""
    url: str | None = None
    source: str = "news"
    day: date = TODAY
    published: datetime | None = None


def story(number, words=60):
    """Return a text of its own for each number: `words` different words in sentences of twelve."""
    return _sentences(random.Random(f"story {number}").sample(_VOCABULARY, words))


def headline(number):
    """Return a title of its own for each number."""
    return " ".join(random.Random(f"headline {number}").sample(_VOCABULARY, 4))


def edited(text, changes, seed=0):
    """Return `text` with that many of its words, spread evenly, replaced by words of no other text."""
    words = text.replace(".", "").split()
    new = random.Random(f"edit {seed}").sample(_VOCABULARY, changes)
    for number, word in enumerate(new):
        words[(2 * number + 1) * len(words) // (2 * changes)] = f"{word}{'q' * (1 + seed % 3)}"
    return _sentences(words)


def shuffled(text, seed=0):
    """Return the words of `text` in another order: all that is left is what it is about."""
    words = text.replace(".", "").split()
    random.Random(f"shuffle {seed}").shuffle(words)
    return _sentences(words)


def _sentences(words):
    return " ".join(f"{' '.join(words[start : start + 12])}." for start in range(0, len(words), 12))


def counted(text, boats):
    """Return `text` with a fact at its end; texts with other numbers contradict each other."""
    return f"{text} the wardens counted {boats} boats that morning."


def family(number):
    """Return the texts of one family of each kind, by kind; the texts of a kind belong into one or two groups."""
    numbers = itertools.count(100 * number)
    copies, near, meaning, facts, chained, address = (story(next(numbers)) for _ in range(6))
    return {
        "copy": [copies] * 4,
        "near": [near, *(edited(near, 2, seed) for seed in range(4))],
        "meaning": [meaning, *(shuffled(meaning, seed) for seed in range(3))],
        "facts": [counted(facts, 52), counted(facts, 61), counted(edited(facts, 1), 52), facts],
        "chain": chain(chained, 6),
        "address": [f"{address} {story(next(numbers), 30)}" for _ in range(3)],
        "single": [story(next(numbers)) for _ in range(5)],
    }


def chain(text, length):
    """Return texts of which each has 52 of 60 words in common with the next, and 44 with the one after that."""
    words, made = text.replace(".", "").split(), []
    for link in range(length):
        made.append(_sentences(words))
        new = random.Random(f"link {link} {text}").sample(_VOCABULARY, 8)
        words[8 * link : 8 * link + 8] = [f"{word}x" for word in new]
    return made


def mixed(families=2, *, yesterday):
    """Return items of every kind, each on one of two days."""
    made = [
        Item(
            key=f"{kind}-{number}-{place}",
            text=text,
            title=headline(f"{kind} {number} {place}"),
            url=f"https://pages.example/{number}"
            if kind == "address"
            else f"https://pages.example/{kind}/{number}/{place}",
            source=("news", "academic", "community")[place % 3],
        )
        for number in range(families)
        for kind, texts in family(number).items()
        for place, text in enumerate(texts)
    ]
    days = random.Random("days").choices([TODAY, yesterday], k=len(made))
    return [replace(one, day=day) for one, day in zip(made, days, strict=True)]


def moved_on(items):
    """Return new versions of some of `items`: texts that have changed, or that have become those of another."""
    by_key = {one.key: one for one in items}
    return [
        replace(by_key["copy-0-0"], text=story("elsewhere")),
        replace(by_key["copy-1-1"], text=story("elsewhere")),
        replace(by_key["near-0-0"], text=by_key["single-0-0"].text),
        replace(by_key["near-1-2"], text=edited(by_key["near-0-1"].text, 1)),
        replace(by_key["chain-0-2"], text=story("broken link")),
        replace(by_key["facts-0-1"], text=by_key["facts-0-0"].text),
        replace(by_key["facts-1-0"], text=counted(by_key["facts-1-3"].text, 77)),
        replace(by_key["meaning-1-0"], text=by_key["meaning-0-0"].text),
        replace(by_key["address-0-1"], url="https://pages.example/moved"),
    ]
