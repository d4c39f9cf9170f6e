"""NAB's own scoring of anomaly detectors, as numenta/NAB does it (nab/sweeper.py, nab/runner.py, nab/optimizer.py).

A window is worth most at its left edge and nothing past its right edge; only the best point above the threshold counts
in it. Every point above the threshold outside a window costs, the more the farther it lies behind the last window.
Points of the probation are neither. A score of 0 is what the null detector gets, 100 is every window hit at once.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

PROBATION_SHARE: Final = 0.15
PROBATION_OF_AT_MOST: Final = 5000  # points; a longer series has no longer probation
_FAR_BEHIND: Final = 3.0  # window widths after which a false point costs in full

Floats = NDArray[np.float64]
Window = tuple[datetime, datetime]


class Profile(NamedTuple):
    """What a hit, a false point and a missed window weigh (config/profiles.json of NAB)."""

    hit: float
    false_point: float
    miss: float


STANDARD: Final = Profile(1.0, 0.11, 1.0)
LOW_FALSE_POSITIVES: Final = Profile(1.0, 0.22, 1.0)
LOW_FALSE_NEGATIVES: Final = Profile(1.0, 0.11, 2.0)


@dataclass(frozen=True, slots=True)
class Labelled:
    """A series' points as the scorer sees them.

    `rewards` is what a detection at each point is worth before weights: 0..1 in a window, -1..0 outside.
    `windows` holds the number of the point's window, -1 outside every window. `counts` is False in the probation.
    `labels` is how many windows the label file names, be they in the probation or not.
    """

    rewards: Floats
    windows: NDArray[np.int64]
    counts: NDArray[np.bool_]
    labels: int

    @property
    def scorable(self) -> frozenset[int]:
        """The windows that reach out of the probation."""
        return frozenset(np.unique(self.windows[self.counts & (self.windows >= 0)]).tolist())


@dataclass(frozen=True, slots=True)
class Tally:
    """What detections at one threshold got: the raw score, and the counts behind it."""

    raw: float
    null: float
    perfect: float
    hits: int
    windows: int
    false_points: int

    @property
    def score(self) -> float | None:
        """The score between the null detector (0) and every labelled window hit at once (100); None without windows."""
        return 100 * (self.raw - self.null) / (self.perfect - self.null) if self.perfect > self.null else None

    def __add__(self, other: "Tally") -> "Tally":
        """Both together: NAB adds raw scores up over files before it normalises them."""
        return Tally(
            self.raw + other.raw,
            self.null + other.null,
            self.perfect + other.perfect,
            self.hits + other.hits,
            self.windows + other.windows,
            self.false_points + other.false_points,
        )


NOTHING: Final = Tally(0.0, 0.0, 0.0, 0, 0, 0)


def probation(points: int) -> int:
    """How many points at a series' beginning are not scored: 15 %, of at most 5,000."""
    return int(np.ceil(min(np.floor(PROBATION_SHARE * points), PROBATION_SHARE * PROBATION_OF_AT_MOST)))


def label(times: Sequence[datetime], windows: Sequence[Window]) -> Labelled:
    """Prepare a series for scoring; a limit that is no point of the series is moved inwards to the nearest one."""
    size = len(times)
    rewards = np.full(size, -1.0)
    numbers = np.full(size, -1, dtype=np.int64)
    begin, previous = 0, None
    for number, limits in enumerate(sorted(windows)):
        found = _limits(times, limits, begin)
        if found is None:
            continue
        left, right = found
        if previous is not None:
            rewards[begin:left] = _behind(np.arange(begin, left), *previous)
        width = right - left + 1
        rewards[left : right + 1] = scaled_sigmoid(-(right - np.arange(left, right + 1) + 1) / width)
        rewards[left : right + 1] /= scaled_sigmoid(np.array([-1.0]))[0]
        numbers[left : right + 1] = number
        begin, previous = right + 1, (right, width)
    if previous is not None:
        rewards[begin:] = _behind(np.arange(begin, size), *previous)
    return Labelled(rewards, numbers, np.arange(size) >= probation(size), len(windows))


