"""Figures in equal stretches of time, put onto a whole axis: what was not measured leaves a gap and is not nought.

With them: bins by their series, the mean of several, and which series of a metric stood highest.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Protocol, TypeAlias, TypeVar

from pake_pipelines.reports.document import LineChart
from pake_pipelines.store.monitoring_statistics import Bin


class _Dated(Protocol):
    @property
    def at(self) -> datetime: ...


T = TypeVar("T", bound=_Dated)
SeriesKey: TypeAlias = tuple[str, tuple[tuple[str, str], ...]]
"""What names a series: its metric and labels."""


def series_key(metric: str, labels: Mapping[str, str]) -> SeriesKey:
    """Return what names a series."""
    return metric, tuple(sorted(labels.items()))


def by_series(bins: Iterable[Bin]) -> dict[SeriesKey, list[Bin]]:
    """Return the bins of each series, in their order."""
    found: dict[SeriesKey, list[Bin]] = {}
    for one in bins:
        found.setdefault(series_key(one.metric, one.labels), []).append(one)
    return found


def mean(bins: Sequence[Bin]) -> float | None:
    """Return the mean over all samples, each counting the same; None without any."""
    samples = sum(one.samples for one in bins)
    return sum(one.mean * one.samples for one in bins) / samples if samples else None


def highest(metric: str, bins: Iterable[Bin]) -> list[Bin]:
    """Return the bins of the series of `metric` that stood highest on average: the fullest disk, the longest runs."""
    found = [some for (name, _), some in by_series(bins).items() if name == metric]
    return max(found, key=lambda some: mean(some) or 0.0, default=[])


def counts(bins: Iterable[T], starts: Sequence[datetime], count: Callable[[T], int]) -> list[int]:
    """Return for each stretch what `count` says of its bins together: what did not happen is nought."""
    found: dict[datetime, int] = {}
    for one in bins:
        found[one.at] = found.get(one.at, 0) + count(one)
    return [found.get(start, 0) for start in starts]


def line(key: str, title: str, unit: str, bins: Iterable[Bin], starts: Sequence[datetime]) -> LineChart:
    """Return means, lows and highs of one series as a chart; stretches without a sample are gaps."""
    found = {one.at: one for one in bins}
    some = [found.get(start) for start in starts]
    return LineChart(
        key,
        title,
        unit,
        starts,
        [one.mean if one else None for one in some],
        [one.low if one else None for one in some],
        [one.high if one else None for one in some],
    )
