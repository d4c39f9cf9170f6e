"""Labelled items: what a score said and what people said, in the form in which scores are measured."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

MIN_LABELS: Final = 20  # below, intervals are so wide that a figure only misleads


@dataclass(frozen=True, slots=True)
class Labelled:
    """An item with its score in [0, 1] and a person's label.

    `weight` is the inverse of the probability with which a sample took it. `source` is what items come from together,
    `published` is aware. `authority` in [0, 1] and `characters` are what the score is measured against.
    """

    score: float
    good: bool
    weight: float = 1.0
    source: str = ""
    published: datetime | None = None
    authority: float | None = None
    characters: int | None = None


def agreed(labels: Iterable[tuple[int, Labelled]]) -> tuple[list[Labelled], int]:
    """Return one label for each item (named by its id) that most of its labels agree on, and how many have none.

    Several labels of one item are not several pieces of evidence. The weight is their mean.
    """
    items: dict[int, list[Labelled]] = defaultdict(list)
    for item, label in labels:
        items[item].append(label)
    found = []
    for group in items.values():
        good = sum(one.good for one in group)
        if 2 * good != len(group):
            weight = sum(one.weight for one in group) / len(group)
            found.append(replace(group[0], good=2 * good > len(group), weight=weight))
    return found, len(items) - len(found)


def too_few(labels: Iterable[Labelled]) -> str | None:
    """Return why nothing can be measured with `labels`, None if it can."""
    given = [one.good for one in labels]
    if len(given) < MIN_LABELS:
        return f"{len(given)} labels, at least {MIN_LABELS} are needed"
    if all(given) or not any(given):
        return f"all {len(given)} labels are {'good' if given[0] else 'bad'}, both kinds are needed"
    return None