def scaled_sigmoid(position: Floats) -> Floats:
    """The worth of a detection by its place: -1 is the left edge of its window, 0 the right one, 1 as far past that."""
    position = np.asarray(position, dtype=np.float64)
    worth: Floats = 2 / (1 + np.exp(5 * np.minimum(position, _FAR_BEHIND))) - 1
    return np.where(position > _FAR_BEHIND, -1.0, worth)


def tally(labelled: Labelled, scores: Floats, threshold: float, profile: Profile = STANDARD) -> Tally:
    """Score one series: every point with a score of at least `threshold` is a detection."""
    detected = labelled.counts & (np.asarray(scores) >= threshold)
    inside = labelled.windows >= 0
    false = detected & ~inside
    best: dict[int, float] = {}
    for at in np.flatnonzero(detected & inside).tolist():
        window = int(labelled.windows[at])
        best[window] = max(best.get(window, -profile.miss), float(labelled.rewards[at]) * profile.hit)
    scorable = len(labelled.scorable)
    missed = scorable - len(best)
    return Tally(
        raw=sum(best.values()) - missed * profile.miss + float(labelled.rewards[false].sum()) * profile.false_point,
        null=-scorable * profile.miss,
        perfect=labelled.labels * profile.hit,
        hits=len(best),
        windows=scorable,
        false_points=int(false.sum()),
    )


def total(series: Iterable[tuple[Labelled, Floats]], threshold: float, profile: Profile = STANDARD) -> Tally:
    """Score several series at one threshold."""
    return sum((tally(labelled, scores, threshold, profile) for labelled, scores in series), NOTHING)


def best_threshold(series: Sequence[tuple[Labelled, Floats]], profile: Profile = STANDARD) -> float:
    """The threshold, of all scores that occur, at which the raw score over `series` is highest; 1.1 flags nothing."""
    scores: list[Floats] = []
    worth: list[Floats] = []
    windows: list[NDArray[np.int64]] = []
    first = 0
    for labelled, given in series:
        counts = labelled.counts
        inside = labelled.windows[counts] >= 0
        scores.append(np.asarray(given, dtype=np.float64)[counts])
        worth.append(labelled.rewards[counts] * np.where(inside, profile.hit, profile.false_point))
        windows.append(np.where(inside, labelled.windows[counts] + first, -1))
        first += labelled.labels
    return _sweep(np.concatenate(scores), np.concatenate(worth), np.concatenate(windows), profile)


def _sweep(scores: Floats, worth: Floats, windows: NDArray[np.int64], profile: Profile) -> float:
    order = np.argsort(-scores, kind="stable")
    scores, worth, windows = scores[order], worth[order], windows[order]
    gains = np.where(windows < 0, worth, 0.0)
    held: dict[int, float] = {}
    for at in np.flatnonzero(windows >= 0).tolist():
        window, value = int(windows[at]), float(worth[at])
        before = held.get(window, -profile.miss)
        if value > before:
            gains[at] = value - before
            held[window] = value
    raw = np.cumsum(gains)
    last_of_its_score = np.append(scores[1:] != scores[:-1], True)
    best = int(np.argmax(np.where(last_of_its_score, raw, -np.inf)))
    return float(scores[best]) if raw[best] > 0 else 1.1


def _limits(times: Sequence[datetime], window: Window, begin: int) -> tuple[int, int] | None:
    inside = [at for at in range(begin, len(times)) if window[0] <= times[at] <= window[1]]
    if not inside:
        return None
    right = next((at for at in inside if times[at] == window[1]), inside[-1])
    return inside[0], right


def _behind(points: NDArray[np.int64], right: int, width: int) -> Floats:
    return scaled_sigmoid((points - right) / max(width - 1, 1))
