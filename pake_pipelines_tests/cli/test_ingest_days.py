"""Which days `pake ingest` reads: what it is told, within the partitions there are, or a sentence that says why not."""

from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pake_pipelines.cli.backfill_days import chosen_days

FIRST, TODAY = date(2026, 11, 1), date(2026, 11, 22)
WITHIN = st.dates(FIRST, TODAY)


def chosen(only=None, since=None, until=None):
    return chosen_days(FIRST, TODAY, only=only, since=since, until=until)


def nov(day):
    return date(2026, 11, day)


def test_without_a_wish_the_day_is_today():
    assert chosen() == [TODAY]


def test_one_date_is_one_day():
    assert chosen(only=nov(20)) == [nov(20)]


def test_a_range_ends_today_unless_it_is_told_otherwise():
    assert chosen(since=nov(20)) == [nov(20), nov(21), nov(22)]


@given(WITHIN, WITHIN)
def test_a_range_holds_each_of_its_days_once_and_the_oldest_first(one, other):
    since, until = sorted((one, other))
    found = chosen(since=since, until=until)
    assert (found[0], found[-1]) == (since, until)
    assert all(later - earlier == timedelta(days=1) for earlier, later in pairwise(found))


@pytest.mark.parametrize(
    ("wish", "said"),
    [
        ({"since": nov(20), "until": nov(18)}, "--from 2026-11-20 is later than --to 2026-11-18"),
        ({"since": date(2026, 10, 31)}, "2026-10-31 has no partition: days go from 2026-11-01"),
        ({"since": nov(20), "until": nov(23)}, "2026-11-23 has no partition"),
        ({"only": nov(23)}, r"to 2026-11-22 \(today, UTC\)"),
        ({"until": nov(20)}, "--to is the end of a range: name its first day with --from"),
        ({"only": nov(20), "since": nov(18)}, "give one or the other"),
        ({"only": nov(20), "until": nov(21)}, "give one or the other"),
    ],
)
def test_days_that_cannot_be_read_are_refused_with_the_reason(wish, said):
    with pytest.raises(ValueError, match=said):
        chosen(**wish)
