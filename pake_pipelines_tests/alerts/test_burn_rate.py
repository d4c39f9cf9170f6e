"""Burn rates of objectives over two windows, on what counters tell."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pake_pipelines.alerts.burn_rate import Counted, burn_rate, judge, lengths
from pake_pipelines.config.alerting import Slo
from pake_pipelines.model.alert import Condition

FAST = {"long_minutes": 60, "short_minutes": 5, "factor": 14.4, "severity": "critical"}
SLOW = {"long_minutes": 4320, "short_minutes": 360, "factor": 1, "severity": "warning"}
SLO = Slo(good="good", total="total", objective=0.999, min_events=20, windows=(FAST, SLOW))


def condition(share_failed, share_failed_lately=None, total=10000.0, lately=1000.0):
    """Return how the fast pair of windows is with these shares of failures."""
    lately_failed = share_failed if share_failed_lately is None else share_failed_lately
    long, short = Counted(total * (1 - share_failed), total), Counted(lately * (1 - lately_failed), lately)
    fast, _ = judge("runs", SLO, {60: long, 5: short, 4320: long, 360: short})
    return fast.condition


@pytest.mark.parametrize(
    ("shares", "expected"),
    [
        ((1.0,), Condition.BAD),
        ((0.0145,), Condition.BAD),
        ((0.0143,), Condition.OK),
        ((0.0,), Condition.OK),
        ((0.5, 0.0), Condition.OK),
        ((0.001, 1.0), Condition.OK),
    ],
)
def test_it_burns_when_both_windows_burn_faster_than_the_factor(shares, expected):
    assert condition(*shares) is expected


@pytest.mark.parametrize("total", [0.0, 1.0, 19.0])
def test_with_little_traffic_nothing_is_said_even_when_all_of_it_failed(total):
    assert condition(1.0, total=total) is Condition.UNKNOWN


def test_a_short_window_in_which_nothing_happened_says_nothing():
    assert condition(1.0, lately=0.0) is Condition.UNKNOWN


@pytest.mark.parametrize("counted", [Counted(None, 100.0), Counted(100.0, None), Counted(None, None)])
def test_counters_that_cannot_be_told_say_nothing_and_have_no_value(counted):
    readings = judge("runs", SLO, dict.fromkeys(lengths(SLO), counted))
    assert {(one.condition, one.value) for one in readings} == {(Condition.UNKNOWN, None)}
    assert "good or total is not measured" in readings[0].detail


def test_every_pair_of_windows_is_a_series_as_grave_as_it_says():
    everything = dict.fromkeys(lengths(SLO), Counted(0.0, 1000.0))
    readings = judge("runs", SLO, everything)
    assert [dict(one.labels) for one in readings] == [
        {"slo": "runs", "window": "60m/5m", "severity": "critical"},
        {"slo": "runs", "window": "4320m/360m", "severity": "warning"},
    ]
    assert "the budget of 30 days would last 0.7 hours" in readings[0].detail


@given(st.floats(0, 1e9), st.floats(0, 1e9))
def test_a_burn_rate_is_never_negative_nor_faster_than_everything_failing(good, total):
    rate = burn_rate(SLO, Counted(good, total))
    if rate is not None:
        assert 0 <= rate <= 1 / (1 - SLO.objective) * 1.0000001
