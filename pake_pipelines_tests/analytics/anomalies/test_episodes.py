"""What belongs together is one episode, and how it is described."""

import numpy as np

from pake_pipelines.analytics.anomalies import Kind, detect
from pake_pipelines_tests.analytics.anomalies.series import noise, points

AT = 1500


def around(values, first, last):
    samples = points(values)
    return samples, [one for one in detect(samples).episodes if samples[first].at <= one.started_at <= samples[last].at]


def test_an_episode_peaks_where_it_is_oddest_and_lasts_while_it_is_odd():
    values = noise(2000)
    values[AT : AT + 6] = [80, 85, 100, 150, 100, 85]
    samples, found = around(values, AT, AT + 10)
    assert len(found) == 1
    assert found[0].started_at == samples[AT].at
    assert (found[0].peak_at, found[0].value) == (samples[AT + 3].at, 150)
    assert samples[AT + 3].at <= found[0].last_at <= samples[AT + 40].at


def test_many_odd_points_in_a_row_open_one_episode():
    values = noise(2400)
    values[AT : AT + 200] += 60 + 5 * np.random.default_rng(9).normal(size=200)
    _, found = around(values, AT, AT + 100)
    assert len(found) == 1


def test_a_level_that_stays_is_one_episode_that_ends_when_it_has_become_usual():
    values = noise(2400)
    values[AT:] += 40
    samples, found = around(values, AT, 2399)
    assert [one.kind for one in found if one.stands_out] == [Kind.LEVEL]
    assert found[0].over
    assert found[0].last_at < samples[AT + 100].at


def test_an_episode_at_the_end_of_the_data_goes_on():
    values = noise(AT + 3)
    values[AT:] = 120
    _, found = around(values, AT, AT + 2)
    assert [(one.kind, one.over) for one in found] == [(Kind.SPIKE, False)]


def test_an_episode_is_over_after_a_dozen_quiet_points():
    values = noise(AT + 60)
    values[AT] = 120
    _, found = around(values, AT, AT + 5)
    assert [one.over for one in found] == [True]


def test_a_second_and_higher_spike_later_is_an_episode_of_its_own():
    values = noise(2400)
    values[AT] = 90
    values[AT + 400] = 150
    _, found = around(values, AT, AT + 450)
    assert [one.value for one in found] == [90, 150]


def test_a_spike_into_noise_that_holds_as_high_values_does_not_stand_out():
    values = np.random.default_rng(3).standard_t(2, size=4000)
    found = detect(points(values)).episodes
    assert sum(one.stands_out for one in found) <= 2
