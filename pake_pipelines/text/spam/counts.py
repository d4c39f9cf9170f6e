"""Counts: how many words of each class a text has, and how many are plain: no evidence of anything.

Every share of the score is one to the plain words. So evidence that is added lowers no other evidence.
"""

from collections import Counter
from collections.abc import Sequence
from itertools import compress, filterfalse, pairwise
from operator import not_
from typing import Final, NamedTuple

from pake_pipelines.text.spam.words import ADDRESS, CALLS, FEW, SELLING, SPANS, TELLING

_LONGEST_CALL: Final = 6
_AROUND: Final = "\"'()[]*-\u2013\u2014#,>"
_SHORTEST_SHOUT: Final = 3  # letters
_SHORTEST_STUFFED: Final = 4
_FEWEST_STUFFED: Final = 3
_SIGNS: Final = frozenset("$£€")
_MONEY: Final = _SIGNS | {"usd", "eur", "gbp", "dollars", "euros", "pounds", "bucks", "usdt"}
_NOT_PLAIN: Final = ADDRESS | SELLING | _SIGNS | {"%", ".", "!", "?"}
# Millions are what companies, states and lotteries have; offers name prices.
_LARGE: Final = frozenset(["m", "bn", "million", "millions", "billion", "billions", "trillion"])


class Counts(NamedTuple):
    """The words of each class as they were found, and the number of plain words."""

    plain: int
    address: list[str]
    selling: list[str]
    telling: list[str]
    prices: list[str]
    spans: list[str]
    shouts: list[str]
    stuffed: list[str]


def count(words: Sequence[str], written: Sequence[str], covered: bytearray) -> Counts:
    """Return what is counted in `words`, in lower case, `written` as they stand; `covered` are those in phrases."""
    shouts = [word for word in filter(str.isupper, written) if len(word) >= _SHORTEST_SHOUT]
    shouted = {word.lower() for word in shouts}
    uncovered = compress(words, map(not_, covered))
    plain = list(filterfalse((_NOT_PLAIN | shouted if shouted else _NOT_PLAIN).__contains__, uncovered))
    return Counts(
        plain=len(plain),
        address=list(filter(ADDRESS.__contains__, words)),
        selling=list(filter(SELLING.__contains__, words)),
        telling=list(filter(TELLING.__contains__, plain)),
        prices=_prices(words),
        spans=_spans(words),
        shouts=shouts,
        stuffed=_stuffed(words),
    )


def calls(sentences: Sequence[str]) -> list[str]:
    """Return the sentences in lower case that tell the reader what to do, short ones twice: they do nothing else."""
    found: list[str] = []
    for sentence in sentences:
        words = sentence.split(None, _LONGEST_CALL)
        if words and words[0].strip(_AROUND) in CALLS:
            found += [sentence.strip()] * (2 if len(words) <= _LONGEST_CALL else 1)
    return found


def _prices(words: Sequence[str]) -> list[str]:
    """Return the numbers that are amounts of money as offers name them."""
    if _MONEY.isdisjoint(words):
        return []
    around = ["", *words, ""]
    return [
        number
        for before, number, after in zip(around, words, around[2:], strict=False)
        if number[0].isdigit()
        and (before in _SIGNS or after in _MONEY)
        and after not in _LARGE
        and not number.endswith(("m", "bn"))
    ]


def _spans(words: Sequence[str]) -> list[str]:
    if SPANS.isdisjoint(words):
        return []
    return [
        f"{number} {unit}"
        for number, unit in pairwise(words)
        if unit in SPANS and (number in FEW or number[0].isdigit())
    ]


def _stuffed(words: Sequence[str]) -> list[str]:
    """Return the pairs of long words that are said three times or more, each as often as it is said."""
    often = {
        word for word, times in Counter(words).items() if times >= _FEWEST_STUFFED and len(word) >= _SHORTEST_STUFFED
    }
    if not often:
        return []
    pairs = Counter(f"{one} {other}" for one, other in pairwise(words) if one in often and other in often)
    return [pair for pair, times in pairs.items() if times >= _FEWEST_STUFFED for _ in range(times)]
