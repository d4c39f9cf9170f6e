"""Whether a source may be asked, and what a visit changes about that: pure decisions."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pake_pipelines.config.loading import load_sources
from pake_pipelines.pipeline.standing import (
    Outcome,
    Rules,
    after_visit,
    is_resting,
    next_due,
    reason_to_wait,
    rest_of,
)
from pake_pipelines.settings import PACKAGE_HOME
from pake_pipelines.store.sources import SourceState

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
CONFIG = load_sources(PACKAGE_HOME / "configs")
RULES = Rules(CONFIG.polling, CONFIG.failures, CONFIG.redirects, polled=True)
FAILED = Outcome(error="no answer")
TARGET = "https://new.example/feed"


def visited(state, *outcomes, now=NOW, apart=HOUR):
    """Return how a source stands after visits with these outcomes, `apart` from each other, and all events."""
    events = []
    for outcome in outcomes:
        state, happened = after_visit("s", state, outcome, now, RULES)
        events += happened
        now += apart
    return state, [(event.kind, event.detail) for event in events]


def test_a_source_that_was_never_visited_may_be_asked():
    assert reason_to_wait(SourceState(), NOW, only_due=True) is None


def test_four_failures_in_a_row_are_borne():
    state, events = visited(SourceState(), *[FAILED] * 4)
    assert (state.consecutive_failures, state.resting_until, events) == (4, None, [])


def test_the_fifth_failure_in_a_row_starts_a_rest_of_two_hours():
    state, events = visited(SourceState(), *[FAILED] * 5, apart=timedelta())
    assert state.resting_until == NOW + 2 * HOUR
    assert events == [("resting", "until 2026-11-22 14:00 UTC after 5 failures in a row")]
    assert "resting until 2026-11-22 14:00 UTC" in reason_to_wait(state, NOW + HOUR, only_due=True)
    assert not is_resting(state, NOW + 2 * HOUR)


def test_a_failed_probe_starts_the_next_longer_rest():
    state, events = visited(SourceState(), *[FAILED] * 6, apart=timedelta())
    assert (state.rests, state.resting_until) == (2, NOW + 4 * HOUR)
    assert [kind for kind, _ in events] == ["resting", "resting"]


def test_one_success_ends_a_row_of_rests():
    state, events = visited(SourceState(), *[FAILED] * 6, Outcome())
    assert (state.rests, state.resting_until, state.consecutive_failures, state.last_error) == (0, None, 0, None)
    assert events[-1] == ("recovered", "after 6 failures in a row")


@given(st.integers(1, 10_000))
def test_rests_never_shrink_and_never_exceed_a_day(number):
    assert timedelta(hours=2) <= rest_of(number, RULES.failures) <= rest_of(number + 1, RULES.failures)
    assert rest_of(number, RULES.failures) <= timedelta(hours=24)


def test_somebody_who_asks_by_hand_may_ask_a_resting_source_and_one_that_is_not_due():
    state = SourceState(resting_until=NOW + HOUR, rests=1, due_at=NOW + HOUR)
    assert reason_to_wait(state, NOW, only_due=False) is None


def test_what_a_server_asks_for_holds_for_everybody_up_to_a_week():
    state, _ = visited(SourceState(), Outcome(error="429", status=429, retry_at=NOW + timedelta(days=400)))
    assert state.wait_until == NOW + timedelta(hours=168)
    assert "asked to wait" in reason_to_wait(state, NOW + HOUR, only_due=False)


def test_a_source_that_is_gone_for_good_is_not_asked_again_by_anybody():
    state, events = visited(SourceState(), Outcome(error="410", status=410))
    assert events == [("gone", "the server says that it is gone for good (410)")]
    assert "gone for good" in reason_to_wait(state, NOW + timedelta(days=999), only_due=False)


def test_a_busy_source_is_due_hourly_and_a_silent_one_daily():
    assert next_due(1000.0, Outcome(), NOW, RULES)[0] == NOW + HOUR
    assert next_due(0.0, Outcome(), NOW, RULES)[0] == NOW + 24 * HOUR
    assert next_due(4.0, Outcome(), NOW, RULES)[0] == NOW + 3 * HOUR


def test_a_server_that_says_how_long_its_answer_is_fresh_is_believed_for_a_day():
    assert next_due(1000.0, Outcome(fresh_until=NOW + 5 * HOUR), NOW, RULES)[0] == NOW + 5 * HOUR
    assert next_due(1000.0, Outcome(fresh_until=NOW + 500 * HOUR), NOW, RULES)[0] == NOW + 24 * HOUR
    assert next_due(1000.0, Outcome(fresh_until=NOW - HOUR), NOW, RULES)[0] == NOW + HOUR


@given(st.floats(0, 1e9), st.none() | st.integers(-(10**6), 10**6).map(lambda hours: NOW + timedelta(hours=hours)))
def test_a_source_is_due_within_an_hour_and_a_day_whatever_it_or_its_server_says(rhythm, fresh_until):
    due, because = next_due(rhythm, Outcome(fresh_until=fresh_until), NOW, RULES)
    assert HOUR <= due - NOW <= 24 * HOUR
    assert because


def test_a_feed_without_validators_is_asked_daily_however_busy_it_is():
    assert next_due(1000.0, Outcome(conditional=False), NOW, RULES)[0] == NOW + 24 * HOUR


def test_a_tick_a_few_seconds_early_finds_a_source_due():
    state = SourceState(due_at=NOW + timedelta(seconds=40))
    assert reason_to_wait(state, NOW, only_due=True) is None


@given(st.lists(st.tuples(st.integers(0, 50), st.floats(0.01, 30)), min_size=1, max_size=30))
def test_the_rhythm_stays_within_what_was_seen(visits):
    state, now = SourceState(), NOW
    for new, days in visits:
        now += timedelta(days=days)
        state, _ = after_visit("s", state, Outcome(new=new), now, RULES)
        assert 0 <= state.items_per_day <= sum(count for count, _ in visits)


def test_a_steady_source_has_its_own_rhythm():
    state, _ = visited(SourceState(), *[Outcome(new=2)] * 24 * 40, apart=HOUR)
    assert state.items_per_day == pytest.approx(48, rel=0.05)


MOVED = Outcome(moved_to=TARGET)


def test_a_permanent_redirect_is_not_believed_at_once():
    state, events = visited(SourceState(), *[MOVED] * 20)
    assert (state.learned_url, state.moved_visits, events) == (None, 20, [])


def test_a_permanent_redirect_is_believed_after_a_week_of_visits():
    state, events = visited(SourceState(), *[MOVED] * 8, apart=timedelta(days=1))
    assert (state.learned_url, events) == (TARGET, [("moved", f"to {TARGET}")])


def test_two_redirects_a_month_apart_are_too_few():
    state, _ = visited(SourceState(), *[MOVED] * 2, apart=timedelta(days=30))
    assert state.learned_url is None


@pytest.mark.parametrize("between", [Outcome(), Outcome(moved_to="https://other.example/")])
def test_a_redirect_that_ceases_or_changes_starts_over(between):
    state, _ = visited(SourceState(), *[MOVED] * 7, between, *[MOVED] * 7, apart=timedelta(days=1))
    assert state.learned_url is None


def test_failures_in_between_do_not_count_as_visits_and_do_not_start_over():
    state, _ = visited(SourceState(), *[MOVED] * 4, FAILED, *[MOVED] * 4, apart=timedelta(days=1))
    assert state.learned_url == TARGET


def test_a_learned_address_that_fails_is_forgotten_when_the_source_comes_to_rest():
    state, events = visited(SourceState(learned_url=TARGET), *[FAILED] * 5)
    assert state.learned_url is None
    assert ("moved_back", f"from {TARGET}, which fails") in events


def test_what_does_not_poll_has_no_rhythm_to_wait_for():
    state, _ = after_visit("s", SourceState(), Outcome(new=1), NOW, replace(RULES, polled=False))
    assert state.due_at is None


outcomes = st.lists(st.sampled_from([Outcome(), Outcome(new=3), FAILED, MOVED]), max_size=40)


@given(outcomes)
def test_a_source_rests_only_while_it_fails_and_recovers_once_for_each_row_of_rests(given_outcomes):
    state, resting = SourceState(), False
    for number, outcome in enumerate(given_outcomes):
        state, events = after_visit("s", state, outcome, NOW + number * HOUR, RULES)
        kinds = [event.kind for event in events]
        assert (outcome.error is not None) or state.rests == 0
        assert ("recovered" in kinds) == (resting and outcome.error is None)
        assert ("resting" in kinds) == (outcome.error is not None and state.consecutive_failures >= 5)
        resting = state.rests > 0
