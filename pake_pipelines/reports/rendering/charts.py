"""Drawing charts: lines with their band, bounds and forecast, and stacked bars, over time or over a scale of 0 to 1."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Final, TypeGuard

from pake_pipelines.reports.amounts import amount
from pake_pipelines.reports.document import BarChart, Layer, LineChart, Tone
from pake_pipelines.reports.rendering.drawing import COLOURS, lent_axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_MOST_POINTS: Final = 240
_MOST_BARS: Final = 60
_FEWEST_POINTS: Final = 2
_DAY: Final = timedelta(days=1)
_NEAR: Final = 1.6  # a bound beyond that many times the highest point would flatten the line for nothing
_FLAT: Final = 0.2  # a line that moves less than this share of its height is shown without the nought below
_COLOUR_OF: Final = {
    Tone.GOOD: "good",
    Tone.NOTICE: "wait",
    Tone.WARN: "warn",
    Tone.BAD: "bad",
    Tone.UNKNOWN: "soft",
    Tone.PLAIN: "soft",
}

Style = str | tuple[int, tuple[int, int]]


@dataclass(frozen=True, slots=True)
class _Point:
    """A reading at a moment, in days since 1970, which is how axes of time count; nan where there is none."""

    day: float
    mean: float
    low: float
    high: float

    @property
    def numbers(self) -> tuple[float, float, float]:
        return self.mean, self.low, self.high


def _day(at: datetime) -> float:
    return at.timestamp() / _DAY.total_seconds()


def line_svg(chart: LineChart, ident: str) -> str:
    """Return the line within its band as an SVG element; an empty string without two points.

    Levels far above everything measured are left out.
    """
    points = _thinned(_points(chart), _MOST_POINTS)
    if sum(not math.isnan(one.mean) for one in points) < _FEWEST_POINTS:
        return ""
    cut = None if chart.from_here is None else _day(chart.from_here)
    measured = points if cut is None else [one for one in points if one.day <= cut]
    # the forecast begins where the measured part ends, so that the line is one
    ahead = [] if cut is None else measured[-1:] + [one for one in points if one.day > cut]
    with lent_axes(1.3, ident) as (axes, drawn):
        _draw(axes, measured, "solid", 0.22)
        _draw(axes, ahead, (0, (3, 2)), 0.12)
        if cut is not None:
            axes.axvline(cut, color=COLOURS["soft"], linewidth=0.8)
        levels = [(name, at) for name, at in (("warn", chart.warning), ("bad", chart.limit)) if _is_near(at, chart)]
        for name, level in levels:
            axes.axhline(level, color=COLOURS[name], linewidth=1, linestyle=(0, (4, 3)))
        _set_heights(axes, points, [level for _, level in levels], chart.unit)
        _set_times(axes, points[0].day, points[-1].day)
    return drawn.svg


def bars_svg(chart: BarChart, ident: str) -> str:
    """Return the stacked bars as an SVG element; an empty string when there is nothing to stack."""
    step = -(-len(chart.times) // _MOST_BARS) or 1
    lefts = [_day(at) for at in chart.times[::step]]
    width = step * _spacing(chart.times) / _DAY
    layers = [
        replace(one, heights=[sum(one.heights[place : place + step]) for place in range(0, len(one.heights), step)])
        for one in chart.layers
    ]
    return _stacked(layers, lefts, width, chart.unit, ident, lambda axes: _set_times(axes, lefts[0], lefts[-1] + width))


def spread_svg(layers: Sequence[Layer], ident: str) -> str:
    """Return how items are spread over a scale from 0 to 1, stacked in equal stretches of it; empty without any."""
    stretches = max((len(one.heights) for one in layers), default=0)
    lefts = [place / stretches for place in range(stretches)]
    return _stacked(layers, lefts, 1 / (stretches or 1), "count", ident, lambda axes: axes.set_xlim(-0.01, 1.01))


def _stacked(
    layers: Sequence[Layer],
    lefts: Sequence[float],
    width: float,
    unit: str,
    ident: str,
    set_axis: Callable[["Axes"], object],
) -> str:
    if not any(any(layer.heights) for layer in layers):
        return ""
    from matplotlib.patches import PathPatch
    from matplotlib.path import Path
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    with lent_axes(1.6, ident) as (axes, drawn):
        base = [0] * len(lefts)
        for layer in layers:
            boxes = [
                [(left, low), (left + 0.86 * width, low), (left + 0.86 * width, low + high), (left, low + high)]
                for left, low, high in zip(lefts, base, layer.heights, strict=True)
                if high
            ]
            if boxes:
                paths = [Path([*box, box[0]], closed=True) for box in boxes]
                colour = COLOURS[_COLOUR_OF[layer.tone]]
                axes.add_patch(PathPatch(Path.make_compound_path(*paths), facecolor=colour, linewidth=0))
            base = [low + high for low, high in zip(base, layer.heights, strict=True)]
        axes.set_ylim(0, 1.08 * max(base))
        axes.yaxis.set_major_locator(MaxNLocator(nbins=4, integer=True))
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: amount(value, unit or "count")))
        set_axis(axes)
    return drawn.svg


def limit_is_near(chart: LineChart) -> bool:
    """Tell whether the limit of a chart is drawn: one that is far above everything would flatten the line."""
    return _is_near(chart.limit, chart)


def _is_near(level: float | None, chart: LineChart) -> TypeGuard[float]:
    tops = [value for row in (chart.means, chart.highs) for value in row if value is not None and math.isfinite(value)]
    return level is not None and bool(tops) and level <= _NEAR * max(*tops, 0.0)


def _points(chart: LineChart) -> list[_Point]:
    rows = zip(chart.times, chart.means, chart.lows, chart.highs, strict=True)
    return [_Point(_day(at), _number(mean), _number(low), _number(high)) for at, mean, low, high in rows]


def _number(value: float | None) -> float:
    return math.nan if value is None or not math.isfinite(value) else value


def _thinned(points: Sequence[_Point], most: int) -> list[_Point]:
    """Return at most about `most` points: means of neighbours, within the band from their lowest to their highest."""
    step = -(-len(points) // most)
    if step <= 1:
        return list(points)
    return [_merged(points[place : place + step]) for place in range(0, len(points), step)]


def _merged(points: Sequence[_Point]) -> _Point:
    means, lows, highs = (
        [one for one in row if not math.isnan(one)] for row in zip(*(point.numbers for point in points), strict=True)
    )
    mean = sum(means) / len(means) if means else math.nan
    return _Point(points[len(points) // 2].day, mean, min(lows, default=math.nan), max(highs, default=math.nan))


def _draw(axes: "Axes", points: Sequence[_Point], style: Style, opacity: float) -> None:
    days, means = [one.day for one in points], [one.mean for one in points]
    colour = COLOURS["wait"]
    lows, highs = [one.low for one in points], [one.high for one in points]
    axes.fill_between(days, lows, highs, color=colour, alpha=opacity, linewidth=0)
    axes.plot(days, means, color=colour, linewidth=1.4, linestyle=style, solid_capstyle="round")
    # a point whose neighbours are missing would not be seen as a line
    alone = [place for place in range(len(means)) if _is_alone(means, place)]
    axes.plot([days[place] for place in alone], [means[place] for place in alone], ".", color=colour, markersize=4)


def _is_alone(means: Sequence[float], place: int) -> bool:
    around = [means[one] for one in (place - 1, place + 1) if 0 <= one < len(means)]
    return not math.isnan(means[place]) and all(math.isnan(one) for one in around)


def _set_heights(axes: "Axes", points: Sequence[_Point], levels: Sequence[float], unit: str) -> None:
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    seen = [*levels, *(one for point in points for one in point.numbers if not math.isnan(one))]
    low, high = min(seen), max(seen)
    lift = 0.1 * (high - low) or 0.1 * abs(high) or 1.0
    is_flat = low > 0 and high - low < _FLAT * high
    bottom = low - lift if is_flat or low < 0 else 0.0
    axes.set_ylim(bottom, high + lift if is_flat or high <= 0 else 1.1 * high)
    axes.yaxis.set_major_locator(MaxNLocator(nbins=3))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: amount(value, unit)))


def _set_times(axes: "Axes", since: float, until: float) -> None:
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter

    locator = AutoDateLocator(minticks=2, maxticks=5, tz=UTC)  # type: ignore[no-untyped-call]
    axes.set_xlim(since, until if until > since else since + 1 / 24)
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(
        ConciseDateFormatter(  # type: ignore[no-untyped-call]
            locator,
            tz=UTC,
            formats=["%Y", "%b", "%d %b", "%H:%M", "%H:%M", "%H:%M:%S"],
            zero_formats=["", "%b %Y", "%d %b", "%d %b", "%H:%M", "%H:%M"],
            show_offset=False,
        )
    )


def _spacing(times: Sequence[datetime]) -> timedelta:
    """Return the smallest step between bars; a day where there is one bar only."""
    steps = [after - before for before, after in pairwise(times) if after > before]
    return min(steps, default=timedelta(days=1))
