"""A forecast continues what was measured, says how sure it is, and gives a reason where it cannot."""

import math
import random
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pake_pipelines.analytics.forecasts import Reading, forecast
from pake_pipelines_tests.analytics.forecasts.shapes import (
    DAY,
    NOW,
    line,
    noise,
    random_walk,
    readings,
    saw_tooth,
    stairs,
    week,
)


def made(values, days=14, **asked):
    return forecast(readings(values), horizon=days * DAY, now=NOW, **asked)


def values_of(found):
    return [one.value for one in found.points]


@pytest.mark.parametrize(
    ("values", "trend", "slope"),
    [
        (line(slope=0.5, scatter=0.5), "rising", 0.5),
        (line(slope=-0.5, scatter=0.5), "falling", -0.5),
        (noise(), "steady", None),
        (random_walk(), "steady", None),
        (week(), "steady", None),
        (week(slope=0.5), "rising", 0.5),
        (saw_tooth(), "fluctuates", None),
        (saw_tooth(kept=0.3), "rising", 0.6),
        (stairs(), "rising", 0.5),
        (np.full(30, 7.0), "steady", None),
        (20 * np.exp(0.03 * np.arange(60)), "rising", None),
    ],
    ids=[
        "up", "down", "noise", "random walk", "week", "week and growth", "saw-tooth", "rising saw-tooth", "stairs",
        "constant", "exponential",
    ],
)  # fmt: skip
def test_the_trend_is_told_from_noise_cycles_and_clean_ups(values, trend, slope):
    found = made(values)
    assert (found.trend, found.reason, len(found.points)) == (trend, None, 14)
    if slope is None:
        assert (found.slope_per_day is None) == (trend != "rising")
    else:
        assert found.slope_per_day == pytest.approx(slope, rel=0.2)


def test_a_line_goes_on():
    assert values_of(made(line(), 5)) == pytest.approx([50.0, 50.5, 51.0, 51.5, 52.0])


def test_what_is_foreseen_is_held_against_the_last_value():
    assert made(line(scatter=0.5)).error < 0.3
    assert made(random_walk()).error == pytest.approx(1.0, abs=0.1)


def test_a_week_goes_on():
    said = values_of(made(week(70), 14))
    weekend = [place for place in range(14) if (70 + place) % 7 > 4]
    assert min(said[place] for place in weekend) > 55 > 53 > max(said[p] for p in range(14) if p not in weekend)


def test_a_saw_tooth_goes_on_with_its_clean_ups():
    said = values_of(made(saw_tooth(84, 10), 20))
    assert 44 < max(said) < 51
    assert 29 < min(said) < 34


def test_growth_by_a_share_goes_on_by_a_share():
    said = values_of(made(20 * np.exp(0.03 * np.arange(60)), 30))
    assert said[-1] == pytest.approx(20 * math.exp(0.03 * 89), rel=0.05)


def test_after_one_clean_up_growth_goes_on_from_what_was_left():
    values = line(60)
    values[50:] -= 15
    found = made(values, 10)
    assert found.slope_per_day == pytest.approx(0.5, rel=0.1)
    assert values_of(found)[-1] == pytest.approx(values[-1] + 5, abs=1)


def test_one_step_is_no_trend():
    values = noise(60, scatter=0.5)
    values[30:] += 10
    found = made(values)
    assert found.trend == "steady"
    assert values_of(found)[-1] == pytest.approx(60, abs=1)


def test_a_spike_is_no_trend_and_changes_nothing():
    values = line(60, scatter=0.2)
    spiked = values.copy()
    spiked[40] += 300
    assert values_of(made(spiked))[-1] == pytest.approx(values_of(made(values))[-1], rel=0.02)


def test_the_hour_of_the_day_is_told_from_the_trend():
    hours = np.arange(24 * 30)
    wave = 10 * np.sin(hours / 24 * 2 * np.pi)
    found = forecast(
        readings(40 + 0.02 * hours + wave, timedelta(hours=1)), horizon=3 * DAY, step=timedelta(hours=1), now=NOW
    )
    truth = [40 + 0.02 * hour + 10 * math.sin(hour / 24 * 2 * math.pi) for hour in 24 * 30 - 1 + np.arange(1, 73)]
    assert values_of(found) == pytest.approx(truth, abs=2.5)


def test_a_daily_forecast_of_hourly_readings_is_of_its_own_hour():
    hours = np.arange(24 * 30)
    values = 40 + 10 * np.sin(hours / 24 * 2 * np.pi)
    found = forecast(readings(values, timedelta(hours=1)), horizon=3 * DAY, now=NOW)
    assert values_of(found) == pytest.approx([values[-1]] * 3, abs=1.5)


def test_an_interval_of_80_percent_holds_about_80_percent():
    inside = []
    for seed in range(8):
        for whole in (noise(90, seed=seed), line(90, scatter=1.0, seed=seed), saw_tooth(90, seed=seed)):
            points = made(whole[:70], 20).points
            inside += [one.low <= truth <= one.high for one, truth in zip(points, whole[70:], strict=True)]
    assert 0.7 <= np.mean(inside) <= 0.9


def test_a_higher_level_has_wider_intervals():
    wide, narrow = made(noise(), level=0.95).points, made(noise(), level=0.5).points
    assert all(one.high - one.low > other.high - other.low for one, other in zip(wide, narrow, strict=True))


