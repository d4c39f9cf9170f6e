"""The rules of politeness, each a judge of a server's notes.

They are those of Rachel Kroll's Feed Reader Behavior project (rachelbythebay.com/fs/help.html), and what HTTP says of
the same matters (RFC 9110, RFC 9111, RFC 6585). A judge yields a finding for each exchange that its rule has something
to say about. A rule that nothing was found for was not tried, and does not pass.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise

from pake_pipelines_tests.politeness.exchange import Exchange, by

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
# a tick comes a little sooner or later than the one before
TOLERANCE = timedelta(minutes=1)
PERMANENT = frozenset({301, 308})
TEMPORARY = frozenset({302, 303, 307})


@dataclass(frozen=True)
class Terms:
    """What the reader says of itself and was told: its name, the feeds' addresses, and its own configured limits."""

    product: str
    addresses: frozenset[str]
    learn_after_visits: int
    learn_after: timedelta
    error_threshold: int
    backoff_multiplier: float
    longest_rest: timedelta
    longest_fresh: timedelta


@dataclass(frozen=True)
class Finding:
    """What a judge thinks of one exchange; no fault means that the rule was kept."""

    exchange: Exchange
    fault: str | None = None


Judge = Callable[[Sequence[Exchange], Terms], Iterator[Finding]]


def found(exchange: Exchange, wrong: object, fault: str) -> Finding:
    """Return the finding on `exchange`, with `fault` if it is `wrong`."""
    return Finding(exchange, fault if wrong else None)


def only_get(log, terms):
    for one in log:
        yield found(one, one.method != "GET", f"it was a {one.method}")


def honest_user_agent(log, terms):
    """Its own name, always the same, and no browser's."""
    names = {one.asked.get("user-agent", "") for one in log}
    for one in log:
        name = one.asked.get("user-agent", "")
        honest = name.startswith(terms.product) and "mozilla" not in name.lower() and len(names) == 1
        yield found(one, not honest, f"it called itself {name!r}")


def no_cookies(log, terms):
    for exchanges in by(log, "host"):
        offered = False
        for one in exchanges:
            if offered or "cookie" in one.asked:
                yield found(one, "cookie" in one.asked, "it sent a cookie")
            offered = offered or "set-cookie" in one.answered


def no_referrer(log, terms):
    for one in log:
        yield found(one, "referer" in one.asked, f"it came from {one.asked.get('referer')}")


def address_as_given(log, terms):
    """Exactly what was configured or redirected to: no query, no fragment, nothing that busts a cache."""
    known = set(terms.addresses)
    for one in log:
        yield found(one, one.url not in known, f"nobody gave it the address {one.url}")
        known.add(one.sent_to)


def no_cache_busting(log, terms):
    for one in log:
        headers = {"cache-control", "pragma"} & set(one.asked)
        yield found(one, headers, f"it sent {', '.join(sorted(headers))}")


def one_unconditional_request(log, terms):
    """Once a server has given validators, at least one comes back with every request."""
    for exchanges in by(log, "feed", "url"):
        given = False
        for one in exchanges:
            if given:
                yield found(one, not one.conditional, "it asked unconditionally once more")
            given = given or one.gives_validators


def validators_verbatim(log, terms):
    """What comes back is what was given last, to the byte."""
    for one, given in _with_validators(log):
        for asked, answered in _VALIDATORS:
            if asked in one.asked and answered in given:
                said, was = one.asked[asked], given[answered]
                yield found(one, said != was, f"{asked} was {said!r}, {answered} had been {was!r}")


def validators_never_invented(log, terms):
    """No If-Modified-Since from a clock, no tag of its own: where nothing was given, nothing comes back."""
    for one, given in _with_validators(log):
        for asked, answered in _VALIDATORS:
            if answered not in given:
                yield found(one, asked in one.asked, f"{asked} was {one.asked.get(asked)!r}, no {answered} was given")


_VALIDATORS = (("if-none-match", "etag"), ("if-modified-since", "last-modified"))


def _with_validators(log) -> Iterator[tuple[Exchange, dict[str, str]]]:
    """Yield each exchange with the validators that its feed had given before; a 304 may renew single ones.

    A page that is no feed gives none, and takes none away either.
    """
    for exchanges in by(log, "feed"):
        given: dict[str, str] = {}
        for one in exchanges:
            yield one, given
            if one.is_feed:
                renewed = {name: one.answered[name] for _, name in _VALIDATORS if name in one.answered}
                given = renewed if one.status == 200 else given | renewed


def at_most_hourly(log, terms):
    for before, one in _pairs(log, "feed", "url"):
        passed = one.at - before.at
        yield found(one, passed < HOUR - TOLERANCE, f"it came back after {passed}")


def at_most_daily_without_validators(log, terms):
    for before, one in _pairs(log, "feed", "url"):
        if before.is_feed and not before.gives_validators:
            passed = one.at - before.at
            yield found(one, passed < DAY - TOLERANCE, f"it came back after {passed}, to a feed without validators")


