"""Filling the slots of sentence frames and templates: `{place}`, `{n1:10-40}`, `{money}`; a slot keeps its value."""

import random
import re
from collections.abc import Callable, Sequence
from typing import Final

from benchmarks.near_copies import vocabulary

_SLOT: Final = re.compile(r"\{([a-z]+)(\d*)(?::(\d+)-(\d+))?\}")
_PICKED: Final[dict[str, Sequence[str]]] = {
    "place": vocabulary.PLACES,
    "noun": vocabulary.NOUNS,
    "adjective": vocabulary.ADJECTIVES,
    "weekday": vocabulary.WEEKDAYS,
    "month": vocabulary.MONTHS,
    "participle": vocabulary.PARTICIPLES,
    "outlet": vocabulary.OUTLETS,
    "surname": vocabulary.SURNAMES,
}
_MADE: Final[dict[str, Callable[[random.Random], str]]] = {
    "person": lambda chance: f"{chance.choice(vocabulary.FIRST_NAMES)} {chance.choice(vocabulary.SURNAMES)}",
    "org": lambda chance: (
        f"{chance.choice(vocabulary.SURNAMES + vocabulary.PLACES)} {chance.choice(vocabulary.ORGANISATIONS)}"
    ),
    "year": lambda chance: str(chance.randint(1948, 2024)),
    "date": lambda chance: f"{chance.randint(1, 28)} {chance.choice(vocabulary.MONTHS)} {chance.randint(2023, 2026)}",
    "percent": lambda chance: f"{chance.randint(3, 88)} percent",
    "money": lambda chance: f"${chance.randint(2, 980)},{chance.randint(1, 999):03d}",
    "time": lambda chance: f"{chance.randint(6, 21)}:{chance.choice(('00', '15', '30', '45'))}",
    "version": lambda chance: f"{chance.randint(1, 9)}.{chance.randint(0, 30)}.{chance.randint(0, 20)}",
    "decimal": lambda chance: f"{chance.randint(0, 98)}.{chance.randint(1, 99):02d}",
    "code": lambda chance: (
        f"{chance.choice('ABCDEFGHKLMNPRSTVWX')}{chance.choice('ABCDEFGHKLM')}-{chance.randint(1000, 99999)}"
    ),
}
_ARTICLE: Final = re.compile(r"\b([Aa]) (?=[aeio])")


class Slots:
    """The values that the slots of one document have; values given before are kept."""

    def __init__(self, chance: random.Random, known: dict[str, str] | None = None) -> None:
        """Draw from `chance`; start with what is `known`."""
        self._chance = chance
        self.values = dict(known or {})

    def fill(self, frame: str) -> str:
        """Return `frame` with its slots filled. Raises KeyError for a kind of slot that nobody can fill."""
        return _ARTICLE.sub(r"\1n ", _SLOT.sub(self._value, frame))

    def _value(self, slot: re.Match[str]) -> str:
        kind, number, least, most = slot.groups()
        name = kind + number
        if name not in self.values:
            self.values[name] = self._drawn(kind, least, most)
        return self.values[name]

    def _drawn(self, kind: str, least: str | None, most: str | None) -> str:
        if least and most:
            return f"{self._chance.randint(int(least), int(most)):,}"
        if kind in _PICKED:
            return self._chance.choice(_PICKED[kind])
        return _MADE[kind](self._chance)
