"""Synthetic series whose future is known: what a disk, a cache or a table does over months, in many shapes.

A series is drawn from shapes, noises, cycles, clean-ups, gaps and rhythms of reading that no model has as its own:
noise with heavy tails or a memory, clean-ups at odd times and of odd sizes, kinks, late starts. Everything follows from
the seed.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import numpy as np

Floats = np.ndarray[Any, np.dtype[np.float64]]
Draw = np.random.Generator
DAYS: Final = 220
HORIZON: Final = 30
START: Final = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Synthetic:
    """A series of `per_day` readings a day; nan is one that was not taken. `grows` says whether it ever fills.

    `origin` is a day at which it is forecast, with days before and after it.
    """

    family: str
    values: Floats
    per_day: int
    grows: bool
    origin: int

    def at(self, place: int) -> datetime:
        """When a reading was taken."""
        return START + timedelta(days=place / self.per_day)


def noise(draw: Draw, number: int, size: float) -> Floats:
    """Noise of a standard deviation of about `size`: normal, with heavy tails, or with a memory."""
    kind = draw.choice(["normal", "heavy", "remembering"])
    if kind == "heavy":
        return size * draw.standard_t(4, number) / 2**0.5
    plain = draw.normal(0, 1, number)
    if kind == "remembering":
        kept = draw.uniform(0.3, 0.7)
        for place in range(1, number):
            plain[place] += kept * plain[place - 1]
        plain *= (1 - kept**2) ** 0.5
    return size * plain


def _days(per_day: int) -> Floats:
    return np.arange(DAYS * per_day) / per_day


def _slope(draw: Draw) -> float:
    return float(np.exp(draw.uniform(np.log(0.1), np.log(2.0))))


def _noise_by(draw: Draw, slope: float) -> float:
    """Noise between a tenth of a day's growth and four days of it."""
    return slope * float(np.exp(draw.uniform(np.log(0.1), np.log(4.0))))


def linear(draw: Draw, days: Floats) -> Floats:
    """Growth by the same every day."""
    slope = _slope(draw)
    return draw.uniform(5, 50) + slope * days + noise(draw, len(days), _noise_by(draw, slope))


def accelerating(draw: Draw, days: Floats) -> Floats:
    """Growth by a share, or by ever more."""
    if draw.random() < 0.5:
        level = draw.uniform(5, 30) * np.exp(draw.uniform(0.004, 0.02) * days)
        return level * (1 + noise(draw, len(days), draw.uniform(0.002, 0.02)))
    slope = _slope(draw)
    level = draw.uniform(5, 30) + slope * days * (0.3 + days / draw.uniform(80, 300))
    return level + noise(draw, len(days), _noise_by(draw, slope))


def slowing(draw: Draw, days: Floats) -> Floats:
    """Growth by ever less."""
    slope = _slope(draw)
    if draw.random() < 0.5:
        level = slope * 60 * (days / 60) ** draw.uniform(0.5, 0.85)
    else:
        long = draw.uniform(100, 250)
        level = slope * long * (1 - np.exp(-days / long))
    return draw.uniform(5, 50) + level + noise(draw, len(days), _noise_by(draw, slope) / 2)


def kinked(draw: Draw, days: Floats) -> Floats:
    """Growth that became faster or slower one day."""
    slope, day = _slope(draw), draw.uniform(30, 100)
    level = slope * days + slope * draw.choice([-0.6, 1.0, 2.0]) * np.maximum(0, days - day)
    return draw.uniform(5, 50) + level + noise(draw, len(days), _noise_by(draw, slope))


def late_start(draw: Draw, days: Floats) -> Floats:
    """Nothing, and then growth."""
    slope, day = _slope(draw), draw.uniform(15, 60)
    level = draw.uniform(0, 10) + slope * np.maximum(0, days - day)
    return level + noise(draw, len(days), min(_noise_by(draw, slope), slope))


def stairs(draw: Draw, days: Floats) -> Floats:
    """Growth by steps, at about the same or at any distance, of about the same or of any size."""
    every, size = draw.uniform(3, 12), draw.uniform(1, 8)
    gaps = draw.exponential(every, 200) if draw.random() < 0.4 else every * draw.uniform(0.8, 1.2, 200)
    sizes = size * (draw.uniform(0.3, 1.7, 200) if draw.random() < 0.5 else np.ones(200))
    height = np.concatenate([[0.0], np.cumsum(sizes)])[np.searchsorted(np.cumsum(gaps), days)]
    return draw.uniform(5, 50) + height + noise(draw, len(days), size * draw.uniform(0.01, 0.15))


def weekly(draw: Draw, days: Floats) -> Floats:
    """Growth with a week in it."""
    slope = _slope(draw)
    week = draw.normal(0, slope * draw.uniform(1, 6), 7)
    return 20 + slope * days + week[days.astype(int) % 7] + noise(draw, len(days), slope * draw.uniform(0.2, 2))


def daily(draw: Draw, days: Floats) -> Floats:
    """Growth with a day in it."""
    slope = _slope(draw)
    wave = slope * draw.uniform(0.5, 4) * np.sin(2 * np.pi * (days + draw.random()))
    return 20 + slope * days + wave + noise(draw, len(days), slope * draw.uniform(0.2, 2))


def wandering(draw: Draw, days: Floats) -> Floats:
    """Growth by a different amount every day."""
    slope = _slope(draw)
    per_day = round(1 / (days[1] - days[0]))
    changes = slope / per_day * draw.gamma(draw.uniform(0.3, 3), 1, len(days))
    return draw.uniform(5, 50) + np.cumsum(changes) + noise(draw, len(days), slope * 0.1)