def _pairs(log, *names) -> Iterator[tuple[Exchange, Exchange]]:
    """Yield each exchange with the one before it in the same group."""
    for exchanges in by(log, *names):
        yield from pairwise(exchanges)


def retry_after_honoured(log, terms):
    for before, one in _pairs(log, "host"):
        if before.status in {429, 503} and before.retry_at:
            early = one.at < before.retry_at - TOLERANCE
            yield found(one, early, f"{before.status} had asked it to stay away until {before.retry_at}")


def too_many_requests_honoured(log, terms):
    """429 without a time still means less."""
    for before, one in _pairs(log, "host"):
        if before.status == 429 and not before.retry_at:
            yield found(one, one.at - before.at < HOUR - TOLERANCE, "it came back at once after 429")


def freshness_honoured(log, terms):
    """Cache-Control and Expires, as far as the reader believes them."""
    for before, one in _pairs(log, "feed", "url"):
        if before.delivered and before.fresh_until and before.fresh_until > before.at:
            until = min(before.fresh_until, before.at + terms.longest_fresh)
            yield found(one, one.at < until - TOLERANCE, f"the feed was said to be fresh until {before.fresh_until}")


def gone_is_gone(log, terms):
    for exchanges in by(log, "feed"):
        ended = False
        for one in exchanges:
            if ended or one.status == 410:
                yield found(one, ended, "it asked again after 410")
            ended = ended or one.status == 410


def temporary_redirects_not_learned(log, terms):
    """Whoever was sent elsewhere for now asks at the old place first, every time."""
    for exchanges in by(log, "feed"):
        sent = {one.sent_to: set() for one in exchanges if one.status in TEMPORARY}
        for one in exchanges:
            if one.status in TEMPORARY:
                sent[one.sent_to].add(one.at)
            elif one.url in sent:
                yield found(
                    one, one.at not in sent[one.url], "it went straight to where it was sent for the time being"
                )


def permanent_redirects_learned_late(log, terms):
    """A permanent redirect to a feed is believed after the configured repetitions, neither before nor never."""
    for exchanges in by(log, "feed"):
        if any(one.status in PERMANENT for one in exchanges):
            yield from _judge_move(by(exchanges, "at"), terms)


def _judge_move(visits: Iterable[Sequence[Exchange]], terms: Terms) -> Iterator[Finding]:
    old, times, learnable = None, [], False
    for visit in visits:
        first, last = visit[0], visit[-1]
        if first.status in PERMANENT:
            old = first.url
            yield found(first, learnable, f"it still asked at the old address after {len(times)} permanent redirects")
            times = [*times, first.at] if last.is_feed else []
        elif old and first.url != old:
            yield found(first, not learnable, f"it moved after only {len(times)} permanent redirects")
        elif old:
            yield found(first, False, "")
            times = []
        learnable = len(times) >= terms.learn_after_visits and times[-1] - times[0] >= terms.learn_after


def backs_off(log, terms):
    """From the configured number of failures in a row on, each next rest is longer, up to the configured longest."""
    for exchanges in by(log, "feed"):
        failures, rested_until = 0, None
        for one in exchanges:
            if rested_until:
                yield found(one, one.at < rested_until - TOLERANCE, f"{failures} failures in a row, and no rest")
            failures = 0 if one.status < 400 else failures + 1
            rests = failures - terms.error_threshold + 1
            rested_until = one.at + _rest(rests, terms) if rests > 0 else None


def _rest(number: int, terms: Terms) -> timedelta:
    return min(timedelta(hours=terms.backoff_multiplier**number), terms.longest_rest)


def one_request_at_a_time(log, terms):
    """Two feeds of one host are asked one after the other."""
    for exchanges in by(log, "host"):
        if len({one.feed for one in exchanges}) > 1:
            for one in exchanges:
                yield found(one, not one.alone, "another request to the same host was still open")


RULES: dict[str, Judge] = {
    "only GET": only_get,
    "an honest User-Agent": honest_user_agent,
    "no cookies": no_cookies,
    "no referrer": no_referrer,
    "addresses as given, no query cruft": address_as_given,
    "no cache busting": no_cache_busting,
    "one unconditional request ever": one_unconditional_request,
    "validators go back verbatim": validators_verbatim,
    "validators are never invented": validators_never_invented,
    "at most hourly": at_most_hourly,
    "at most daily without validators": at_most_daily_without_validators,
    "Retry-After of 429 and 503": retry_after_honoured,
    "429 without Retry-After": too_many_requests_honoured,
    "Cache-Control and Expires": freshness_honoured,
    "410 is the end": gone_is_gone,
    "302 is not learned": temporary_redirects_not_learned,
    "301 is learned after repetitions": permanent_redirects_learned_late,
    "failures are backed off from": backs_off,
    "one request at a time per host": one_request_at_a_time,
}
