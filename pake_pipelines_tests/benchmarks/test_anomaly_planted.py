"""The series with planted faults are what they say, and findings are counted against them."""

import numpy as np
import pytest

from benchmarks.anomaly_planted import POINTS, Planted, clean, faulty, figures, judged


def test_every_series_is_finite_and_the_same_each_time():
    first, again = faulty(), faulty()
    assert len(first) == 64
    assert len(clean()) == 48
    assert all(len(one.values) == POINTS and np.isfinite(one.values).all() for one in [*first, *clean()])
    assert all((one.values == other.values).all() for one, other in zip(first, again, strict=True))
    assert all(len(one.faults) == 2 for one in first)


def test_an_episode_near_a_fault_is_a_hit_and_any_other_false():
    series = Planted("plain", np.zeros(POINTS), {"spike": 1000, "flat": 3000})
    got = figures([(series, [(1050, True), (2000, False)]), (Planted("plain", np.zeros(POINTS), {}), [(700, False)])])
    every, standing_out = got["all_episodes"], got["standing_out"]
    assert (every["faults"], every["found"], every["found_by_kind"]["spike"]) == (2, 1, "1/1")
    assert every["found_by_kind"]["flat"] == "0/1"
    assert (every["false_per_faulty_series"], every["false_per_clean_series"]) == (1, 1)
    assert (standing_out["false_per_faulty_series"], standing_out["false_per_clean_series"]) == (0, 0)


def test_an_episode_is_placed_by_its_first_point():
    values = 50 + np.random.default_rng(0).normal(size=POINTS)
    values[2000:2003] += 40
    assert (2000, True) in judged(Planted("plain", values, {"spike": 2000}))


def test_no_series_at_all_is_no_reason_to_fail():
    assert figures([])["all_episodes"]["false_per_clean_series"] == pytest.approx(0)
