"""What goes into the detection of anomalies and what comes out."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Kind(StrEnum):
    """What an episode looks like, seen from what was usual before it."""

    SPIKE = "spike"  # above it, and soon back
    DROP = "drop"  # below it, and soon back
    LEVEL = "level"  # beside it for long, or on the mean of two hours
    SHAPE = "shape"  # usual values in an order or at a time never seen
    FLAT = "flat"  # the same value for longer than ever


@dataclass(frozen=True, slots=True)
class Point:
    """One sample; a value that is None or not finite is a gap."""

    at: datetime
    value: float | None


@dataclass(frozen=True, slots=True)
class Episode:
    """Odd points that belong together.

    `score` (0..1) and `value` are those of the oddest point, at `peak_at`. `expected_low` and `expected_high` hold 98 %
    of the samples before `started_at`. `over` is False while the episode still goes on where the data end. `stands_out`
    is whether it goes beyond what noise alone brings now and then: only such an episode is worth waking somebody for.
    """

    started_at: datetime
    last_at: datetime
    peak_at: datetime
    score: float
    value: float
    expected_low: float | None
    expected_high: float | None
    kind: str
    over: bool
    stands_out: bool = True


@dataclass(frozen=True, slots=True)
class Detection:
    """What was found in a series.

    `scores` holds 0..1 for every point given: how new and how odd it is beside everything before it; points that go on
    with what was already odd score low. `warm_up` is how many points were only learnt from. `reason` says why nothing
    could be said, None if something could.
    """

    scores: Sequence[float]
    episodes: tuple[Episode, ...]
    warm_up: int
    reason: str | None
