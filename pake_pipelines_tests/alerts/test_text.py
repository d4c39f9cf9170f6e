"""Messages as people read them: everything that is known is there, and no text becomes anything but text."""

import html
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pake_pipelines.alerts.text import html_page, markdown, one_line, plain, subject
from pake_pipelines.model.alert import MessageKind, Severity
from pake_pipelines_tests.alerts.messages import line, message, resolve
from pake_pipelines_tests.conftest import NOW


@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        (message(), "PAKE+ Alert [CRITICAL]: redis"),
        (resolve(), "PAKE+ Alert [RESOLVED]: redis"),
        (resolve(firing=(line(),)), "PAKE+ Alert [CRITICAL]: redis"),
        (message(severity=Severity.WARNING, labels={"service": "n8n"}), "PAKE+ Alert [WARNING]: n8n"),
        (message(title="two", firing=(line(), line("b", labels={"service": "b"}))), "PAKE+ Alert [CRITICAL]: two"),
        (
            message(title="disk / is full", firing=(line(labels={"mount": "/"}),)),
            "PAKE+ Alert [CRITICAL]: disk / is full",
        ),
        (message(kind=MessageKind.SUMMARY, title="9 more messages"), "PAKE+ Alert [CRITICAL]: 9 more messages"),
        (message(kind=MessageKind.DIGEST, title="Health Check Alert"), "PAKE+: Health Check Alert"),
    ],
)
def test_the_subject_says_how_grave_and_what(shown, expected):
    assert subject(shown) == expected


@pytest.mark.parametrize("render", [plain, markdown, html_page])
def test_everything_that_is_known_of_an_alert_is_there(render):
    said = render(
        message(held_back=7, body="# Digest", firing=(line(value=93.5),), resolved=(line("over-2", resolved_at=NOW),))
    )
    for known in ("redis is down", "alert-1", "93.5", "restart it", "runbooks/service-down.md", "over-2", "Firing (1)",
                  "Resolved (1)", "7 more depend on these", "Digest"):  # fmt: skip
        assert known in html.unescape(said).replace("\\", "")


HOSTILE = st.text(st.characters(codec="utf-16") | st.sampled_from("\r\n\x00\x1b\u202e<>&*_[]`|"), max_size=40)


@given(HOSTILE)
def test_no_text_breaks_out_of_its_line(text):
    shown = message(text, title=text, labels={text: text}, firing=(line(text, summary=text, labels={"service": text}),))
    quiet = message("key", title="title", labels={"a": "b"}, firing=(line(summary="x", labels={"service": "y"}),))
    assert plain(shown).count("\n") == plain(quiet).count("\n")
    assert one_line(plain(shown).replace("\n", ""), 10**6).isprintable()
    assert subject(shown).isprintable()
    tags = re.findall(r"<[^>]*>", html_page(shown))
    assert tags == re.findall(r"<[^>]*>", html_page(quiet))


@given(HOSTILE, st.integers(1, 50))
def test_a_line_is_as_long_as_it_may_be(text, longest):
    assert len(one_line(text * 10, longest)) <= longest
