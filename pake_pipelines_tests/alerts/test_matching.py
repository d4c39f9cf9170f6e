"""Labels are matched by whole values, `*` and `?`; `!` turns it round; a label that is missing is empty."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pake_pipelines.alerts.matching import fits

LABELS = {"service": "redis", "critical": "true", "path": "a[1].b\nc"}


@pytest.mark.parametrize(
    ("matchers", "expected"),
    [
        ({}, True),
        ({"service": "redis"}, True),
        ({"service": "Redis"}, False),
        ({"service": "red"}, False),
        ({"service": "red*"}, True),
        ({"service": "r?dis"}, True),
        ({"service": "r?is"}, False),
        ({"service": "!redis"}, False),
        ({"service": "!post*"}, True),
        ({"service": "redis", "critical": "false"}, False),
        ({"team": ""}, True),
        ({"team": "?*"}, False),
        ({"team": "!?*"}, True),
        ({"path": "a[1].b*"}, True),
        ({"path": "a1.b*"}, False),
        ({"path": "*c"}, True),
    ],
)
def test_matchers_fit_as_written(matchers, expected):
    assert fits(matchers, LABELS) is expected


@given(st.text())
def test_every_value_fits_its_star_and_no_value_fits_its_denial(value):
    assert fits({"x": "*"}, {"x": value})
    assert not fits({"x": "!*"}, {"x": value})


@given(st.text(alphabet=st.characters(exclude_characters="*?!")))
def test_a_value_without_wildcards_fits_itself_whatever_is_in_it(value):
    assert fits({"x": value}, {"x": value})
