"""The rhythm of a series, the gaps in it, and its days."""

import numpy as np
import pytest

from pake_pipelines.analytics.anomalies.history import mean_and_deviation
from pake_pipelines.analytics.anomalies.rhythm import after_gap, interval, points_of_a_day
from pake_pipelines.analytics.anomalies.season import season_distances
from pake_pipelines_tests.analytics.anomalies.series import DAY, daily, noise

TIMES = 300.0 * np.arange(12 * DAY)


def distance(values: np.ndarray, times: np.ndarray = TIMES) -> np.ndarray:
    return season_distances(times, values, mean_and_deviation(values)[1])[0]


def test_the_rhythm_is_that_of_the_first_intervals():
    assert (interval(TIMES), points_of_a_day(TIMES)) == (300, DAY)
    assert points_of_a_day(np.concatenate([TIMES[:30], TIMES[30] + 60.0 * np.arange(500)])) == DAY
    assert (interval(np.zeros(5)), points_of_a_day(np.zeros(5)), points_of_a_day(TIMES[:1])) == (0, 0, 0)


def test_what_reaches_back_over_a_gap_or_a_clock_set_back_is_marked():
    late = np.concatenate([TIMES[:10], TIMES[:10] + 10000])
    assert np.flatnonzero(after_gap(late, 4)).tolist() == [10, 11, 12]
    back = np.concatenate([TIMES[:10], TIMES[5:15]])
    assert np.flatnonzero(after_gap(back, 3)).tolist() == [10, 11]
    assert not after_gap(np.zeros(20), 4).any()


def test_a_day_like_the_others_is_near_and_another_one_far():
    values = daily(12 * DAY)
    usual = distance(values)[5 * DAY :]
    assert 0 < usual.max() < 6
    values[10 * DAY : 10 * DAY + 50] -= 30
    assert distance(values)[10 * DAY + 20] > 20


def test_nothing_is_said_in_the_first_days():
    assert (distance(daily(12 * DAY))[: 3 * DAY] == 0).all()


def test_a_weekday_like_a_sunday_is_far_where_the_series_follows_the_week():
    hours = 3600.0 * np.arange(28 * 24)
    weekend = hours // 86400 % 7 > 4
    values = np.where(weekend, 20.0, 60.0) + noise(len(hours)) / 10
    odd = values.copy()
    odd[24 * 24 : 25 * 24] -= 40  # a Thursday
    for whole, far in ((values, False), (odd, True)):
        by_day, by_week = season_distances(hours, whole, mean_and_deviation(whole)[1])
        assert (by_week[24 * 24 + 12] > 30) == far
        assert by_day[24 * 24 + 12] < 5
    assert (season_distances(hours, daily(len(hours)), np.full(len(hours), 20.0))[1] == 0).all()


def test_what_was_said_of_a_point_stays_whatever_comes_later():
    times, values = 300.0 * np.arange(6 * DAY), daily(6 * DAY)
    times[DAY:] += 6 * 86400
    deviation, cut = mean_and_deviation(values)[1], 2 * DAY + 200
    for whole, part in zip(
        season_distances(times, values, deviation),
        season_distances(times[:cut], values[:cut], deviation[:cut]),
        strict=True,
    ):
        assert part == pytest.approx(whole[:cut])
    assert season_distances(times, values, deviation)[0][cut - 1] > 0


@pytest.mark.parametrize(
    ("values", "times"),
    [
        (noise(12 * DAY), TIMES),
        (daily(2 * DAY), TIMES[: 2 * DAY]),
        (daily(12 * DAY), np.zeros(12 * DAY)),
        (daily(100), 86400.0 / 2 * np.arange(100)),
    ],
    ids=["no_season", "two_days", "no_time", "twice_a_day"],
)
def test_a_series_without_a_day_has_no_season(values, times):
    assert (distance(values, times) == 0).all()
