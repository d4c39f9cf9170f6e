"""Lines are drawn of what was measured: gaps stay gaps, a point alone is seen, far bounds do not flatten the rest."""

import math
import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from pake_pipelines.reports.document import BarChart, Layer, LineChart, Tone
from pake_pipelines.reports.rendering.charts import bars_svg, line_svg, spread_svg
from pake_pipelines_tests.conftest import NOW


def line(*means, limit=None, warning=None, ident=""):
    times = [NOW + timedelta(hours=place) for place in range(len(means))]
    lows, highs = ([None if one is None else one + side for one in means] for side in (-1, 1))
    return line_svg(LineChart("l", "L", "percent", times, means, lows, highs, limit, warning=warning), ident)


@pytest.mark.parametrize("means", [(), (None, None), (5, None), (5, math.nan)], ids=["none", "gaps", "one", "nan"])
def test_less_than_two_points_make_no_line(means):
    assert line(*means) == ""


def test_a_line_takes_its_colours_from_the_page_and_names_its_times():
    svg = line(1, 2, 3)
    assert svg.startswith("<svg")
    assert "var(--wait)" in svg
    assert "#0102" not in svg
    assert "13:00" in svg


def strokes(svg):
    """Return how often the pen is put down for the line itself."""
    (path,) = [part for part in svg.split("<path") if "stroke-width: 1.4" in part]
    return path.split('d="')[1].split('"')[0].count("M ")


def test_a_gap_stays_a_gap():
    assert strokes(line(1, 2, 3, 4, 5)) == 1
    assert strokes(line(1, 2, None, 4, 5)) == 2


def test_a_point_whose_neighbours_are_missing_is_seen():
    assert line(1, 2, None, 4, None).count("<use") == line(1, 2, None, 4, 5).count("<use") + 1


def test_levels_are_drawn_where_they_are_near_enough():
    assert {"var(--warn)", "var(--bad)"} <= set(re.findall(r"var\(--\w+\)", line(50, 60, warning=80, limit=90)))
    assert "var(--warn)" in line(50, 60, warning=80, limit=900)
    assert not {"var(--warn)", "var(--bad)"} & set(re.findall(r"var\(--\w+\)", line(1, 2, warning=80, limit=90)))


@pytest.mark.parametrize("draw", [bars_svg, lambda bars, ident: spread_svg(bars.layers, ident)], ids=["time", "scale"])
def test_bars_are_drawn_only_of_something(draw):
    times = [NOW + timedelta(days=place) for place in range(10)]
    layers = [Layer("none", Tone.GOOD, [0] * 10), Layer("some", Tone.WARN, [0] * 9 + [3])]
    assert "var(--warn)" in draw(BarChart("b", "B", "count", times, layers), "")
    assert draw(BarChart("b", "B", "count", times, layers[:1]), "") == ""
    assert draw(BarChart("b", "B", "count", [], []), "") == ""


def test_the_same_line_is_drawn_the_same():
    assert line(1, 2, 3) == line(1, 2, 3)


def test_charts_that_threads_draw_at_once_are_as_if_one_had_drawn_them():
    with ThreadPoolExecutor(4) as threads:
        assert set(threads.map(lambda _: line(1, 2, 3), range(4))) == {line(1, 2, 3)}


def test_two_charts_of_a_page_share_no_id_and_each_reference_finds_its_own():
    first, second = (line(1, 2, ident=ident) for ident in ("a-", "b-"))
    ids = [set(re.findall(r'\bid="([^"]+)"', one)) for one in (first, second)]
    assert ids[0]
    assert not ids[0] & ids[1]
    for named, svg in zip(ids, (first, second), strict=True):
        assert set(re.findall(r'(?:url\(|href=")#([^")]+)', svg)) == named
