"""A limit has a date only where the figure goes there; the date is told before the fact, and else why there is none."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pake_pipelines.analytics.forecasts import Reading, days_to, forecast
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


def test_a_line_reaches_its_limit_when_it_does():
    found = days_to(readings(line()), 60.0, now=NOW)
    assert found.days == pytest.approx(21, abs=0.01)
    assert found.earliest <= found.date <= found.latest
    assert found.date == NOW + found.days * DAY
    assert found.reason == "rises"


@pytest.mark.parametrize(
    ("values", "limit", "reason"),
    [
        (noise(), 80, "no trend"),
        (random_walk(), 90, "no trend"),
        (week(), 80, "no trend"),
        (np.full(40, 5.0), 80, "no trend"),
        (line(slope=-0.2), 80, "falls"),
        (saw_tooth(), 80, "fluctuates"),
        (line(slope=0.01), 1000, "further than 236 days away"),
        (line(5), 80, "too few days: 5 of at least 6"),
        ([], 80, "nothing was measured"),
    ],
    ids=["noise", "random walk", "week", "constant", "falling", "saw-tooth", "far", "five days", "none"],
)
def test_without_a_date_it_is_said_why(values, limit, reason):
    found = days_to(readings(values), limit, now=NOW)
    assert (found.date, found.earliest, found.latest, found.days) == (None, None, None, None)
    assert found.reason == reason


def test_a_limit_that_is_reached_is_reached_now():
    found = days_to(readings(line()), 40.0, now=NOW)
    assert (found.days, found.date, found.reason) == (0, NOW, "reached")


def test_a_forecast_can_be_asked_instead_of_readings_as_far_as_it_goes():
    made = forecast(readings(line()), horizon=14 * DAY, now=NOW)
    assert days_to(made, 55.0, now=NOW).days == pytest.approx(11, abs=0.01)
    assert days_to(made, 60.0, now=NOW).reason == "further than 14 days away"


def test_a_trend_that_foresaw_the_past_no_better_than_its_last_value_has_no_date():
    made = replace(forecast(readings(line()), horizon=14 * DAY, now=NOW), error=1.0)
    found = days_to(made, 55.0, now=NOW)
    assert (found.date, found.reason) == (None, "rises, but the past was foreseen no better than by its last value")


def test_scattered_readings_reach_a_limit_before_their_line_does():
    calm, scattered = line(), line(scatter=2.0)
    assert days_to(readings(scattered), 60.0, now=NOW).days < days_to(readings(calm), 60.0, now=NOW).days


def test_a_rising_saw_tooth_is_full_at_a_peak():
    whole = saw_tooth(140, 10, kept=0.25, scatter=0.0)
    found = days_to(readings(whole[:84]), 108.0, now=NOW)
    full = int(np.argmax(whole >= 108.0)) - 83
    assert found.days == pytest.approx(full, abs=2)


def families(seed):
    shift = np.random.default_rng(seed).uniform(0.6, 1.6)
    yield shift * line(160, scatter=1.0, seed=seed)
    yield 20 * np.exp(0.012 * shift * np.arange(160)) + noise(160, 0, 0.3, seed)
    yield shift * week(160, slope=0.8, seed=seed)
    yield shift * stairs(160, every=6 + seed, seed=seed)
    yield shift * saw_tooth(160, period=8 + seed, kept=0.3, seed=seed)


@pytest.mark.parametrize("before", [7, 14, 30])
def test_the_median_error_is_below_a_fifth_of_the_horizon(before):
    errors = []
    for seed in range(2):
        for values in families(seed):
            full = int(np.argmax(values >= values[:130].max()))
            known = values[: full - before + 1]
            found = days_to(readings(known), float(values[full]) - 1e-9, now=NOW)
            errors.append(1.0 if found.days is None else abs(found.days - before) / before)
    assert np.median(errors) <= 0.2


def test_what_goes_nowhere_hardly_ever_has_a_date():
    dates = [
        days_to(readings(values), float(np.max(values)) + 3.0, now=NOW).date
        for seed in range(5)
        for values in (noise(seed=seed), random_walk(seed=seed), week(seed=seed), saw_tooth(seed=seed))
    ]
    assert sum(one is not None for one in dates) <= 0.05 * len(dates)


@given(st.lists(st.floats(-1e6, 1e6), max_size=30), st.floats(-1e6, 1e6))
@settings(max_examples=40, deadline=None)
def test_a_date_lies_ahead_and_between_its_edges(values, limit):
    found = days_to([Reading(NOW - place * DAY, one) for place, one in enumerate(values)], limit, now=NOW)
    assert (found.date is None) == (found.days is None)
    if found.date is not None:
        assert NOW <= found.earliest <= found.date
        assert found.latest is None or found.date <= found.latest