def _teeth(draw: Draw, days: Floats, *, rising: bool) -> Floats:
    """Growth and clean-ups: by the calendar, by level or at odd times, to a floor or by a share."""
    slope, every = _slope(draw), draw.uniform(6, 20)
    width = days[1] - days[0]
    kind = draw.choice(["calendar", "level", "odd"]) if not rising else draw.choice(["calendar", "odd"])
    kept = draw.uniform(0.15, 0.5) if rising else 0.0
    floor, value, next_at = draw.uniform(5, 40), 0.0, every * draw.uniform(0.3, 1)
    trough, top, level = 0.0, slope * every, np.empty(len(days))
    for place, day in enumerate(days):
        due = value >= top if kind == "level" else day >= next_at
        if due and day > 2:
            trough += kept * max(0.0, value - trough)
            value = trough + (0 if rising else abs(draw.normal(0, 0.05 * top)))
            spread = draw.uniform(0.5, 1.5) if kind == "odd" else draw.uniform(0.95, 1.05)
            next_at = day + every * spread
            top = slope * every * draw.uniform(0.95, 1.05)
        value += slope * width * draw.uniform(0.6, 1.4)
        level[place] = floor + value
    return level + noise(draw, len(days), slope * draw.uniform(0.05, 0.4))


def rising_teeth(draw: Draw, days: Floats) -> Floats:
    """A saw-tooth whose clean-ups leave ever more."""
    return _teeth(draw, days, rising=True)


def cleaned(draw: Draw, days: Floats) -> Floats:
    """Growth with a clean-up now and then, a month or two apart."""
    slope = _slope(draw)
    level = slope * days
    day = draw.uniform(20, 60)
    while day < DAYS:
        level = level - np.where(days >= day, slope * draw.uniform(4, 15), 0)
        day += draw.uniform(30, 70)
    return draw.uniform(10, 50) + level + noise(draw, len(days), slope * draw.uniform(0.1, 1))


def noisy_flat(draw: Draw, days: Floats) -> Floats:
    """A level and noise."""
    return draw.uniform(20, 80) + noise(draw, len(days), draw.uniform(0.1, 8))


def flat_teeth(draw: Draw, days: Floats) -> Floats:
    """A saw-tooth that comes back to its floor."""
    return _teeth(draw, days, rising=False)


def flat_week(draw: Draw, days: Floats) -> Floats:
    """A level with a week in it."""
    week = draw.normal(0, draw.uniform(1, 8), 7)
    return 50 + week[days.astype(int) % 7] + noise(draw, len(days), draw.uniform(0.2, 3))


def flat_day(draw: Draw, days: Floats) -> Floats:
    """A level with a day in it."""
    return 50 + draw.uniform(1, 10) * np.sin(2 * np.pi * (days + draw.random())) + noise(draw, len(days), 1.5)


def random_walk(draw: Draw, days: Floats) -> Floats:
    """What goes anywhere, and so nowhere."""
    return 50 + np.cumsum(draw.normal(0, draw.uniform(0.1, 1.5), len(days)) * (days[1] - days[0]) ** 0.5)


def one_step(draw: Draw, days: Floats) -> Floats:
    """A level that was another one day."""
    step = draw.uniform(5, 20) * draw.choice([-1, 1])
    return 40 + np.where(days > draw.uniform(30, 100), step, 0) + noise(draw, len(days), draw.uniform(0.1, 2))


def spiked(draw: Draw, days: Floats) -> Floats:
    """A level with noise, and a few readings far from it."""
    level = 30 + noise(draw, len(days), draw.uniform(0.2, 2))
    return level + np.where(draw.random(len(days)) < 0.03, draw.uniform(5, 40, len(days)), 0)


def constant(draw: Draw, days: Floats) -> Floats:
    """What never changes."""
    return np.full(len(days), draw.uniform(0, 100))


GROWING: Final[tuple[Callable[[Draw, Floats], Floats], ...]] = (
    linear, accelerating, slowing, kinked, late_start, stairs, weekly, daily, wandering, rising_teeth, cleaned,
)  # fmt: skip
TRENDLESS: Final[tuple[Callable[[Draw, Floats], Floats], ...]] = (
    noisy_flat, flat_teeth, flat_week, flat_day, random_walk, one_step, spiked, constant,
)  # fmt: skip


def series(seed: int, per_family: int) -> Iterator[Synthetic]:
    """Draw so many series of each family."""
    for number, family in enumerate((*GROWING, *TRENDLESS)):
        for one in range(per_family):
            draw = np.random.default_rng([seed, number, one])
            per_day = int(draw.choice([4, 24])) if family in (daily, flat_day) else int(draw.choice([1, 1, 1, 4, 24]))
            values = family(draw, _days(per_day))
            if draw.random() < 0.3:
                values = _with_gaps(draw, values, per_day)
            origin = int(draw.integers(45, DAYS - HORIZON)) * per_day
            yield Synthetic(family.__name__, values, per_day, family in GROWING, origin)


def _with_gaps(draw: Draw, values: Floats, per_day: int) -> Floats:
    values = np.where(draw.random(len(values)) < draw.uniform(0, 0.2), np.nan, values)
    for _ in range(int(draw.integers(1, 4))):
        begin = int(draw.integers(0, len(values)))
        values[begin : begin + int(draw.uniform(1, 6) * per_day)] = np.nan
    return values
