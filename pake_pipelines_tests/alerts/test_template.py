"""A template is filled in whatever is missing; nothing that a service says can break it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pake_pipelines.alerts.template import render

FIELDS = {"service": "redis", "value": 91.26, "detail": "{service}", "nothing": None}


@pytest.mark.parametrize(
    ("template", "text", "missing"),
    [
        ("{service} at {value:.1f} %", "redis at 91.3 %", ()),
        ("{detail}", "{service}", ()),
        ("{mount} of {mount}", "?mount? of ?mount?", ("mount",)),
        ("{nothing:.0f}", "?nothing?", ("nothing",)),
        ("{service:.0f}", "?service?", ("service",)),
        ("{service.__class__}", "?service.__class__?", ("service.__class__",)),
        ("{value!r:>8}", "   91.26", ()),
        ("{} {{x}}", "?? {x}", ("",)),
        ("{unclosed", "{unclosed", ()),
    ],
)
def test_what_is_missing_shows_by_its_name_and_is_reported(template, text, missing):
    rendered = render(template, FIELDS)
    assert (rendered.text, rendered.missing) == (text, missing)


@given(st.text(), st.dictionaries(st.text(), st.none() | st.text() | st.floats()))
def test_nothing_breaks_it(template, fields):
    assert isinstance(render(template, fields).text, str)


@given(st.text(), st.text())
def test_a_field_is_shown_as_it_is(detail, before):
    assert render("{before}|{detail}", {"detail": detail, "before": before}).text == f"{before}|{detail}"
