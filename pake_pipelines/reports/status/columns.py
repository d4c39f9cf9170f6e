"""Stacked columns as boxes of the page itself: the page is drawn every few minutes, and needs no library for that."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from pake_pipelines.reports.document import BarChart


@dataclass(frozen=True, slots=True)
class Columns:
    """Columns from the oldest to the newest: of each its layers, the highest first, as tone and percent of `top`."""

    top: int
    stacks: Sequence[Sequence[tuple[str, str]]]
    since: datetime
    until: datetime


def columns_of(chart: BarChart) -> Columns | None:
    """Return the columns of a chart; None where there is nothing to stack."""
    sums = [sum(layer.heights[place] for layer in chart.layers) for place in range(len(chart.times))]
    top = max(sums, default=0)
    if not top:
        return None
    stacks = [
        [
            (layer.tone.value, f"{100 * layer.heights[place] / top:.1f}")
            for layer in reversed(chart.layers)
            if layer.heights[place]
        ]
        for place in range(len(chart.times))
    ]
    return Columns(top, stacks, chart.times[0], chart.times[-1])
