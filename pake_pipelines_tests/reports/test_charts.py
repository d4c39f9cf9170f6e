"""Lines are drawn of what was measured: gaps stay gaps, a point alone is seen, far bounds do not flatten the rest."""

import re
from concurrent.futures import ThreadPoolExecutor

import pytest

from pake_pipelines.reports.charts import Band, Level, banded_line

TICKS = [(0, "16 Nov")]


def line(*means, levels=()):
    around = [None if one is None else (one - 1, one + 1) for one in means]
    lows, highs = ([one and one[side] for one in around] for side in (0, 1))
    return banded_line(Band(means, lows, highs), TICKS, levels)


@pytest.mark.parametrize("means", [(), (None, None), (5, None)], ids=["nothing", "only gaps", "a single point"])
def test_less_than_two_points_make_no_line(means):
    assert line(*means) == ""


def test_a_line_takes_its_colours_from_the_page_and_names_its_ticks():
    svg = line(1, 2, 3)
    assert svg.startswith("<svg")
    assert "var(--wait)" in svg
    assert "#0102" not in svg
    assert "16 Nov" in svg


def strokes(svg):
    """Return how often the pen is put down for the line itself."""
    (path,) = [part for part in svg.split("<path") if "stroke-width: 1.4" in part]
    return path.split('d="')[1].split('"')[0].count("M ")


def test_a_gap_stays_a_gap():
    assert strokes(line(1, 2, 3, 4, 5)) == 1
    assert strokes(line(1, 2, None, 4, 5)) == 2


def test_a_point_whose_neighbours_are_missing_is_seen():
    assert line(1, 2, None, 4, None).count("<use") == line(1, 2, None, 4, 5).count("<use") + 1


def test_a_level_is_drawn_where_it_is_near_enough():
    assert "var(--warn)" in line(50, 60, levels=[Level("warn", 80)])
    assert "var(--warn)" not in line(1, 2, levels=[Level("warn", 80)])


def test_the_same_line_is_drawn_the_same():
    assert line(1, 2, 3) == line(1, 2, 3)


def test_charts_that_threads_draw_at_once_are_as_if_one_had_drawn_them():
    with ThreadPoolExecutor(4) as threads:
        assert set(threads.map(lambda _: line(1, 2, 3), range(8))) == {line(1, 2, 3)}


def test_two_charts_of_a_page_share_no_id_and_each_reference_finds_its_own():
    first, second = (banded_line(Band([1, 2], [0, 1], [2, 3]), TICKS, ident=ident) for ident in ("a-", "b-"))
    ids = [set(re.findall(r'\bid="([^"]+)"', one)) for one in (first, second)]
    assert ids[0]
    assert not ids[0] & ids[1]
    for named, svg in zip(ids, (first, second), strict=True):
        assert set(re.findall(r'(?:url\(|href=")#([^")]+)', svg)) == named
