"""A direction is what neither noise nor a random walk shows by chance; a jump is what lasts."""

import numpy as np
import pytest

from pake_pipelines.analytics.forecasts.direction import direction
from pake_pipelines.analytics.forecasts.jumps import despiked, jumps
from pake_pipelines.analytics.forecasts.profile import profile
from pake_pipelines_tests.analytics.forecasts.shapes import drawn, line, noise, random_walk, saw_tooth, stairs, week


def remembering(seed, kept=0.8, number=60):
    values = drawn(seed).normal(0, 1, number)
    for place in range(1, number):
        values[place] += kept * values[place - 1]
    return values


@pytest.mark.parametrize(
    "shape",
    [
        lambda seed: noise(seed=seed),
        lambda seed: random_walk(seed=seed),
        lambda seed: random_walk(seed=seed) + noise(level=0, scatter=2, seed=seed + 900),
        remembering,
    ],
    ids=["noise", "random walk", "random walk with noise", "noise with a memory"],
)
def test_chance_makes_a_direction_in_hardly_one_of_twenty_series(shape):
    found = [direction(shape(seed)).significant for seed in range(100)]
    assert np.mean(found) <= 0.09


def test_a_clear_slope_is_found_though_it_scatters():
    found = [direction(line(scatter=4.0, seed=seed)) for seed in range(20)]
    assert np.mean([one.significant for one in found]) >= 0.9
    assert np.median([one.slope for one in found]) == pytest.approx(0.5, rel=0.1)


def test_a_bend_is_found_and_only_what_follows_it_counts():
    values = np.concatenate([np.full(40, 20.0), 20 + 1.0 * np.arange(30)]) + noise(70, 0, 0.2)
    found = direction(values)
    assert found.start == pytest.approx(40, abs=5)
    assert found.slope == pytest.approx(1.0, rel=0.15)


def test_a_series_that_stopped_growing_goes_nowhere():
    values = np.concatenate([20 + 1.0 * np.arange(40), np.full(40, 60.0)]) + noise(80, 0, 0.3)
    assert not direction(values).significant


def test_clean_ups_are_falls_that_last():
    found = jumps(saw_tooth(50, 10))
    assert found.places == (10, 20, 30, 40)
    assert found.clean_ups
    assert not found.steps


def test_stairs_are_rises_that_last():
    assert jumps(stairs(40, 8)).places == (8, 16, 24, 32)
    assert jumps(stairs(40, 8)).steps


@pytest.mark.parametrize("values", [noise(), line(scatter=1.0), np.full(30, 4.0)], ids=["noise", "line", "constant"])
def test_what_does_not_jump_has_no_jumps(values):
    assert jumps(values).places == ()


def test_a_spike_is_bridged_and_a_step_is_not():
    values = line(40)
    spiked = values.copy()
    spiked[20] += 100
    assert despiked(spiked) == pytest.approx(values)
    step = stairs(40, 20, scatter=0.0)
    assert despiked(step) == pytest.approx(step)


def test_a_profile_is_found_where_the_days_of_the_week_differ():
    found = profile(week(70), 7)
    assert [place for place in range(7) if found[place] > 2] == [5, 6]
    assert profile(noise(70), 7) is None
    assert profile(week(21), 7) is None
