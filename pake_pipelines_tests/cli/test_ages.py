"""Times are shown in their two largest units, and read as people write them."""

from datetime import UTC, datetime, timedelta

import pytest

from pake_pipelines.cli.ages import ago, lasting, length, minutes


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (-5, "0 s"),
        (59.9, "59 s"),
        (60, "1 min"),
        (3600, "1 h"),
        (5400, "1 h 30 min"),
        (86400, "1 d"),
        (93600, "1 d 2 h"),
    ],
)
def test_a_length_of_time_is_shown_in_its_two_largest_units(seconds, shown):
    assert lasting(timedelta(seconds=seconds)) == shown


@pytest.mark.parametrize(
    ("text", "seconds"), [("90s", 90), ("30m", 1800), ("30 min", 1800), ("2h", 7200), ("1.5H", 5400), (" 1d ", 86400)]
)
def test_a_length_of_time_is_read_as_people_write_it(text, seconds):
    assert length(text) == timedelta(seconds=seconds)


@pytest.mark.parametrize("text", ["", "2", "h", "2h30m", "-2h", "two hours", "9999999999999d"])
def test_what_is_no_length_of_time_is_refused(text):
    with pytest.raises(ValueError, match=r"is no length of time|is too long"):
        length(text)


def test_a_moment_to_come_counts_as_now():
    now = datetime(2026, 11, 22, tzinfo=UTC)
    assert ago(now + timedelta(hours=1), now) == "0 s ago"


def test_no_minutes_are_a_dash():
    assert (minutes(None), minutes(0.5)) == ("-", "30 s")
