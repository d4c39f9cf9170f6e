"""Stretches of time of reports: months are calendar months in UTC, comparisons say what is not known."""

from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from pake_pipelines.reports.parts.periods import DAY, last_month, last_week, versus

NOW = datetime(2026, 11, 22, 17, 30, tzinfo=UTC)
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
WEEK, _ = last_week(NOW)


def at(year, month, day):
    return datetime(year, month, day, tzinfo=UTC)


def test_a_week_is_seven_times_24_hours_and_the_one_before_ends_where_it_begins():
    week, before = last_week(NOW)
    assert (week.since, week.until) == (NOW - 7 * DAY, NOW)
    assert (before.since, before.until) == (NOW - 14 * DAY, NOW - 7 * DAY)
    assert week.starts() == [NOW - back * DAY for back in range(7, 0, -1)]


@pytest.mark.parametrize(
    ("now", "since", "until", "days", "before"),
    [
        (at(2026, 12, 1), at(2026, 11, 1), at(2026, 12, 1), 30, at(2026, 10, 1)),
        (at(2026, 1, 31), at(2025, 12, 1), at(2026, 1, 1), 31, at(2025, 11, 1)),
        (at(2028, 3, 1), at(2028, 2, 1), at(2028, 3, 1), 29, at(2028, 1, 1)),
        (at(2027, 3, 31), at(2027, 2, 1), at(2027, 3, 1), 28, at(2027, 1, 1)),
        (datetime(2026, 12, 1, 1, tzinfo=timezone(timedelta(hours=2))), at(2026, 10, 1), at(2026, 11, 1), 31,
         at(2026, 9, 1)),
    ],
    ids=["first of a month", "end of january", "leap day", "from a long month", "still the last day in utc"],
)  # fmt: skip
def test_the_last_month_is_the_last_full_one_in_utc(now, since, until, days, before):
    month, earlier = last_month(now, LONG_AGO)
    assert (month.since, month.until, len(month.starts())) == (since, until, days)
    assert (earlier.since, earlier.until) == (before, since)
    assert month.before == earlier.title == f"{before:%B %Y}"


@pytest.mark.parametrize(
    "known_since", [None, at(2026, 10, 2), NOW + DAY], ids=["nothing", "one day too late", "a clock that was ahead"]
)
def test_a_project_younger_than_the_last_month_is_told_of_its_last_30_days(known_since):
    period, earlier = last_month(NOW, known_since)
    assert (period.since, period.until) == (at(2026, 10, 24), NOW)
    starts = period.starts()
    assert [starts[0].date(), starts[-1].date(), len(starts)] == [date(2026, 10, 24), NOW.date(), 30]
    assert earlier.until - earlier.since == period.until - period.since


def test_a_project_that_began_on_the_first_day_of_the_month_has_that_month():
    assert last_month(NOW, at(2026, 10, 1) + timedelta(hours=20))[0].title == "October 2026"


@pytest.mark.parametrize(
    ("value", "before", "unit", "said"),
    [
        (None, 5, "count", ""),
        (5, None, "count", "nothing known of the week before"),
        (120, 100, "count", "+20 %, 100 in the week before"),
        (0, 0, "count", "as in the week before"),
        (3, 0, "count", "0 in the week before"),
        (800, 100, "count", "100 in the week before"),
        (60.0, 63.3, "percent", "-3.3 points against the week before"),
        (0.99, 0.95, "share", "+4.0 points against the week before"),
        (0.71, 0.69, "", "0.69 in the week before"),
    ],
    ids=[
        "unknown now",
        "unknown then",
        "more",
        "nothing twice",
        "from nothing",
        "many times",
        "points",
        "share",
        "plain",
    ],
)
def test_a_change_says_what_it_is_against(value, before, unit, said):
    assert versus(value, before, unit, WEEK) == said
