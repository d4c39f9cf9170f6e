"""When to come back: what the headers say, by the server's own clock, and never an exception."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pake_pipelines.sources.http.freshness import fresh_until, retry_at

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
WEEK = timedelta(days=7)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"Retry-After": "120"}, 120),
        ({"Retry-After": " 120 "}, 120),
        ({"Retry-After": "0"}, 0),
        ({"Retry-After": "1.5"}, 1.5),
        ({"Retry-After": "999999999"}, WEEK.total_seconds()),
        ({"Retry-After": "9" * 5000}, WEEK.total_seconds()),
        ({"Retry-After": "-1"}, None),
        ({"Retry-After": "soon"}, None),
        ({"Retry-After": "Sun, 22 Nov 2026 12:10:00 GMT"}, 600),
        ({"Retry-After": "Sunday, 22-Nov-26 12:10:00 GMT"}, 600),
        ({"Retry-After": "Sun Nov 22 12:10:00 2026"}, 600),
        ({"Retry-After": "Sun, 22 Nov 2026 11:00:00 GMT"}, 0),
        ({"Retry-After": "Fri, 31 Dec 9999 23:59:59 GMT"}, WEEK.total_seconds()),
        ({"Retry-After": "Sun, 22 Nov 2020 12:10:00 GMT", "Date": "Sun, 22 Nov 2020 12:00:00 GMT"}, 600),
        ({"Retry-After": "Sun, 22 Nov 2026 12:10:00 GMT", "Date": "yesterday"}, 600),
        ({"Retry-After": "Sun, 32 Nov 2026 12:10:00 GMT"}, None),
    ],
)
def test_a_server_says_when_it_wants_us_back(headers, seconds):
    expected = None if seconds is None else NOW + timedelta(seconds=seconds)
    assert retry_at(headers, NOW, WEEK) == expected


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"Cache-Control": "max-age=600"}, 600),
        ({"Cache-Control": "public, MAX-AGE=600, must-revalidate"}, 600),
        ({"Cache-Control": 'max-age="600"'}, 600),
        ({"Cache-Control": "max-age = 600"}, 600),
        ({"Cache-Control": "max-age=600, max-age=5"}, 600),
        ({"Cache-Control": "s-maxage=600"}, None),
        ({"Cache-Control": "x-max-age=600"}, None),
        ({"Cache-Control": "max-age=600", "Age": "100"}, 500),
        ({"Cache-Control": "max-age=600", "Age": "600"}, None),
        ({"Cache-Control": "max-age=600", "Age": "old"}, 600),
        ({"Cache-Control": "max-age=600, no-cache"}, None),
        ({"Cache-Control": "no-store, max-age=600"}, None),
        ({"Cache-Control": 'private, no-cache="Set-Cookie", max-age=600'}, None),
        ({"Cache-Control": "max-age=0"}, None),
        ({"Cache-Control": "max-age=-5"}, None),
        ({"Cache-Control": "max-age="}, None),
        ({"Cache-Control": "max-age"}, None),
        ({"Cache-Control": "max-age=" + "9" * 5000}, 2**31),
        ({"Cache-Control": "max-age=0", "Expires": "Sun, 22 Nov 2026 13:00:00 GMT"}, None),
        ({"Cache-Control": "public", "Expires": "Sun, 22 Nov 2026 13:00:00 GMT"}, 3600),
        ({"Expires": "Sun, 22 Nov 2026 13:00:00 GMT"}, 3600),
        ({"Expires": "Sun, 22 Nov 2020 13:00:00 GMT", "Date": "Sun, 22 Nov 2020 12:00:00 GMT"}, 3600),
        ({"Expires": "Sun, 22 Nov 2026 11:00:00 GMT"}, None),
        ({"Expires": "0"}, None),
        ({"Expires": "-1"}, None),
    ],
)
def test_a_server_says_how_long_its_answer_holds(headers, seconds):
    expected = None if seconds is None else NOW + timedelta(seconds=seconds)
    assert fresh_until(headers, NOW) == expected


SAID = st.text() | st.from_regex(r"(Sun, )?\d{1,3} [A-Z][a-z]{2} \d{1,5} \d{1,3}:\d\d:\d\d [A-Z+-]{0,3}\d{0,6}")


@given(SAID, SAID, SAID, st.text(alphabet='max-ge=,"; 0123456789nocahe'))
def test_nothing_that_a_server_says_is_an_error(said, date, age, control):
    headers = {"Retry-After": said, "Expires": said, "Date": date, "Age": age, "Cache-Control": control}
    wanted, fresh = retry_at(headers, NOW, WEEK), fresh_until(headers, NOW)
    assert wanted is None or NOW <= wanted <= NOW + WEEK
    assert fresh is None or fresh > NOW
