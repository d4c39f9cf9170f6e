"""Bins of equal mass: as many items in each as ties allow. Both the sample and the reliability table stand on them."""

from collections.abc import Sequence
from itertools import groupby


def equal_mass(scores: Sequence[float], bins: int) -> list[list[int]]:
    """Return the places of `scores` in at most `bins` bins by rising score; equal scores share a bin.

    A bin is closed as soon as the items so far fill its share of the whole, so that one tie that is larger than a bin
    costs bins and never splits. No bin is empty. Raises ValueError for less than one bin.
    """
    if bins < 1:
        raise ValueError("at least one bin is needed")
    places = sorted(range(len(scores)), key=lambda place: (scores[place], place))
    found: list[list[int]] = []
    open_bin: list[int] = []
    seen = 0
    for _, tie in groupby(places, key=lambda place: scores[place]):
        open_bin += tie
        # the bin that the next item would belong to, by its rank
        if (seen + len(open_bin)) * bins // len(places) > seen * bins // len(places):
            found.append(open_bin)
            seen += len(open_bin)
            open_bin = []
    return found
