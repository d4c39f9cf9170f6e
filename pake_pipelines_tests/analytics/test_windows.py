"""A quiet window is low in every one of its hours, on most days, and it may go past midnight."""

import math
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pake_pipelines.analytics.windows import LOW_SHARE, Window, quiet_windows

MONDAY = datetime(2026, 11, 2, tzinfo=UTC)


def loads(by_hour, days=14):
    """One sample an hour; `by_hour` gives the load of a day's number and hour."""
    return [(MONDAY + timedelta(days=day, hours=hour), by_hour(day, hour)) for day in range(days) for hour in range(24)]


def low_at(*hours, low=1.0):
    return lambda _, hour: low if hour in hours else 100.0


def test_the_window_is_where_both_hours_are_low():
    found = quiet_windows(loads(low_at(2, 3)))
    assert [one.start_hour for one in found.windows] == [2]
    assert (found.best.confidence, found.best.days, found.reason) == (1.0, 14, None)


def test_low_hours_with_a_busy_one_between_them_are_no_window():
    found = quiet_windows(loads(low_at(2, 4)))
    assert found.best is None
    assert found.reason == "2 hours are low, but no stretch is low in every hour on most days"


def test_a_window_may_go_past_midnight():
    assert quiet_windows(loads(low_at(23, 0))).best.start_hour == 23


def test_three_hours_are_asked_of_three_hours():
    assert quiet_windows(loads(low_at(2, 3)), hours=3).best is None
    assert quiet_windows(loads(low_at(2, 3, 4)), hours=3).best.start_hour == 2


def test_confidence_is_the_share_of_days_on_which_it_was_quiet():
    def busy_on_three_days(day, hour):
        return 40.0 if hour == 2 and day in (1, 5, 9) else low_at(2, 3)(day, hour)

    assert quiet_windows(loads(busy_on_three_days)).best.confidence == pytest.approx(11 / 14)


def test_the_impact_is_the_load_by_the_daily_average():
    best = quiet_windows(loads(low_at(2, 3, low=10.0))).best
    assert best.load == 10
    assert best.load_share == pytest.approx(10 / ((22 * 100 + 2 * 10) / 24))


def test_of_several_windows_the_quietest_is_best():
    def two(_, hour):
        return {3: 5.0, 4: 5.0, 13: 1.0, 14: 1.0}.get(hour, 100.0)

    assert [one.start_hour for one in quiet_windows(loads(two)).windows] == [13, 3]


def test_hours_are_utc_whatever_clock_the_samples_were_read_from():
    berlin = ZoneInfo("Europe/Berlin")
    local = [(at.astimezone(berlin), load) for at, load in loads(low_at(2, 3))]
    assert quiet_windows(local).best.start_hour == 2


@pytest.mark.parametrize(
    ("samples", "reason"),
    [
        ([], "insufficient data: 0 days of at least 3"),
        ([(MONDAY, 5.0)], "insufficient data: 0 days of at least 3"),
        (loads(low_at(2, 3), days=2), "insufficient data: 2 days of at least 3"),
        (loads(lambda *_: math.nan), "insufficient data: 0 days of at least 3"),
        (loads(lambda *_: 50.0), "load is even: no hour is below 30% of the daily average"),
        (loads(lambda *_: 0.0), "there is no load at any hour"),
    ],
    ids=["none", "one", "two days", "not numbers", "even", "idle"],
)
def test_without_a_window_it_is_said_why(samples, reason):
    found = quiet_windows(samples)
    assert (found.best, found.reason) == (None, reason)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.floats(0, 100), min_size=24, max_size=24), st.integers(1, 4))
def test_every_hour_of_a_window_is_low(day, hours):
    found = quiet_windows(loads(lambda _, hour: day[hour], days=4), hours=hours)
    for one in found.windows:
        for hour in range(one.start_hour, one.start_hour + hours):
            assert found.profile[hour % 24] < LOW_SHARE * found.average


def test_a_window_knows_when_it_begins_and_what_it_holds():
    window, noon = Window(2, 2, 1.0, 14, 1.0, 0.01), MONDAY + timedelta(hours=12)
    assert window.start_before(noon) == MONDAY + timedelta(hours=2)
    assert window.start_before(MONDAY) == MONDAY - timedelta(hours=22)
    assert window.start_after(noon) == MONDAY + timedelta(days=1, hours=2)
    assert window.start_after(MONDAY + timedelta(hours=2)) == MONDAY + timedelta(days=1, hours=2)
    assert window.contains(MONDAY + timedelta(hours=3, minutes=59))
    assert not window.contains(MONDAY + timedelta(hours=4))


def test_a_window_past_midnight_holds_the_next_day():
    window = Window(23, 2, 1.0, 14, 1.0, 0.01)
    assert window.contains(MONDAY + timedelta(minutes=30))
    assert not window.contains(MONDAY + timedelta(hours=1))
