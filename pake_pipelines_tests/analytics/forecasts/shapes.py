"""Series of known shapes, a reading a day unless it is said otherwise, the last of them at `NOW`."""

from datetime import UTC, datetime, timedelta

import numpy as np

from pake_pipelines.analytics.forecasts import Reading

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
DAY = timedelta(days=1)


def readings(values, every=DAY, last=NOW):
    """Values as readings; None is one that was not taken."""
    first = last - (len(values) - 1) * every
    return [Reading(first + place * every, float(one)) for place, one in enumerate(values) if one is not None]


def drawn(seed):
    return np.random.default_rng(seed)


def line(number=60, slope=0.5, scatter=0.0, seed=1):
    return 20 + slope * np.arange(number) + drawn(seed).normal(0, scatter, number)


def saw_tooth(number=80, period=10, kept=0.0, scatter=0.2, seed=1):
    """Grows by 2 a day; every `period` days a clean-up leaves the share `kept` of a tooth."""
    days = np.arange(number)
    return 30 + 2.0 * (days % period) + 2 * period * kept * (days // period) + drawn(seed).normal(0, scatter, number)


def stairs(number=60, every=8, size=4.0, scatter=0.1, seed=1):
    return 20 + size * (np.arange(number) // every) + drawn(seed).normal(0, scatter, number)


def noise(number=60, level=50.0, scatter=3.0, seed=1):
    return level + drawn(seed).normal(0, scatter, number)


def week(number=70, slope=0.0, seed=1):
    days = np.arange(number)
    return 50 + slope * days + 8.0 * (days % 7 > 4) + drawn(seed).normal(0, 0.5, number)


def random_walk(number=60, seed=1):
    return 50 + np.cumsum(drawn(seed).normal(0, 1, number))
