"""Charts as inline SVG that takes its colours from the page, so that it reads in light and in dark."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from pake_pipelines.reports.drawing import COLOURS, lent_axes

_FEWEST_POINTS: Final = 2
_NEAR: Final = 1.6  # a level beyond that many times the highest point would flatten the line for nothing
_NAN: Final = math.nan


@dataclass(frozen=True, slots=True)
class Layer:
    """One layer of stacked bars, in one of the page's colours: good, wait, warn, bad or soft."""

    colour: str
    heights: Sequence[int]


@dataclass(frozen=True, slots=True)
class Level:
    """A dashed line across a chart, in one of the page's colours."""

    colour: str
    value: float


@dataclass(frozen=True, slots=True)
class Band:
    """A line of `means` within a band from `lows` to `highs`, at 0, 1, 2 and so on; None leaves a gap."""

    means: Sequence[float | None]
    lows: Sequence[float | None]
    highs: Sequence[float | None]


def stacked_bars(layers: Sequence[Layer], ticks: Sequence[tuple[float, str]], ident: str = "") -> str:
    """Return stacked bars as an SVG element, the first layer lowest; an empty string when there is nothing to stack.

    Bars stand at 0, 1, 2 and so on; `ticks` names places on that axis.
    """
    if not any(any(layer.heights) for layer in layers):
        return ""
    from matplotlib.ticker import MaxNLocator

    bars = len(layers[0].heights)
    with lent_axes(1.9, ident) as (axes, drawn):
        base = [0] * bars
        for layer in layers:
            axes.bar(range(bars), layer.heights, bottom=base, width=0.84, color=COLOURS[layer.colour])
            base = [below + height for below, height in zip(base, layer.heights, strict=True)]
        axes.set_xlim(-0.6, bars - 0.4)
        axes.set_xticks([place for place, _ in ticks], [name for _, name in ticks])
        axes.yaxis.set_major_locator(MaxNLocator(nbins=4, integer=True))
    return drawn.svg


def banded_line(band: Band, ticks: Sequence[tuple[float, str]], levels: Sequence[Level] = (), ident: str = "") -> str:
    """Return a line within its band as an SVG element, from nought up; an empty string without two points.

    Levels that are far above everything that was measured are left out.
    """
    highs = [high for high in band.highs if high is not None]
    if len(highs) < _FEWEST_POINTS:
        return ""
    from matplotlib.ticker import MaxNLocator

    top = max(highs) or 1.0
    near = [level for level in levels if level.value <= _NEAR * top]
    places = range(len(band.means))
    means, lows, highs = (
        [_NAN if value is None else value for value in row] for row in (band.means, band.lows, band.highs)
    )
    with lent_axes(1.3, ident) as (axes, drawn):
        axes.fill_between(places, lows, highs, color=COLOURS["wait"], alpha=0.22, linewidth=0)
        axes.plot(places, means, color=COLOURS["wait"], linewidth=1.4, solid_capstyle="round")
        # a point whose neighbours are missing would not be seen as a line
        alone = [place for place in places if _is_alone(band.means, place)]
        axes.plot(alone, [means[place] for place in alone], ".", color=COLOURS["wait"], markersize=4)
        for level in near:
            axes.axhline(level.value, color=COLOURS[level.colour], linewidth=1, linestyle=(0, (4, 3)))
        axes.set_xlim(-0.5, len(band.means) - 0.5)
        axes.set_ylim(0, 1.1 * max(top, *(level.value for level in near)) if near else 1.1 * top)
        axes.set_xticks([place for place, _ in ticks], [name for _, name in ticks])
        axes.yaxis.set_major_locator(MaxNLocator(nbins=3))
    return drawn.svg


def _is_alone(means: Sequence[float | None], place: int) -> bool:
    around = (means[one] for one in (place - 1, place + 1) if 0 <= one < len(means))
    return means[place] is not None and all(value is None for value in around)
