"""Links: what an answer says about an address, how long that is believed, and what is not asked at all."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pake_pipelines.config.loading import load_quality
from pake_pipelines.model.link import LinkAnswer, LinkCheck
from pake_pipelines.quality.links import judge_link, outside_the_web, skip
from pake_pipelines_tests.conftest import NOW

RULES = load_quality(Path("no-changes")).links
URL = "https://a.org/deep/page"


def answer(status=None, trouble=None, said="as it was said", landed=URL, retry_at=None):
    return LinkAnswer(status, trouble, said, landed, 1, True, retry_at)


def judged(given, before=None, now=NOW, *, online=True):
    return judge_link(URL, before, given, now, RULES, online=online)


def asked_when_due(given, times, *, online=True):
    """Return every check of an address that gets the same answer each time it is due."""
    checks, before, now = [], None, NOW
    for _ in range(times):
        before = judged(given, before, now, online=online)
        checks.append(before)
        now = before.expires_at
    return checks


@pytest.mark.parametrize("status", [200, 201, 204, 206, 299])
def test_a_success_works_and_is_believed_for_a_month(status):
    check = judged(answer(status))
    assert (check.state, check.http_status, check.failures) == ("working", status, 0)
    assert check.expires_at - check.checked_at == timedelta(days=30)


@pytest.mark.parametrize("status", [404, 410])
def test_nothing_there_is_broken_at_once_and_asked_again_after_a_week(status):
    check = judged(answer(status))
    assert (check.state, check.http_status, check.failures) == ("broken", status, 1)
    assert check.expires_at - check.checked_at == timedelta(days=7)


@pytest.mark.parametrize("status", [300, 304, 400, 401, 402, 403, 405, 406, 407, 408, 418, 425, 429, 451, 999 // 2])
def test_who_refuses_us_may_serve_everybody_else_however_often(status):
    assert {check.state for check in asked_when_due(answer(status), 12)} == {"unknown"}


@pytest.mark.parametrize("trouble", ["timeout", "busy", "redirects"])
def test_silence_busyness_and_endless_redirects_never_make_a_link_broken(trouble):
    assert {check.state for check in asked_when_due(answer(trouble=trouble), 12)} == {"unknown"}


@pytest.mark.parametrize(
    "failing", [answer(500), answer(503), answer(522), answer(trouble="unreachable"), answer(trouble="insecure"),
                answer(trouble="malformed")], ids=["500", "503", "522", "unreachable", "insecure", "malformed"],
)  # fmt: skip
def test_a_failing_server_is_unknown_first_and_broken_after_five_failures_over_days(failing):
    checks = asked_when_due(failing, 7)
    assert [check.state for check in checks] == ["unknown"] * 4 + ["broken"] * 3
    assert checks[4].checked_at - checks[0].checked_at > timedelta(days=4)


def test_asking_again_and_again_before_an_address_is_due_proves_nothing():
    before = None
    for minute in range(30):
        before = judged(answer(500), before, NOW + timedelta(minutes=minute))
    assert (before.state, before.failures) == ("unknown", 1)


def test_one_success_ends_a_row_of_failures():
    failed = asked_when_due(answer(500), 4)[-1]
    well = judged(answer(200), failed, failed.expires_at)
    again = judged(answer(500), well, well.expires_at)
    assert (well.state, well.failures) == ("working", 0)
    assert (again.state, again.failures) == ("unknown", 1)


def test_the_time_to_wait_grows_with_each_answer_that_tells_nothing():
    waits = [check.expires_at - check.checked_at for check in asked_when_due(answer(403), 7)]
    assert [wait / timedelta(hours=1) for wait in waits] == [1, 6, 24, 72, 168, 168, 168]


def test_a_server_that_names_a_later_time_is_asked_then():
    late = NOW + timedelta(hours=5)
    assert judged(answer(429, "busy", retry_at=late)).expires_at == late
    assert judged(answer(429, "busy", retry_at=NOW + timedelta(minutes=1))).expires_at == NOW + timedelta(hours=1)


def test_a_host_that_nobody_knows_is_broken_only_if_this_machine_is_online():
    assert judged(answer(trouble="unknown_name")).state == "broken"
    assert {one.state for one in asked_when_due(answer(trouble="unknown_name"), 12, online=False)} == {"unknown"}


@pytest.mark.parametrize("given", [answer(500), answer(trouble="unreachable")], ids=["500", "unreachable"])
def test_nothing_is_broken_by_failures_while_it_is_not_known_whether_this_machine_is_online(given):
    assert {check.state for check in asked_when_due(given, 12, online=False)} == {"unknown"}


def test_what_the_guard_refuses_is_skipped():
    check = judged(answer(trouble="refused", said="it carries credentials"))
    assert (check.state, check.detail, check.failures) == ("skipped", "it carries credentials", 0)
    assert check.expires_at - check.checked_at == timedelta(days=30)


@pytest.mark.parametrize(
    ("url", "landed", "noted"),
    [
        (URL, "https://a.org/", True),
        (URL, "https://www.a.org", True),
        (URL, URL, False),
        (URL, "https://a.org/elsewhere", False),
        ("https://a.org/", "https://www.a.org/", False),
    ],
)
def test_a_deep_page_that_has_become_the_front_page_works_and_is_noted(url, landed, noted):
    check = judge_link(url, None, answer(200, landed=landed), NOW, RULES, online=True)
    assert (check.state, "front page" in check.detail) == ("working", noted)


@pytest.mark.parametrize("given", [answer(503), answer(429, "busy"), answer(trouble="timeout")])
def test_what_is_said_of_the_same_answer_is_always_the_same(given):
    shifted = replace(given, said="another text with a time 12:34", retry_at=NOW + timedelta(hours=1))
    assert judged(given).detail == judged(shifted, judged(given), NOW + timedelta(days=1)).detail


@pytest.mark.parametrize(
    "url",
    ["https://digest.example.org/1", "http://example.com", "https://x.example/", "http://a.test/", "http://no.invalid",
     "http://localhost:3000/", "http://x.LOCALHOST./", "http://printer.local/", "http://router/", "http://abc.onion/",
     "http://nas.home.arpa", "http://db.internal/", "http://[broken", "http://", "mailto:x@a.org"],
)  # fmt: skip
def test_addresses_of_examples_and_private_networks_are_not_asked(url):
    assert outside_the_web(url)


@pytest.mark.parametrize(
    "url",
    ["https://a.org/x", "http://myexample.com", "https://example.co.uk/", "http://1.1.1.1/", "http://[2606:4700::1]/",
     "http://m\u00fcller.de/", "http://latest.info", "https://a.org./"],
)  # fmt: skip
def test_other_addresses_are_asked(url):
    assert outside_the_web(url) is None


@given(st.text(max_size=60))
def test_no_text_whatever_raises_anything(text):
    outside_the_web(text)
    outside_the_web(f"http://{text}")


answers = st.builds(
    answer,
    st.none() | st.integers(100, 999),
    st.sampled_from([None, "refused", "redirects", "unknown_name", "unreachable", "insecure", "timeout", "busy"]),
    retry_at=st.none() | st.just(NOW + timedelta(hours=9)),
)
befores = st.none() | st.builds(
    LinkCheck,
    st.just(URL),
    st.sampled_from(["working", "broken", "unknown", "skipped"]),
    st.none(),
    st.just(""),
    st.integers(0, 50),
    st.just(NOW - timedelta(days=9)),
    st.datetimes(timezones=st.just(NOW.tzinfo)),
)


@given(answers, befores, st.booleans())
def test_every_answer_leaves_an_address_in_one_state_to_be_asked_again_later(given_answer, before, online):
    check = judged(given_answer, before, online=online)
    assert check.state in {"working", "broken", "unknown", "skipped"}
    assert check.expires_at >= NOW + timedelta(hours=1)
    assert check.detail
    assert (check.failures == 0) == (check.state in {"working", "skipped"})


def test_a_skipped_address_is_no_failure():
    assert skip(URL, "why", NOW, RULES).failures == 0
