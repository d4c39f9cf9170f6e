"""Pressure (ANA-11, ANA-13): a figure that is above its bound nearly all the time, never by one sample (D-41)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from math import isfinite
from statistics import fmean, median
from typing import Final

CONSISTENTLY: Final = 0.8
"""The share of samples above the bound that is meant by "consistently"."""

COVERED: Final = 0.5
"""The share of a window that its samples must span."""

_FEWEST: Final = 20  # samples on both sides of a comparison
_SIGNIFICANCE: Final = 0.01
_SLOWER: Final = 1.5


class State(StrEnum):
    """Whether there is pressure; `UNKNOWN` is not "no"."""

    UNDER_PRESSURE = "under pressure"
    NOT = "not under pressure"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Pressure:
    """How a series stood to its bound over a window; `share` of its `samples` were above it. `evidence` says it all."""

    metric: str
    state: State
    bound: float
    samples: int
    share: float | None
    mean: float | None
    maximum: float | None
    evidence: str


@dataclass(frozen=True, slots=True)
class Increase:
    """How times changed: medians before and now; `chance` is how likely chance makes now so much larger."""

    metric: str
    state: State
    before: float | None
    after: float | None
    chance: float | None
    evidence: str


def uncovered(moments: Sequence[datetime], window: timedelta, min_samples: int) -> str | None:
    """Return why so many samples at such moments tell nothing of a window, None where they do."""
    if len(moments) < min_samples:
        return f"only {len(moments)} of {min_samples} samples"
    covered = max(moments) - min(moments)
    if covered < COVERED * window:
        return f"they cover {covered.total_seconds() / 3600:.1f} of {window.total_seconds() / 3600:g} hours"
    return None


def pressure(
    metric: str,
    samples: Sequence[tuple[datetime, float]],
    bound: float,
    *,
    now: datetime,
    window: timedelta = timedelta(hours=4),
    min_samples: int = 6,
) -> Pressure:
    """Return whether a series was consistently above `bound` in the `window` before `now`."""
    known = [(at, value) for at, value in samples if now - window <= at <= now and isfinite(value)]
    if why_not := uncovered([at for at, _ in known], window, min_samples):
        return Pressure(metric, State.UNKNOWN, bound, len(known), None, None, None, f"not enough is known: {why_not}")
    values = [value for _, value in known]
    share, mean = sum(value > bound for value in values) / len(values), fmean(values)
    hours = window.total_seconds() / 3600
    said = (
        f"{share:.0%} of {len(values)} samples in {hours:g} hours were above {bound:g} "
        f"(mean {mean:.4g}, highest {max(values):.4g})"
    )
    state = State.UNDER_PRESSURE if share >= CONSISTENTLY else State.NOT
    return Pressure(metric, state, bound, len(values), share, mean, max(values), said)


def increase(metric: str, before: Sequence[float], after: Sequence[float]) -> Increase:
    """Return whether times increased significantly: by half or more, and not by chance (Mann-Whitney)."""
    old, new = [one for one in before if isfinite(one)], [one for one in after if isfinite(one)]
    if min(len(old), len(new)) < _FEWEST:
        said = f"not enough is known: {len(old)} samples before and {len(new)} now, of at least {_FEWEST} each"
        return Increase(metric, State.UNKNOWN, None, None, None, said)
    from scipy.stats import mannwhitneyu

    usual, recent = median(old), median(new)
    chance = float(mannwhitneyu(new, old, alternative="greater").pvalue)
    said = (
        f"{recent:.4g} now, {usual:.4g} before (medians of {len(new)} and {len(old)} samples; by chance: {chance:.2g})"
    )
    grown = recent >= _SLOWER * usual and recent > usual and chance < _SIGNIFICANCE
    return Increase(metric, State.UNDER_PRESSURE if grown else State.NOT, usual, recent, chance, said)
