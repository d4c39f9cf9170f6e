"""What thresholds do is told with bounds that few labels make wide."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest

from pake_pipelines.quality.decisions import decisions, exact_bounds, risk_coverage
from pake_pipelines.quality.labelled import Labelled
from pake_pipelines_tests.quality.labels import both_kinds


@given(st.integers(1, 60).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_bounds_are_those_of_clopper_and_pearson(counted: tuple[int, int]) -> None:
    hits, number = counted
    low, high = exact_bounds(hits / number, number, 0.95)
    assert low == pytest.approx(binomtest(hits, number, alternative="greater").proportion_ci(0.95).low)
    assert high == pytest.approx(binomtest(hits, number, alternative="less").proportion_ci(0.95).high)


def test_none_seen_among_thirty_is_no_promise_that_there_are_none() -> None:
    rejected = [Labelled(0.05, good=False)] * 30
    found = decisions([*rejected, Labelled(0.95, good=True)], 0.9, 0.1)
    assert found.good_rejected.value == 0.0
    assert found.good_rejected.bound == pytest.approx(1 - 0.05 ** (1 / 30))
    assert found.precision.value == 1.0
    assert found.precision.bound == pytest.approx(0.05)


def test_shares_are_of_weight_and_the_thresholds_are_those_of_the_verdict() -> None:
    labels = [
        Labelled(0.9, good=True, weight=3.0),
        Labelled(0.95, good=False, weight=1.0),
        Labelled(0.5, good=True, weight=4.0),
        Labelled(0.1, good=False, weight=1.0),
        Labelled(0.09, good=True, weight=1.0),
    ]
    found = decisions(labels, 0.9, 0.1)
    assert (found.verified, found.rejected) == (pytest.approx(0.4), pytest.approx(0.1))
    assert (found.precision.value, found.precision.labels) == (pytest.approx(0.75), 2)
    assert found.false_rejects.value == pytest.approx(1 / 8)
    assert found.good_rejected.value == 1.0


def test_what_never_happened_is_unavailable() -> None:
    found = decisions([Labelled(0.5, good=True), Labelled(0.4, good=False)], 0.9, 0.1)
    assert (found.precision.value, found.precision.bound) == (None, None)
    assert found.precision.because == "no label reaches the threshold"
    assert found.good_rejected.because == "no label lies below the threshold"


@settings(deadline=None)  # the first call loads the libraries
@given(both_kinds)
def test_bounds_lie_on_their_side_of_the_share(labels: list[Labelled]) -> None:
    found = decisions(labels, 0.6, 0.4)
    for one, upper in ((found.precision, False), (found.false_rejects, True), (found.good_rejected, True)):
        if one.value is not None:
            assert 0.0 <= one.value <= 1.0
            assert (one.bound >= one.value - 1e-9) if upper else (one.bound <= one.value + 1e-9)


@given(both_kinds)
def test_trusting_everything_risks_the_share_of_bad_items(labels: list[Labelled]) -> None:
    points = risk_coverage(labels)
    bad = sum(one.weight for one in labels if not one.good) / sum(one.weight for one in labels)
    assert points[-1].coverage == pytest.approx(1.0)
    assert points[-1].risk == pytest.approx(bad)
    assert [one.coverage for one in points] == sorted(one.coverage for one in points)
    assert len({one.threshold for one in points}) == len(points) <= 10
