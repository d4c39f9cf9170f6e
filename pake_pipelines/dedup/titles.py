"""Titles: how alike two titles are, as a reader would say."""

from collections.abc import Sequence


def title_similarity(one: Sequence[str], other: Sequence[str]) -> float:
    """Return the normalised edit similarity of two titles given as words, in [0, 1]; an empty title is like none.

    One minus the insertions and deletions needed, over the characters of both (rapidfuzz's ratio).
    """
    from rapidfuzz import fuzz

    if not one or not other:
        return 0.0
    return float(fuzz.ratio(" ".join(one), " ".join(other))) / 100.0
