"""The frame of all charts: axes to draw on, and their drawing as a small SVG element in the colours of the page."""

import io
import re
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLOURS: Final[Mapping[str, str]] = {
    "good": "#010203",
    "wait": "#010204",
    "warn": "#010205",
    "bad": "#010206",
    "soft": "#010207",
}
"""Drawn as these and then named: an SVG within a page may use the page's own colours, matplotlib cannot."""

_STYLE: Final[dict[Any, Any]] = {
    "svg.fonttype": "none",
    "svg.hashsalt": "pake",
    "font.size": 9,
    "font.family": "sans-serif",
    "path.simplify": False,
}
_INCHES: Final = 3.5  # 336 pixels: a phone shows it at its own size, and its words are as large as those around it
_LOCK: Final = threading.Lock()  # what a style sets is of the whole process

_BESIDES: Final = re.compile(r"<metadata>.*?</metadata>|<style.*?</style>|<!--.*?-->", re.DOTALL)
_ID: Final = re.compile(r'\bid="([^"]+)"')
_FRACTION: Final = re.compile(r"(\d+\.\d)\d+")
_SPACE: Final = re.compile(r"\s+")
_REFERENCES: Final = ("url(#{})", 'xlink:href="#{}"')


@dataclass(slots=True)
class Drawn:
    """A chart, once it is drawn."""

    svg: str = ""


@contextmanager
def lent_axes(height: float, ident: str = "") -> "Iterator[tuple[Axes, Drawn]]":
    """Lend axes of a chart that is 336 pixels wide and `height` inches high; afterwards it is drawn.

    `ident` tells it from the other charts of a page. The same lines are drawn the same, to the byte.
    """
    import matplotlib as mpl
    from matplotlib.figure import Figure

    drawn = Drawn()
    with _LOCK, mpl.rc_context(_STYLE):
        figure = Figure(figsize=(_INCHES, height), layout="constrained")
        axes = figure.add_subplot()
        figure.patch.set_visible(False)  # the page shows through
        axes.patch.set_visible(False)
        yield axes, drawn
        axes.tick_params(length=0)
        axes.spines[["top", "right", "left"]].set_visible(False)
        buffer = io.StringIO()
        figure.savefig(buffer, format="svg", metadata={"Date": None})
    drawn.svg = _small(_with_page_colours(buffer.getvalue()), ident)


def _with_page_colours(svg: str) -> str:
    svg = svg[svg.index("<svg") :].replace("#000000", "currentColor")
    for name, colour in COLOURS.items():
        svg = svg.replace(colour, f"var(--{name})")
    return svg


def _small(svg: str, ident: str) -> str:
    """Return `svg` without what a page does not need, and with ids that no other chart of the page has."""
    svg = _SPACE.sub(" ", _FRACTION.sub(r"\1", _BESIDES.sub("", svg))).replace("> <", "><")
    for name in set(_ID.findall(svg)):
        used = [form.format(name) for form in _REFERENCES if form.format(name) in svg]
        svg = svg.replace(f' id="{name}"', f' id="{ident}{name}"' if used else "")
        for one in used:
            svg = svg.replace(one, one.replace(name, ident + name))
    return svg
