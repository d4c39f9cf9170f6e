"""Sampling: which items a person is to label, so that few labels say much about all items."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Final

from pake_pipelines.quality.bins import equal_mass

_BINS: Final = 10


@dataclass(frozen=True, slots=True)
class Drawn:
    """An item of a sample; `weight` is the inverse of the probability with which it was drawn."""

    entry_id: int
    weight: float


def stratified_sample(scores: Sequence[tuple[int, float]], size: int, seed: int) -> list[Drawn]:
    """Return `size` items of `scores` (entry id, decision score), or all if there are fewer, in an order to label.

    Each of up to ten bins of equal mass gives the same number, so both ends are seen, and whoever stops early has seen
    all bins in turn. Weighted means over the sample estimate means over all items (Horvitz and Thompson 1952). The
    same `seed` and items give the same sample, in whatever order the items come. Raises ValueError for no `size`.
    """
    if size < 1:
        raise ValueError("a sample has at least one item")
    given = sorted(scores)
    strata = equal_mass([score for _, score in given], min(_BINS, size))
    drawing = random.Random(seed)  # noqa: S311  # a sample, not a secret
    drawn: list[list[Drawn]] = []
    for stratum, share in zip(strata, _shares([len(one) for one in strata], min(size, len(given))), strict=True):
        taken = drawing.sample(stratum, share)
        drawn.append([Drawn(given[place][0], len(stratum) / share) for place in taken])
    return list(_in_turn(drawn, drawing))


def _shares(sizes: Sequence[int], wanted: int) -> list[int]:
    """Return how many each stratum gives: equal numbers, and what small ones lack is given by the others."""
    shares = [0] * len(sizes)
    open_strata = list(range(len(sizes)))
    while wanted and open_strata:
        each, extra = divmod(wanted, len(open_strata))
        for turn, stratum in enumerate(open_strata):
            more = min(each + (turn < extra), sizes[stratum] - shares[stratum])
            shares[stratum] += more
            wanted -= more
        open_strata = [stratum for stratum in open_strata if shares[stratum] < sizes[stratum]]
    return shares


def _in_turn(strata: Sequence[Sequence[Drawn]], drawing: random.Random) -> Iterator[Drawn]:
    """Yield one of each stratum, again and again, each time in another order, so that the order tells no score."""
    for turn in zip_longest(*strata):
        some = [one for one in turn if one is not None]
        drawing.shuffle(some)
        yield from some
