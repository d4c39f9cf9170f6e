"""Each judge lets a polite client pass and catches the impolite one that was planted for it."""

from datetime import timedelta

import pytest

from pake_pipelines_tests.politeness.exchange import FEED, Exchange
from pake_pipelines_tests.politeness.rules import RULES, Terms
from pake_pipelines_tests.politeness.scorecard import judge, score, table
from pake_pipelines_tests.politeness.world import START

HOST = "127.0.0.9"
URL, NEW = f"http://{HOST}/feed", f"http://{HOST}/new"
TERMS = Terms(
    product="pake-pipelines",
    addresses=frozenset({URL}),
    learn_after_visits=3,
    learn_after=timedelta(hours=2),
    error_threshold=2,
    backoff_multiplier=2,
    longest_rest=timedelta(hours=8),
    longest_fresh=timedelta(hours=24),
)
MOVED = {"status": 301, "answered": {"location": "/new"}}
AWAY = {"status": 302, "answered": {"location": "/new"}}
BARE = {"answered": {"content-type": FEED}}
THERE = {"url": NEW, **BARE}


def at(hours, **given):
    """Return a polite exchange so many hours after the start, with what is given instead."""
    asked = {"user-agent": "pake-pipelines/0.1", **given.pop("asked", {})}
    feed = given.pop("feed", "feed")
    return Exchange(START + timedelta(hours=hours), HOST, feed, given.pop("url", URL), asked=asked, **given)


def tagged(hours, *, back=None, given='"1"', **more):
    """Return an exchange whose answer is a feed with an ETag, and whose request brought one back."""
    asked = {"if-none-match": back} if back else {}
    return at(hours, asked=asked, answered={"content-type": FEED, "etag": given}, **more)


def moves(*hours):
    """Return visits that are permanently redirected to a feed."""
    return [one for hour in hours for one in (at(hour, **MOVED), at(hour, **THERE))]


KEPT = {
    "only GET": [at(0)],
    "an honest User-Agent": [at(0)],
    "no cookies": [at(0, answered={"set-cookie": "a=1"}), at(1)],
    "no referrer": [at(0)],
    "addresses as given, no query cruft": [at(0, **MOVED), at(0, url=NEW)],
    "no cache busting": [at(0)],
    "one unconditional request ever": [tagged(0), at(1, status=500, asked={"if-none-match": '"1"'})],
    "validators go back verbatim": [tagged(0, given='W/"a"'), tagged(1, back='W/"a"', given="b"), tagged(2, back="b")],
    "validators are never invented": [tagged(0), tagged(1, back='"1"'), at(2, asked={"if-none-match": '"1"'})],
    "at most hourly": [at(0), at(0.99), at(0.99, url=NEW)],
    "at most daily without validators": [at(0, **BARE), at(24, **BARE)],
    "Retry-After of 429 and 503": [
        at(0, status=429, answered={"retry-after": "10800"}),
        at(3, status=503, answered={"retry-after": "Mon, 23 Nov 2026 05:00:00 GMT"}),
        at(5),
    ],
    "429 without Retry-After": [at(0, status=429), at(1)],
    "Cache-Control and Expires": [
        at(0, answered={"cache-control": "public, max-age=7200"}),
        at(2, answered={"expires": "Mon, 23 Nov 2026 05:00:00 GMT"}),
        at(5, answered={"cache-control": "max-age=999999"}),
        at(29, answered={"expires": "0"}),
        at(30),
    ],
    "410 is the end": [at(0), at(1, status=410)],
    "302 is not learned": [at(0, **AWAY), at(0, **THERE), at(1, **AWAY), at(1, **THERE)],
    "301 is learned after repetitions": [*moves(0, 1), at(2, **MOVED), at(2, url=NEW, status=304), at(3, **THERE)],
    "failures are backed off from": [at(n, status=500) for n in (0, 1, 3, 7, 15)] + [at(23), at(24)],
    "one request at a time per host": [at(0), at(0, feed="other")],
}

