"""Faults planted in what an operator's metrics look like are found, and what is usual stays silent."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from pake_pipelines.analytics.anomalies import THRESHOLD, Kind, Point, detect
from pake_pipelines_tests.analytics.anomalies.series import DAY, daily, noise, points

AT = 2000


def spike(values, at):
    values[at : at + 3] += 40


def dip(values, at):
    values[at : at + 6] -= 35


def flat(values, at):
    values[at : at + 100] = values[at]


def shift(values, at):
    values[at:] += 30


def burst(values, at):
    values[at : at + 40] += 15


FAULTS = {Kind.SPIKE: spike, Kind.DROP: dip, Kind.FLAT: flat, Kind.LEVEL: shift}


@pytest.mark.parametrize("kind", FAULTS, ids=str)
@pytest.mark.parametrize("seed", range(3))
def test_a_planted_fault_is_found_told_once_and_named(kind, seed):
    values = noise(2800, seed)
    FAULTS[kind](values, AT)
    samples = points(values)
    found = [
        episode for episode in detect(samples).episodes if samples[AT].at <= episode.started_at <= samples[AT + 100].at
    ]
    assert [(episode.kind, episode.stands_out, episode.over) for episode in found] == [(kind, True, True)]
    assert found[0].expected_low > 40
    assert found[0].expected_high < 60


@pytest.mark.parametrize("seed", range(3))
def test_a_fault_that_noise_hides_point_by_point_is_found_in_the_mean(seed):
    values = 50 + 6 * np.random.default_rng(seed).normal(size=2800)
    burst(values, AT)
    samples = points(values)
    starts = [episode.started_at for episode in detect(samples).episodes]
    assert any(samples[AT].at <= start <= samples[AT + 40].at for start in starts)


def test_a_fault_at_a_time_of_day_is_found_though_its_values_are_usual():
    values = daily(12 * DAY)
    values[9 * DAY : 9 * DAY + DAY // 2] = daily(DAY, seed=5)[DAY // 2 :]  # a night where a day should be
    samples = points(values)
    found = [
        episode
        for episode in detect(samples).episodes
        if samples[9 * DAY].at <= episode.started_at <= samples[9 * DAY + DAY // 2].at
    ]
    assert [episode.kind for episode in found] == [Kind.SHAPE]


def test_a_holiday_is_found_where_the_series_follows_the_week():
    half_hours = np.arange(48 * 42)
    day, at = half_hours // 48, half_hours % 48 / 48
    usual = np.where(day % 7 < 5, 100, 50) * (1.3 - np.cos(2 * np.pi * at)) + noise(len(day)) - 50
    holiday = usual.copy()
    holiday[30 * 48 : 31 * 48] = usual[27 * 48 : 28 * 48]  # a Wednesday like the Sunday before
    for values, kinds in ((usual, []), (holiday, [Kind.SHAPE])):
        samples = points(values, timedelta(minutes=30))
        found = [one for one in detect(samples).episodes if one.started_at >= samples[15 * 48].at and one.stands_out]
        assert [one.kind for one in found] == kinds


@pytest.mark.parametrize("make", [noise, daily])
def test_what_is_usual_seldom_stands_out(make):
    episodes = [episode for seed in range(8) for episode in detect(points(make(3000, seed))).episodes]
    assert sum(episode.stands_out for episode in episodes) <= 4  # in 67 days
    assert len(episodes) <= 8 * 4


def test_a_days_pattern_without_noise_is_silent_after_the_warm_up():
    pattern = np.tile(np.round(50 + 20 * np.sin(2 * np.pi * np.arange(DAY) / DAY), 3), 12)
    found = detect(points(pattern))
    assert found.episodes == ()
    assert max(found.scores) < THRESHOLD


def test_a_weekly_peak_is_told_of_the_first_time_only():
    values = noise(5 * 7 * DAY)
    for week in range(5):
        values[(7 * week + 5) * DAY : (7 * week + 5) * DAY + 12] += 60
    samples = points(values)
    peaks = [episode for episode in detect(samples).episodes if episode.value > 90]
    assert [episode.started_at for episode in peaks if episode.stands_out] == [samples[5 * DAY].at]
    assert len(peaks) <= 2  # a dozen values leave gaps between them that the next dozen may fall into


def test_a_constant_series_that_changes_is_told_of_once_and_its_jitter_not():
    values = np.full(1500, 16.0)
    values[1000:] += 0.5 * np.random.default_rng(1).integers(0, 2, 500)
    values[1000] = 16.5
    assert len(detect(points(values)).episodes) == 1


def test_a_count_that_is_one_higher_than_ever_is_no_anomaly():
    values = np.random.default_rng(2).integers(0, 3, 2000).astype(float)
    values[1500] = 3
    assert detect(points(values)).episodes == ()


def test_steady_growth_is_no_anomaly():
    values = 0.01 * np.arange(3000) + 0.05 * np.random.default_rng(4).normal(size=3000)
    assert not any(episode.stands_out for episode in detect(points(values)).episodes)


def test_gaps_are_no_anomalies_and_score_nothing():
    values = list(noise(2000))
    values[1200:1300] = [None] * 100
    values[1500] = float("nan")
    with_gaps = detect(points(values))
    assert [with_gaps.scores[at] for at in (1200, 1299, 1500)] == [0, 0, 0]
    left_out = [point for point in points(values) if point.value is not None and np.isfinite(point.value)]
    assert [episode.started_at for episode in with_gaps.episodes] == [
        episode.started_at for episode in detect(left_out).episodes
    ]


def test_missing_samples_are_no_anomaly():
    samples = points(daily(12 * DAY))
    assert not any(episode.stands_out for episode in detect(samples[: 8 * DAY] + samples[9 * DAY + 40 :]).episodes)


@pytest.mark.parametrize(
    "samples",
    [
        [],
        points([1.0]),
        points([None] * 500),
        points([float("nan")] * 500),
        points([float("inf"), float("-inf")] * 500),
        points([5.0] * 1000),
        points(noise(99)),
    ],
    ids=["empty", "one", "none", "nan", "inf", "constant", "few"],
)
def test_where_nothing_can_be_said_the_reason_is(samples):
    found = detect(samples)
    assert found.reason
    assert found.episodes == ()
    assert list(found.scores) == [0.0] * len(samples)


def test_nothing_is_an_anomaly_in_the_warm_up():
    values = noise(1000)
    values[300] = 200
    found = detect(points(values))
    assert found.warm_up == 2 * DAY
    assert max(found.scores[: found.warm_up]) == 0
    assert len(detect(points(values), probation=200).episodes) > len(found.episodes)


@pytest.mark.parametrize(
    ("step", "expected"),
    [(timedelta(hours=1), 100), (timedelta(minutes=5), 576), (timedelta(seconds=10), 750)],
    ids=["hourly", "five_minutes", "ten_seconds"],
)
def test_the_warm_up_is_two_days_of_samples_within_bounds(step, expected):
    assert detect(points(noise(900), step)).warm_up == expected


def test_the_warm_up_counts_points_that_hold_a_value():
    values = [None] * 50 + list(noise(900))
    assert detect(points(values), probation=200).warm_up == 250


@pytest.mark.parametrize("zone", [UTC, None], ids=["aware", "naive"])
def test_times_may_repeat_run_backwards_or_know_no_zone(zone):
    start = datetime(2026, 10, 25, tzinfo=zone)
    values = noise(1500)
    values[1200] = 200
    for step in (timedelta(), timedelta(minutes=-5), timedelta(minutes=5)):
        samples = [Point(start + at * step, float(value)) for at, value in enumerate(values)]
        assert max(detect(samples).scores) == detect(samples).scores[1200]


def test_a_clock_set_back_by_an_hour_is_no_anomaly():
    values = daily(12 * DAY)
    samples = points(values)
    back = [Point(one.at - timedelta(hours=1), one.value) for one in samples[8 * DAY :]]
    assert not any(episode.stands_out for episode in detect(samples[: 8 * DAY] + back).episodes)


def test_an_integer_beyond_every_float_is_a_gap():
    values = [*noise(900).tolist(), 10**400]
    samples = [
        Point(datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=at), value) for at, value in enumerate(values)
    ]
    assert detect(samples).scores[-1] == 0


def test_two_weeks_of_samples_take_no_more_than_a_blink():
    import time

    samples = points(daily(14 * DAY))
    detect(samples)
    begun = time.process_time()
    detect(samples)
    assert time.process_time() - begun < 0.5  # about 0.02
