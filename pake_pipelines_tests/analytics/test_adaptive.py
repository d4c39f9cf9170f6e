"""A task runs less often where all is well and waits for quiet hours, but it never starves."""

import math
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pake_pipelines.analytics import adaptive
from pake_pipelines.analytics.adaptive import due_decision
from pake_pipelines.analytics.windows import Window

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
MIDNIGHT = datetime(2026, 11, 22, tzinfo=UTC)
adaptive_interval = partial(
    adaptive.adaptive_interval,
    shortest=HOUR, longest=DAY, slower_above=0.9, faster_below=0.7, slower_factor=1.2, faster_factor=1.5,
)  # fmt: skip
QUIET = Window(2, 2, 1.0, 14, 1.0, 0.01)


@pytest.mark.parametrize(
    ("score", "interval"),
    [(0.95, 12 * HOUR), (0.9, 10 * HOUR), (0.8, 10 * HOUR), (0.7, 10 * HOUR), (0.6, 20 * HOUR / 3)],
    ids=["well", "at 0.9", "middling", "at 0.7", "badly"],
)
def test_the_interval_follows_the_score(score, interval):
    assert adaptive_interval(10 * HOUR, score) == interval


@pytest.mark.parametrize("score", [None, math.nan], ids=["none", "nan"])
def test_an_unknown_score_changes_nothing(score):
    assert adaptive_interval(10 * HOUR, score) == 10 * HOUR


@given(st.floats(0, 1), st.integers(1, 200))
def test_the_interval_stays_within_its_limits(score, hours):
    assert HOUR <= adaptive_interval(hours * HOUR, score) <= DAY


def decided(now, last, interval=DAY, window=QUIET, latest_by=12 * HOUR):
    return due_decision(now, last, interval, window, latest_by=latest_by)


def test_what_is_due_waits_for_the_quiet_window():
    found = decided(MIDNIGHT + 18 * HOUR, MIDNIGHT - 8 * HOUR)
    assert (found.run, found.at) == (False, MIDNIGHT + DAY + 2 * HOUR)
    assert decided(MIDNIGHT + DAY + 2 * HOUR, MIDNIGHT - 8 * HOUR).run


def test_nothing_waits_beyond_its_latest_moment():
    last = MIDNIGHT - 20 * HOUR
    assert decided(MIDNIGHT + 5 * HOUR, last, latest_by=6 * HOUR).at == MIDNIGHT + 10 * HOUR
    assert decided(MIDNIGHT + 10 * HOUR, last, latest_by=6 * HOUR).run


def test_in_a_window_a_task_runs_once():
    assert not decided(MIDNIGHT + 3 * HOUR, MIDNIGHT + 2 * HOUR).run


def test_a_weekly_task_runs_in_the_last_window_before_it_is_due():
    last = MIDNIGHT + 3 * HOUR
    assert not decided(MIDNIGHT + 6 * DAY + 2 * HOUR, last, 7 * DAY).run
    assert decided(MIDNIGHT + 7 * DAY + 2 * HOUR, last, 7 * DAY).run


def test_what_runs_more_often_than_daily_waits_for_no_window():
    assert decided(MIDNIGHT + 18 * HOUR, MIDNIGHT + 12 * HOUR, 6 * HOUR).run
    assert decided(MIDNIGHT + 17 * HOUR, MIDNIGHT + 12 * HOUR, 6 * HOUR).at == MIDNIGHT + 18 * HOUR


def test_without_a_window_a_task_runs_when_it_is_due():
    assert decided(MIDNIGHT + DAY, MIDNIGHT, window=None).run
    assert not decided(MIDNIGHT + DAY - HOUR, MIDNIGHT, window=None).run


def test_what_never_ran_runs():
    assert decided(MIDNIGHT + 18 * HOUR, None).run


def test_a_run_dated_ahead_of_the_clock_puts_off_no_more_than_one_interval():
    assert decided(MIDNIGHT, MIDNIGHT + 300 * DAY, window=None).at == MIDNIGHT + DAY


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 23), st.integers(1, 6), st.integers(1, 5), st.integers(1, 36))
def test_no_task_starves_and_none_runs_twice_in_a_window(start, hours, days, patience):
    window = Window(start, hours, 1.0, 14, 1.0, 0.01)
    last, runs = MIDNIGHT, []
    for tick in range(24 * 15):
        now = MIDNIGHT + (tick + 1) * HOUR
        found = due_decision(now, last, days * DAY, window, latest_by=patience * HOUR)
        if found.run:
            runs.append(now)
            last = now
        else:
            assert found.at > now
    gaps = [later - sooner for sooner, later in zip([MIDNIGHT, *runs], runs, strict=False)]
    assert all(gap <= days * DAY + patience * HOUR + HOUR for gap in gaps)
    assert len({window.start_before(one) for one in runs if window.contains(one)}) == len(
        [one for one in runs if window.contains(one)]
    )
