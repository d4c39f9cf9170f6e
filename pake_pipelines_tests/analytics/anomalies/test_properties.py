"""What holds for every series."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pake_pipelines.analytics.anomalies import Kind, detect
from pake_pipelines_tests.analytics.anomalies.series import daily, noise, points

CHEAP = settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
ANYTHING = st.lists(st.one_of(st.none(), st.floats(), st.sampled_from([0.0, 1.0, 1.5, 1e308, -1e308])), max_size=250)


def series(seed: int, size: int = 600) -> np.ndarray:
    random = np.random.default_rng(seed)
    values = [noise, daily][seed % 2](size, seed)
    for at in random.integers(120, size, 3):
        values[at : at + int(random.integers(1, 30))] += 60 * random.normal()
    return values


@CHEAP
@given(values=ANYTHING, probation=st.integers(0, 120), threshold=st.floats(0.05, 1))
def test_any_series_is_answered(values, probation, threshold):
    samples = points(values)
    found = detect(samples, threshold=threshold, probation=probation)
    assert len(found.scores) == len(samples)
    assert all(0 <= score <= 1 for score in found.scores)
    assert all(score == 0 for score in found.scores[: found.warm_up])
    for episode in found.episodes:
        assert episode.started_at <= episode.peak_at <= episode.last_at
        assert threshold <= episode.score <= 1
        assert np.isfinite(episode.value)
        assert episode.kind in set(Kind)
        assert episode.expected_low is None or episode.expected_low <= episode.expected_high


@CHEAP
@given(seed=st.integers(0, 1000), cut=st.integers(150, 599))
def test_a_point_is_judged_by_earlier_points_only(seed, cut):
    values = series(seed)
    whole = detect(points(values), probation=110).scores
    prefix = detect(points(values[:cut]), probation=110).scores
    assert prefix == pytest.approx(whole[:cut], abs=1e-3)


@CHEAP
@given(seed=st.integers(0, 1000), power=st.integers(-30, 30))
def test_the_unit_of_the_values_does_not_matter(seed, power):
    values = series(seed)
    scaled = detect(points(values * 2.0**power), probation=110).scores
    assert scaled == pytest.approx(detect(points(values), probation=110).scores)


@CHEAP
@given(seed=st.integers(0, 1000), offset=st.floats(-1000, 1000))
def test_neither_does_where_they_are_counted_from(seed, offset):
    values = series(seed)
    moved = detect(points(values + offset), probation=110).scores
    assert moved == pytest.approx(detect(points(values), probation=110).scores, abs=1e-2)


@CHEAP
@given(seed=st.integers(0, 1000))
def test_values_upside_down_are_as_odd(seed):
    values = series(seed)
    assert detect(points(-values), probation=110).scores == pytest.approx(
        detect(points(values), probation=110).scores, abs=1e-3
    )


@CHEAP
@given(seed=st.integers(0, 100), low=st.floats(0.3, 0.6), more=st.floats(0, 0.3))
def test_a_higher_threshold_opens_no_episode_where_a_lower_one_had_none(seed, low, more):
    samples = points(series(seed))
    few = {episode.peak_at for episode in detect(samples, threshold=low + more, probation=110).episodes}
    many = detect(samples, threshold=low, probation=110).episodes
    assert all(any(episode.started_at <= peak <= episode.last_at for episode in many) for peak in few)
