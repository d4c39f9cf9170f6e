"""Distances to what was earlier, against the plain definition; and the statistics of a series' past."""

import numpy as np
import pytest

from pake_pipelines.analytics.anomalies.history import (
    excess,
    mean_and_deviation,
    moving_mean,
    reign,
    resolution,
    spread,
)
from pake_pipelines.analytics.anomalies.novelty import value_distance, window_distance

VALUES = np.random.default_rng(3).normal(size=300).cumsum()


@pytest.mark.parametrize("length", [1, 6])
def test_a_value_is_as_new_as_it_is_far_from_every_earlier_one(length):
    lag = length + 2
    expected = [min(abs(VALUES[: at - lag + 1] - VALUES[at]), default=0.0) for at in range(lag, 300)]
    assert value_distance(VALUES, length)[lag:] == pytest.approx(expected)
    assert (value_distance(VALUES, length)[:lag] == 0).all()


def test_a_value_seen_once_is_no_news():
    values = np.array([1.0, 2.0, 3.0, 1.0, 9.0, 2.0, 3.0, 1.0, 9.0])
    assert value_distance(values)[4] == 7
    assert value_distance(values)[8] == 0


@pytest.mark.parametrize("memory", [50, 1000])
def test_a_window_is_as_new_as_it_is_far_from_every_earlier_one_that_it_does_not_touch(memory):
    length = 12
    windows = np.lib.stride_tricks.sliding_window_view(VALUES, length)
    found = window_distance(VALUES, length, memory)
    for at in range(2 * length, len(windows)):
        block = 2 * length + (at - 2 * length) // 128 * 128  # the memory is that of the first window of its block
        earlier = windows[max(0, block - memory) : at - length + 1]
        nearest = np.sqrt(((earlier - windows[at]) ** 2).mean(axis=1)).min()
        assert found[at + length - 1] == pytest.approx(nearest, abs=5e-3)


def test_a_series_too_short_for_an_earlier_window_has_no_distances():
    assert (window_distance(VALUES[:30], 12) == 0).all()


def test_every_statistic_is_of_the_elements_before():
    mean, deviation = mean_and_deviation(VALUES)
    for at in (1, 2, 150, 299):
        assert mean[at] == pytest.approx(VALUES[:at].mean())
        assert deviation[at] == pytest.approx(VALUES[:at].std(), abs=1e-9)
        assert spread(VALUES)[at] == pytest.approx(np.ptp(VALUES[:at]))
        assert moving_mean(VALUES, 6)[at] == pytest.approx(VALUES[max(0, at - 5) : at + 1].mean())


def test_statistics_far_from_zero_lose_no_digits():
    assert mean_and_deviation(VALUES + 1e9)[1][1:] == pytest.approx(mean_and_deviation(VALUES)[1][1:], rel=1e-5)


def test_an_excess_is_measured_in_deviations_and_never_by_less_than_the_floor():
    values = np.array([1.0, 1.0, 1.0, 3.0])
    assert excess(values, np.full(4, 0.5), warm_up=0).tolist() == [0, 0, 0, 4]
    assert excess(values, np.full(4, 0.5), warm_up=4).tolist() == [0, 0, 0, 0]


def test_the_resolution_is_the_smallest_step_so_far():
    assert resolution(np.array([5.0, 5.0, 8.0, 7.0, 7.0])).tolist() == [0, 0, 0, 3, 1]


def test_a_reign_lasts_back_to_the_last_value_as_high():
    assert reign(np.array([3.0, 1.0, 2.0, 2.0, 5.0])).tolist() == [1, 1, 2, 1, 5]
