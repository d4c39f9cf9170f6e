"""Signals: what the rules need to know of a text and what takes long to find in it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple


class Evidence(NamedTuple):
    """One reason for spam points: the signal's name, its points, and the words it was found in.

    Points are in [-1, 1]: negative ones are taken away by what speaks against spam.
    """

    signal: str
    points: float
    excerpt: str


@dataclass(frozen=True, slots=True)
class Spam:
    """A score in [0, 1] and the evidence for it, heaviest first; the points add up to the score, unless over 1."""

    score: float
    evidence: tuple[Evidence, ...]


@dataclass(frozen=True, slots=True)
class Signals:
    """How far a text is spam, and an excerpt around the first hit of each configured pattern that occurs in it."""

    spam: Spam
    patterns: Mapping[str, str]
