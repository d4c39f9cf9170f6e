"""Series as an operator's metrics are: five minutes apart, with noise, a day's pattern and faults planted."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import numpy as np

from pake_pipelines.analytics.anomalies import Point

START = datetime(2026, 3, 2, tzinfo=UTC)
STEP = timedelta(minutes=5)
DAY = 288


def points(values: Iterable[float | None], step: timedelta = STEP) -> list[Point]:
    return [Point(START + at * step, None if value is None else float(value)) for at, value in enumerate(values)]


def noise(size: int, seed: int = 0) -> np.ndarray:
    """A level of 50 that varies by 3."""
    return 50 + 3 * np.random.default_rng(seed).normal(size=size)


def daily(size: int, seed: int = 0) -> np.ndarray:
    """A day's pattern of 20 up and down around 50, with noise of 2."""
    return 50 + 20 * np.sin(2 * np.pi * np.arange(size) / DAY) + 2 * np.random.default_rng(seed).normal(size=size)
