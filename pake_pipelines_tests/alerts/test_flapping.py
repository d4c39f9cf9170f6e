"""Flap detection as in Nagios: 21 states, weights from 0.75 to 1.25, two bounds."""

from hypothesis import given
from hypothesis import strategies as st

from pake_pipelines.alerts.flapping import STATES, flaps, percent, remember
from pake_pipelines.config.alerting import Flapping

HISTORIES = st.integers(0, (1 << STATES) - 1)
CONFIG = Flapping()


def history(states):
    bits = 0
    for state in states:
        bits = remember(bits, bad=state == "x")
    return bits


def test_seven_changes_of_twenty_weigh_more_than_a_third_when_they_are_new_and_less_when_they_are_old():
    assert percent(history("." * 14 + "x.x.x.x")) > 35
    assert percent(history(".x.x.x.x" + "x" * 13)) < 35


def test_a_change_weighs_from_three_quarters_to_five_quarters_by_age():
    newest, oldest = history("." * 20 + "x"), history("." + "x" * 20)
    assert round(percent(newest), 6) == round(100 * 1.25 / 20, 6)
    assert round(percent(oldest), 6) == round(100 * 0.75 / 20, 6)


def test_one_that_changes_every_time_changes_to_100_percent():
    assert round(percent(history("x." * 11)), 6) == 100


@given(HISTORIES)
def test_the_share_is_a_percentage_and_does_not_depend_on_which_state_is_bad(bits):
    assert 0 <= percent(bits) <= 100.0000001
    assert percent(bits) == percent(bits ^ ((1 << STATES) - 1))


@given(HISTORIES, st.booleans())
def test_what_flaps_with_the_upper_bound_flaps_with_the_lower_one(bits, before):
    if flaps(bits, CONFIG, before=False):
        assert flaps(bits, CONFIG, before=True)
    assert not flaps(bits, Flapping(enabled=False), before=before)


@given(HISTORIES, st.booleans())
def test_21_equal_states_forget_everything_before(bits, bad):
    for _ in range(STATES):
        bits = remember(bits, bad=bad)
    assert percent(bits) == 0
    assert bits == (((1 << STATES) - 1) if bad else 0)
