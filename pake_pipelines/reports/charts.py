"""Charts as inline SVG that takes its colours from the page, so that it reads in light and in dark."""

import io
from collections.abc import Sequence


def histogram(values: Sequence[float], *, label: str) -> str:
    """Return a histogram of `values` in [0, 1] with ten bins as an SVG element; an empty string without values."""
    if not values:
        return ""
    import matplotlib as mpl

    mpl.use("svg")
    from matplotlib import pyplot as plt

    with mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": "pake", "font.size": 9}):
        figure, axes = plt.subplots(figsize=(6, 2.2), layout="constrained")
        axes.hist(values, bins=10, range=(0, 1), color="#4c78a8", rwidth=0.92)
        axes.set_xlabel(label)
        axes.set_xlim(0, 1)
        axes.spines[["top", "right"]].set_visible(False)
        buffer = io.StringIO()
        figure.savefig(buffer, format="svg", transparent=True, metadata={"Date": None})
        plt.close(figure)
    svg = buffer.getvalue()
    return svg[svg.index("<svg") :].replace("#000000", "currentColor")
