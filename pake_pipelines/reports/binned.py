"""Figures in equal stretches of time, put onto a whole axis: what was not measured leaves a gap and is not nought."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Protocol, TypeVar

from pake_pipelines.reports.document import LineChart
from pake_pipelines.store.monitoring_statistics import Bin


class _Dated(Protocol):
    @property
    def at(self) -> datetime: ...


T = TypeVar("T", bound=_Dated)


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
