"""Automatic actions: once in a cool-down, so many a day, kept over restarts (D-48)."""

from datetime import timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from pake_pipelines.alerts.actions import ask
from pake_pipelines.config.alerting import Rule
from pake_pipelines.model.alert import AlertState, Severity
from pake_pipelines.model.episode import Episode
from pake_pipelines_tests.alerts.bench import RULE
from pake_pipelines_tests.conftest import NOW

RULES = {"down": Rule(**RULE, action={"recovery": "tidy", "cooldown_minutes": 60, "max_per_day": 4})}


def episode(alert_id="a", state=AlertState.FIRING, rule="down"):
    return Episode(alert_id, "f", rule, Severity.CRITICAL, {}, state, "s", NOW, NOW)


def times(minutes, episodes=None):
    """Return the minutes at which the rule asks while `episodes` stay as they are."""
    asked, found = {}, []
    for minute in minutes:
        requests, asked = ask(RULES, episodes or [episode()], asked, NOW + timedelta(minutes=minute))
        found += [minute] * len(requests)
    return found


def test_it_asks_at_once_then_after_each_cool_down_up_to_the_day():
    assert times(range(0, 24 * 60, 5)) == [0, 60, 120, 180]


def test_the_next_day_it_asks_again():
    assert times(range(0, 26 * 60, 5)) == [0, 60, 120, 180, 1440, 1500]


def test_two_alerts_of_one_rule_share_the_bound():
    assert times([0], [episode("a"), episode("b")]) == [0]


def test_what_does_not_fire_asks_for_nothing():
    assert times([0], [episode(state=AlertState.PENDING)]) == []
    assert times([0], [episode(rule="other")]) == []


def test_a_clock_that_steps_back_neither_frees_nor_blocks_for_ever():
    _, asked = ask(RULES, [episode()], {"down": (NOW + timedelta(days=9),)}, NOW)
    assert asked == {"down": (NOW,)}
    again, _ = ask(RULES, [episode()], asked, NOW + timedelta(minutes=60))
    assert len(again) == 1


def test_a_rule_that_is_no_more_is_forgotten():
    assert ask({}, [], {"down": (NOW,)}, NOW) == ((), {})


@given(st.lists(st.integers(0, 120), max_size=200))
def test_never_more_than_the_day_allows_in_any_24_hours_and_never_within_the_cool_down(steps):
    minutes, now = [], 0
    for step in steps:
        now += step
        minutes.append(now)
    found = times(minutes)
    assert all(b - a >= 60 for a, b in pairwise(found))
    assert all(sum(a <= one < a + 24 * 60 for one in found) <= 4 for a in found)