def test_what_has_bounds_stays_within_them():
    found = made(line(60, slope=1.2), 60, bounds=(0, 100))
    assert max(one.high for one in found.points) == 100
    down = made(line(60, slope=-0.3), 60, bounds=(0, None))
    assert min(one.low for one in down.points) == 0


@pytest.mark.parametrize(
    ("given_readings", "reason"),
    [
        ([], "nothing was measured"),
        (readings([5.0]), "too few days: 1 of at least 6"),
        (readings([1.0, 2.0, 3.0, 4.0, 5.0]), "too few days: 5 of at least 6"),
        (readings([math.nan] * 30), "nothing was measured"),
        (readings([math.inf, -math.inf] * 9), "nothing was measured"),
        ([Reading(NOW, 5.0)] * 40, "too few days: 1 of at least 6"),
        (readings(line(), timedelta(minutes=5)), "too few days: 1 of at least 6"),
        (readings(line(), last=NOW + 90 * DAY), "nothing was measured"),
        (readings(line(), last=NOW - 8 * DAY), "the last reading is 8 days old"),
        (readings(line(9), last=NOW - 5 * DAY), "the last reading is 5 days old"),
    ],
    ids=["none", "one", "five", "nan", "infinite", "one moment", "five hours", "future", "ended", "ended early"],
)
def test_what_cannot_be_told_has_a_reason(given_readings, reason):
    found = forecast(given_readings, horizon=7 * DAY, now=NOW)
    assert (found.points, found.trend, found.slope_per_day, found.reason) == ((), "unknown", None, reason)
    assert found.readings == len(given_readings)


def test_a_stretch_without_readings_makes_nothing_surer():
    for seed in range(3):
        whole = noise(90, scatter=1.0, seed=seed)
        holed = [None if 30 <= place < 75 else one for place, one in enumerate(whole)]
        widths = [one.high - one.low for one in (made(holed, 7).points[-1], made(whole, 7).points[-1])]
        assert widths[0] > 0.8 * widths[1]


def test_readings_a_month_apart_have_an_interval():
    found = forecast(readings(line(12), 30 * DAY), horizon=7 * DAY, now=NOW)
    assert all(one.low <= one.value <= one.high for one in found.points)


def test_what_is_read_once_a_week_has_not_ended_after_ten_days():
    found = forecast(readings(line(12), 7 * DAY, NOW - 10 * DAY), horizon=7 * DAY, now=NOW)
    assert (found.reason, len(found.points)) == (None, 7)


def test_what_comes_every_sunday_comes_next_sunday():
    values = noise(84, level=10, scatter=1.0)
    values[6::7] += 40
    said = values_of(made(values, 14))
    assert [place for place, one in enumerate(said) if one > 40] == [6, 13]


def test_gaps_duplicates_and_wrong_clocks_change_little():
    values = line(60, scatter=0.2)
    bad = readings([None if place % 7 == 3 or 20 <= place < 25 else one for place, one in enumerate(values)])
    bad += [*bad[10:20], Reading(NOW + 400 * DAY, 1e6), Reading(datetime(1970, 1, 1, tzinfo=UTC), -5.0)]
    bad.append(Reading(NOW - 5 * DAY, math.nan))
    random.Random(2).shuffle(bad)
    found = forecast(bad, horizon=14 * DAY, now=NOW)
    assert values_of(found)[-1] == pytest.approx(values_of(made(values))[-1], rel=0.02)


def test_the_same_readings_have_the_same_forecast():
    assert made(saw_tooth(kept=0.3)) == made(saw_tooth(kept=0.3))


def test_points_lie_at_steps_from_now():
    found = forecast(readings(line(), last=NOW - timedelta(hours=30)), horizon=3 * DAY, now=NOW)
    assert [one.at for one in found.points] == [NOW + DAY, NOW + 2 * DAY, NOW + 3 * DAY]
    assert found.points[0].value == pytest.approx(49.5 + 0.5 * 54 / 24)


@pytest.mark.parametrize("factor", [1e-9, 1e12], ids=["small", "large"])
def test_the_unit_does_not_matter(factor):
    plain, scaled = made(saw_tooth(kept=0.2)), made(factor * saw_tooth(kept=0.2))
    assert values_of(scaled) == pytest.approx([factor * one for one in values_of(plain)])
    assert scaled.model == plain.model


NUMBERS = st.one_of(
    st.floats(allow_nan=True, allow_infinity=True), st.sampled_from([0.0, 1.0, 50.0, 100.0]), st.floats(0, 100)
)


@given(
    st.lists(st.tuples(st.integers(-100_000, 3_000), NUMBERS), max_size=40),
    st.sampled_from([timedelta(hours=1), timedelta(hours=7), DAY]),
    st.sampled_from([(None, None), (0, 100)]),
)
@settings(max_examples=40, deadline=None)
def test_any_readings_have_a_forecast_or_a_reason(pairs, step, bounds):
    given_readings = [Reading(NOW + timedelta(minutes=at), value) for at, value in pairs]
    found = forecast(given_readings, horizon=7 * DAY, step=step, now=NOW, bounds=bounds)
    assert bool(found.points) == (found.reason is None)
    for one in found.points:
        assert one.low <= one.value <= one.high
        assert math.isfinite(one.low)
        assert math.isfinite(one.high)
        assert bounds[0] is None or 0 <= one.low <= one.high <= 100
