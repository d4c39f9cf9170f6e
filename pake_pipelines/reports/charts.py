"""Charts as inline SVG that takes its colours from the page, so that it reads in light and in dark."""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

# drawn as these and then named: an SVG within a page may use the page's own colours, matplotlib cannot
_COLOURS: Final = {"good": "#010203", "wait": "#010204", "warn": "#010205", "bad": "#010206", "soft": "#010207"}


@dataclass(frozen=True, slots=True)
class Layer:
    """One layer of stacked bars, in one of the page's colours: good, wait, warn, bad or soft."""

    colour: str
    heights: Sequence[int]


def stacked_bars(layers: Sequence[Layer], ticks: Sequence[tuple[float, str]]) -> str:
    """Return stacked bars as an SVG element, the first layer lowest; an empty string when there is nothing to stack.

    Bars stand at 0, 1, 2 and so on; `ticks` names places on that axis.
    """
    if not any(any(layer.heights) for layer in layers):
        return ""
    import matplotlib as mpl

    mpl.use("svg")
    from matplotlib import pyplot as plt
    from matplotlib.ticker import MaxNLocator

    bars = len(layers[0].heights)
    # 336 pixels wide: a phone shows it at its own size, and its words are as large as those around it
    with mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": "pake", "font.size": 9, "font.family": "sans-serif"}):
        figure, axes = plt.subplots(figsize=(3.5, 1.9), layout="constrained")
        base = [0] * bars
        for layer in layers:
            axes.bar(range(bars), layer.heights, bottom=base, width=0.84, color=_COLOURS[layer.colour])
            base = [below + height for below, height in zip(base, layer.heights, strict=True)]
        axes.set_xlim(-0.6, bars - 0.4)
        axes.set_xticks([place for place, _ in ticks], [name for _, name in ticks])
        axes.yaxis.set_major_locator(MaxNLocator(nbins=4, integer=True))
        axes.tick_params(length=0)
        axes.spines[["top", "right", "left"]].set_visible(False)
        buffer = io.StringIO()
        figure.savefig(buffer, format="svg", transparent=True, metadata={"Date": None})
        plt.close(figure)
    return _with_page_colours(buffer.getvalue())


def _with_page_colours(svg: str) -> str:
    svg = svg[svg.index("<svg") :].replace("#000000", "currentColor")
    for name, colour in _COLOURS.items():
        svg = svg.replace(colour, f"var(--{name})")
    return svg
