"""Phrases: finding all that the configuration lists in one pass over the words of a text.

The notation is that of `config.quality.Phrase`. Each phrase becomes a small graph of dictionaries, one for each word,
and is followed only from a word it can begin with. So the time is linear in the text whatever is configured.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

_NUMBER: Final = "#"
_MONEY: Final = "$"
_FIRST: Final = dict.fromkeys("0123456789#", _NUMBER) | dict.fromkeys("$£€", _MONEY)
_END: Final = ""  # the key of a node at which a phrase may end; no word is empty
_SHORTEST_SINGULAR: Final = 4  # letters, before the s
_LITERAL: Final = re.compile(r"[^\W\d_]{2,}")

Themes = Mapping[str, Mapping[str, float]]
Node = dict[str, Any]  # word -> Node: a recursive type that cannot be said


class Phrase(NamedTuple):
    """A configured phrase: whether it speaks against, its theme, its points where it is used once, and its line."""

    against: bool
    theme: str
    points: float
    text: str


class Hit(NamedTuple):
    """A phrase and the words it was found in: from `first` up to `end`, without it."""

    phrase: Phrase
    first: int
    end: int


class PhraseIndex:
    """The phrases of a configuration by the two words they can begin with.

    `words` are the keys of all words that occur in those that speak for spam.
    """

    def __init__(self, phrases: Themes, against: Themes) -> None:
        self.words = frozenset(
            key(word) for lines in phrases.values() for text in lines for word in _LITERAL.findall(text.lower())
        )
        self._seconds: dict[str, dict[str, list[tuple[Phrase, Node]]]] = {}
        for is_against, themes in ((False, phrases), (True, against)):
            for theme, lines in themes.items():
                for text, points in lines.items():
                    self._add(Phrase(is_against, theme, points, text))

    def _add(self, phrase: Phrase) -> None:
        for word, node in _graph(phrase.text.lower()).items():
            seconds = self._seconds.setdefault(word, {})
            for following, below in node.items():
                seconds.setdefault(following, []).append((phrase, below))

    def find(self, keys: Sequence[str]) -> list[Hit]:
        """Return every phrase at every place it is found at, in its longest form; `keys` are those of the words."""
        found: list[Hit] = []
        beginnings = self._seconds
        for at, (word, following) in enumerate(zip(keys, [*keys[1:], _END], strict=False)):
            if word in beginnings:
                seconds = beginnings[word]
                if following in seconds or _END in seconds:
                    found += _followed(seconds, keys, at, following)
        return found


def keys_of(words: Sequence[str]) -> list[str]:
    """Return what each of `words`, in lower case, is looked up by."""
    return [key(word) if word[-1] == "s" or word[0] in _FIRST else word for word in words]


def key(word: str) -> str:
    """Return what a word in lower case is looked up by: all numbers are one, and an offer is found in offers."""
    if word[-1] == "s" and len(word) > _SHORTEST_SINGULAR and word[-2] not in "siu'":
        return word[:-1]
    return _FIRST.get(word[0], word)


def _followed(
    seconds: dict[str, list[tuple[Phrase, Node]]], keys: Sequence[str], at: int, following: str
) -> Iterator[Hit]:
    ends = {phrase: at + 1 for phrase, _ in seconds.get(_END, ())}
    if following:
        for phrase, node in seconds.get(following, ()):
            ends[phrase] = max(_end(node, keys, at + 2), ends.get(phrase, 0))
    return (Hit(phrase, at, end) for phrase, end in ends.items() if end)


def _end(node: Node, keys: Sequence[str], at: int) -> int:
    """Return the end of the longest way through `node` from the word at `at` on, 0 if there is none."""
    longest = at if _END in node else 0
    below = node.get(keys[at]) if at < len(keys) else None
    return longest if below is None else max(longest, _end(below, keys, at + 1))


def _graph(text: str) -> Node:
    node: Node = {_END: {}}
    for position in reversed(text.split()):
        before = dict(node) if position.startswith("(") else {}
        for alternative in position.strip("()").split("|"):
            before = _united(before, _chain([key(word) for word in alternative.split("-")], node))
        node = before
    return node


def _chain(words: list[str], target: Node) -> Node:
    for word in reversed(words):
        target = {word: target}
    return target


def _united(one: Node, other: Node) -> Node:
    both = dict(one)
    for word, node in other.items():
        both[word] = _united(both[word], node) if word in both else node
    return both