PLANTED = [
    ("only GET", [at(0, method="HEAD")]),
    ("an honest User-Agent", [at(0, asked={"user-agent": "Mozilla/5.0"})]),
    ("an honest User-Agent", [at(0), at(1, asked={"user-agent": "pake-pipelines/0.2 (Mozilla/5.0)"})]),
    ("an honest User-Agent", [at(0), at(1, asked={"user-agent": "pake-pipelines/0.1 x93"})]),
    ("no cookies", [at(0, answered={"set-cookie": "a=1"}), at(1, asked={"cookie": "a=1"})]),
    ("no referrer", [at(0, asked={"referer": "https://example.org/"})]),
    ("addresses as given, no query cruft", [at(0, url=f"{URL}?t=1795392000")]),
    ("no cache busting", [at(0, asked={"cache-control": "no-cache"})]),
    ("one unconditional request ever", [tagged(0), tagged(1, back='"1"'), tagged(2)]),
    ("one unconditional request ever", [tagged(0), at(1, status=500)]),
    ("validators go back verbatim", [tagged(0, given='W/"a"'), tagged(1, back='"a"')]),
    ("validators go back verbatim", [tagged(0, given="a"), tagged(1, back='"a"')]),
    ("validators go back verbatim", [tagged(0), tagged(1, back='"1"', given='"2"'), tagged(2, back='"1"')]),
    (
        "validators go back verbatim",
        [
            at(0, answered={"content-type": FEED, "last-modified": "2026-11-23T00:00:00Z"}),
            at(1, asked={"if-modified-since": "Mon, 23 Nov 2026 00:00:00 GMT"}),
        ],
    ),
    (
        "validators are never invented",
        [tagged(0), tagged(1, back='"1"'), at(2, asked={"if-modified-since": "Mon, 23 Nov 2026 00:00:00 GMT"})],
    ),
    ("validators are never invented", [at(0), at(1, asked={"if-none-match": '"1"'})]),
    ("at most hourly", [at(0), at(0.5)]),
    ("at most hourly", [at(0, status=500), at(0, status=500)]),
    ("at most daily without validators", [at(0, **BARE), at(1, **BARE)]),
    ("Retry-After of 429 and 503", [at(0, status=429, answered={"retry-after": "10800"}), at(1)]),
    ("Retry-After of 429 and 503", [at(0, status=503, answered={"retry-after": "10800"}), at(1, feed="other")]),
    (
        "Retry-After of 429 and 503",
        [at(0, status=429, answered={"retry-after": "Mon, 23 Nov 2026 05:00:00 GMT"}), at(4)],
    ),
    ("429 without Retry-After", [at(0, status=429), at(0)]),
    ("Cache-Control and Expires", [at(0, answered={"cache-control": "max-age=7200"}), at(1)]),
    ("Cache-Control and Expires", [at(0, answered={"expires": "Mon, 23 Nov 2026 05:00:00 GMT"}), at(4)]),
    ("Cache-Control and Expires", [tagged(0), at(1, status=304, answered={"cache-control": "max-age=7200"}), at(2)]),
    ("410 is the end", [at(0, status=410), at(24)]),
    ("302 is not learned", [at(0, **AWAY), at(0, **THERE), at(1, **THERE)]),
    ("301 is learned after repetitions", [*moves(0), at(1, **THERE)]),
    ("301 is learned after repetitions", [*moves(0, 0.5, 1), at(1.9, **THERE)]),
    ("301 is learned after repetitions", [*moves(0, 1), at(2), *moves(3), at(4, **THERE)]),
    ("301 is learned after repetitions", moves(0, 1, 2, 3)),
    ("301 is learned after repetitions", [at(n, **MOVED) for n in range(3)] + [at(3, **THERE)]),
    ("failures are backed off from", [at(n, status=500) for n in (0, 1, 2)]),
    ("failures are backed off from", [at(n, status=500) for n in (0, 1, 3, 5)]),
    ("one request at a time per host", [at(0), at(0, feed="other", alone=False)]),
]


def verdict(rule, log):
    return judge(rule, RULES[rule], log, TERMS)


@pytest.mark.parametrize("rule", RULES)
def test_politeness_that_is_kept_passes(rule):
    kept = verdict(rule, KEPT[rule])
    assert kept.faults == ()
    assert kept.passed


@pytest.mark.parametrize(("rule", "log"), PLANTED)
def test_a_planted_breach_of_politeness_is_caught(rule, log):
    broken = verdict(rule, log)
    assert (broken.passed, broken.word) == (False, "broken")


def test_every_rule_of_politeness_has_a_planted_breach():
    assert {rule for rule, _ in PLANTED} == set(RULES)


@pytest.mark.parametrize("rule", RULES)
def test_a_rule_of_politeness_that_was_not_tried_has_not_passed(rule):
    assert (verdict(rule, []).passed, verdict(rule, []).word) == (False, "not tried")


def test_the_politeness_table_shows_each_rule_and_the_faults_of_broken_ones():
    shown = table(score([at(0, method="HEAD")], TERMS))
    assert all(rule in shown for rule in RULES)
    assert "Mon 00:00 feed: it was a HEAD" in shown
