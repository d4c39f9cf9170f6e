"""Hacker News is read newest first, within Algolia's limits, and nothing is lost by stopping between two pages."""

import asyncio
import json
import random
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from math import ceil
from urllib.parse import parse_qs, urlsplit

import pytest
from aiohttp import web
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from pake_pipelines.config.loading import load_sources
from pake_pipelines.config.source_kinds import HackerNewsSource
from pake_pipelines.sources.apis.hackernews import HackerNews, Span, address
from pake_pipelines.sources.apis.hackernews_answer import Page, parse_hackernews
from pake_pipelines.sources.http.client import open_client
from pake_pipelines.sources.protocol import Fetched, SourceError, Unchanged, Unreadable, Window
from pake_pipelines_tests.hackernews_server import HackerNewsServer, Story
from pake_pipelines_tests.site import Site
from pake_pipelines_tests.sources.conftest import manners
from pake_pipelines_tests.sources.reading import entries_of, visit

PATH = "/api/v1/search_by_date"
DAY = date(2026, 11, 20)
MIDNIGHT = int(datetime.combine(DAY, time(), UTC).timestamp())
ONE_DAY = Window(DAY, DAY)
NOW = int(datetime.now(UTC).timestamp())
HOUR = 3600


@pytest.fixture(scope="module")
def algolia():
    opened = Site().start()
    yield opened
    opened.stop()


@pytest.fixture
def serve(algolia):
    def start(stories=(), **options):
        server = algolia.pages[PATH] = HackerNewsServer(stories, **options)
        return server

    return start


@pytest.fixture
def reader(algolia, client):
    return lambda **options: HackerNews(source(algolia, **options), client)


def source(site, **options):
    return HackerNewsSource(**{"name": "HN", "kind": "hackernews", "url": site.url(PATH)} | options)


def stories_of_the_day(count, **options):
    return [Story(number, MIDNIGHT + number * (24 * HOUR // count), **options) for number in range(count)]


# --- what is asked


def test_query_times_and_points_are_asked_together():
    asked = source_at_home(query='"language model" agents', min_points=50)
    assert parse_qs(urlsplit(address(asked, Span(100, 200))).query) == {
        "query": ['"language model" agents'],
        "tags": ["story"],
        "numericFilters": ["created_at_i>=100,created_at_i<200,points>=50"],
        "hitsPerPage": ["200"],
    }
    assert "points" not in address(source_at_home(), Span(100, 200))


def source_at_home(**options):
    return HackerNewsSource(name="HN", kind="hackernews", **options)


def test_more_stories_at_once_than_algolia_gives_are_refused_by_the_configuration():
    with pytest.raises(ValidationError):
        source_at_home(page_size=1001)


# --- windows


async def test_a_window_holds_the_stories_posted_on_its_days_in_utc(serve, reader):
    moments = [MIDNIGHT - 1, MIDNIGHT, MIDNIGHT + 24 * HOUR - 1, MIDNIGHT + 24 * HOUR]
    serve([Story(number, moment) for number, moment in enumerate(moments)])
    one = reader()
    answers, cursor = await visit(one, ONE_DAY)
    assert sorted(entries_of(one, answers)) == ["1", "2"]
    assert cursor == {"finished": True}
    answers, _ = await visit(one, Window(DAY, DAY + timedelta(days=1)))
    assert sorted(entries_of(one, answers)) == ["1", "2", "3"]


async def test_a_window_of_more_than_1000_stories_is_split_by_time(serve, reader):
    server = serve(stories_of_the_day(2500))
    one = reader(page_size=1000)
    answers, _ = await visit(one, ONE_DAY)
    assert len(entries_of(one, answers)) == 2500
    assert (len(server.queries), server.violations) == (3, [])
    assert len({query["numericFilters"] for query in server.queries}) == 3


async def test_the_server_of_these_tests_gives_no_more_than_1000_stories_of_a_query(serve, client, algolia):
    server = serve(stories_of_the_day(1200))
    url = algolia.url(f"{PATH}?tags=story&numericFilters=created_at_i>=0&hitsPerPage=500&page=2")
    with pytest.raises(SourceError):
        await client.get(url)
    assert server.violations == ["beyond 1000 hits"]


async def test_a_day_without_stories_is_no_body(serve, reader):
    serve([Story(1, MIDNIGHT - 1)])
    answers, cursor = await visit(reader(), ONE_DAY)
    assert ([type(answer) for answer in answers], cursor) == ([Unchanged], {"finished": True})


async def test_a_finished_window_is_read_again_when_it_is_asked_for_again(serve, reader):
    serve(stories_of_the_day(3))
    one = reader()
    _, cursor = await visit(one, ONE_DAY)
    answers, _ = await visit(one, ONE_DAY, cursor)
    assert len(entries_of(one, answers)) == 3


@settings(deadline=None, max_examples=20)
@given(
    page_size=st.integers(50, 120),
    stops=st.lists(st.integers(1, 3), min_size=1, max_size=4),
    seed=st.integers(0, 1000),
)
def test_stopping_after_any_pages_of_a_window_loses_nothing(algolia, page_size, stops, seed):
    """Some stories share their second, also where a page ends."""
    seconds = random.Random(seed).choices(range(400), k=250)
    stories = [Story(number, MIDNIGHT + second) for number, second in enumerate(seconds)]
    algolia.pages[PATH] = HackerNewsServer(stories)

    async def read():
        async with open_client(manners()) as client:
            one = HackerNews(source(algolia, page_size=page_size), client)
            seen, cursor, visits = {}, {}, 0
            while cursor != {"finished": True}:
                answers, cursor = await visit(one, ONE_DAY, cursor, stop_after=stops[visits % len(stops)])
                visits += 1
                seen |= entries_of(one, answers)
            uninterrupted, _ = await visit(one, ONE_DAY)
            return seen, entries_of(one, uninterrupted)

    seen, uninterrupted = asyncio.run(read())
    assert seen == uninterrupted
    assert set(seen) == {str(story.number) for story in stories}


async def test_stories_of_one_second_that_no_query_gives_are_named_and_older_ones_are_read(serve, reader):
    crowd = [Story(number, MIDNIGHT + 60) for number in range(70)]
    serve([Story(500, MIDNIGHT + 90), *crowd, Story(600, MIDNIGHT + 30)])
    one = reader(page_size=50)
    answers, cursor = await visit(one, ONE_DAY)
    (letter,) = [answer for answer in answers if isinstance(answer, Unreadable)]
    assert (letter.reason, letter.detail) == (
        "too_many",
        "a page of 50 stories, all of 2026-11-20 00:01:00 UTC: any more of that second is lost",
    )
    keys = entries_of(one, answers)
    assert len(keys) == 52
    assert {"500", "600"} < set(keys)
    assert cursor == {"finished": True}


# --- the present


async def test_a_visit_looks_back_48_hours(serve, reader):
    serve([Story(hours, NOW - hours * HOUR + HOUR // 2) for hours in range(60)])
    one = reader()
    answers, cursor = await visit(one)
    assert sorted(map(int, entries_of(one, answers))) == list(range(1, 49))
    assert NOW <= cursor["since"] <= datetime.now(UTC).timestamp()


async def test_a_story_that_gains_its_points_later_is_found_later(serve, reader):
    server = serve([Story(1, NOW - 40 * HOUR, points=3), Story(2, NOW - HOUR, points=80)])
    one = reader(min_points=50)
    answers, cursor = await visit(one)
    assert list(entries_of(one, answers)) == ["2"]
    server.stories[0] = replace(server.stories[0], points=64)
    answers, _ = await visit(one, cursor=cursor)
    assert sorted(entries_of(one, answers)) == ["1", "2"]


async def test_after_a_long_pause_everything_since_the_last_visit_is_read(serve, reader):
    serve([Story(days, NOW - days * 24 * HOUR) for days in range(20)])
    one = reader()
    answers, _ = await visit(one, cursor={"since": NOW - 10 * 24 * HOUR})
    assert sorted(map(int, entries_of(one, answers))) == list(range(13))


@settings(deadline=None, max_examples=15)
@given(page_size=st.integers(50, 90), stop=st.integers(1, 2), arrivals=st.integers(0, 60))
def test_stopping_after_any_pages_of_a_visit_loses_nothing_while_stories_come_and_gain_points(
    algolia, page_size, stop, arrivals
):
    server = algolia.pages[PATH] = HackerNewsServer(Story(n, NOW - 300 - n * 400, points=n % 9) for n in range(250))

    async def read():
        async with open_client(manners()) as client:
            one = HackerNews(source(algolia, page_size=page_size, min_points=2), client)
            seen, cursor = {}, {}
            while "since" not in cursor:
                answers, cursor = await visit(one, None, cursor, stop_after=stop)
                seen |= entries_of(one, answers)
                server.stories += [
                    Story(len(server.stories) + n, NOW - n, points=5) for n in range(arrivals // (len(seen) + 1))
                ]
                server.stories[1:90:7] = [replace(story, points=99) for story in server.stories[1:90:7]]
            answers, _ = await visit(one, None, cursor)
            return seen | entries_of(one, answers)

    assert set(asyncio.run(read())) == {str(story.number) for story in server.stories if story.points >= 2}


# --- answers that are none


@pytest.mark.parametrize(
    "answer",
    [
        "<html>",
        "[]",
        "null",
        '{"hits": {}}',
        '{"hits": []}',
        '{"hits": [], "nbHits": "7"}',
        '{"message": "you can only fetch the 1000 hits for this query", "status": 200}',
        "[" * 100_000,
    ],
)
async def test_what_is_no_page_of_stories_is_malformed(serve, reader, answer):
    serve().next_answers = [web.Response(text=answer, content_type="application/json")]
    with pytest.raises(SourceError) as raised:
        await visit(reader(), ONE_DAY)
    assert raised.value.kind == "malformed"


async def test_a_page_without_stories_although_there_are_some_is_a_passing_failure(serve, reader):
    serve().next_answers = [web.json_response({"hits": [], "nbHits": 7})]
    with pytest.raises(SourceError, match="counts 7 stories and shows none") as raised:
        await visit(reader(), ONE_DAY)
    assert raised.value.transient


async def test_an_answer_that_is_not_sorted_is_a_failure_not_the_end_of_the_window(serve, reader):
    serve(stories_of_the_day(80)).sorts = False
    with pytest.raises(SourceError, match="newest first"):
        await visit(reader(page_size=50), ONE_DAY)


@pytest.mark.parametrize("created", [(300, 250), (200, 150)])
def test_an_answer_from_outside_the_time_asked_for_is_a_failure_and_no_endless_loop(created):
    with pytest.raises(SourceError, match="not what was asked for"):
        Span(100, 200).below(Page(total=9, count=2, created=created))


@pytest.mark.parametrize("total", [2, 3, 1000])
def test_what_is_left_of_a_span_is_always_less(total):
    span, page = Span(100, 200), Page(total, count=2, created=(199, 199))
    while span:
        rest = span.below(page)
        assert rest is None or rest.before < span.before
        span, page = rest, replace(page, created=(rest.before - 1,) * 2) if rest else page


async def test_429_says_when_to_come_back_and_the_cursor_stays_where_it_was(serve, reader):
    server = serve(stories_of_the_day(120))
    one = reader(page_size=50)
    first, cursor = await visit(one, ONE_DAY, stop_after=1)
    server.next_answers = [web.Response(status=429, headers={"Retry-After": "120"})]
    before = datetime.now(UTC)
    with pytest.raises(SourceError) as raised:
        await visit(one, ONE_DAY, cursor)
    assert (raised.value.status, raised.value.transient) == (429, True)
    assert timedelta(seconds=115) < raised.value.retry_at - before < timedelta(seconds=125)
    async with open_client(manners()) as another_client:
        one = HackerNews(one._source, another_client)
        rest, _ = await visit(one, ONE_DAY, cursor)
    assert len(entries_of(one, first) | entries_of(one, rest)) == 120


async def test_how_long_an_answer_stays_fresh_is_passed_on(serve, reader):
    fresh = {"Cache-Control": "max-age=3600"}
    server = serve()
    hit = {"objectID": "1", "title": "A story", "created_at_i": NOW}
    server.next_answers = [
        web.json_response({"hits": hits, "nbHits": len(hits)}, headers=fresh) for hits in ([hit], [])
    ]
    for kind in (Fetched, Unchanged):
        ((answer,), _) = await visit(reader())
        assert isinstance(answer, kind)
        assert timedelta(minutes=59) < answer.fresh_until - datetime.now(UTC) <= timedelta(minutes=60)


# --- limits


async def test_a_look_back_asks_no_more_often_than_it_must(serve, reader):
    """Each page but the first begins with the story that the last one ended with."""
    server = serve(stories_of_the_day(1000))
    await visit(reader(page_size=50), ONE_DAY)
    assert len(server.queries) == ceil(999 / 49)


def test_the_usual_rate_stays_below_algolias_10000_requests_an_hour(tmp_path):
    rate = load_sources(tmp_path).http.rate
    assert 60 * rate.requests_per_minute + rate.burst < 10_000


async def test_the_server_of_these_tests_counts_the_requests_of_an_hour(serve, reader):
    server = serve(stories_of_the_day(1000), per_hour=5)
    with pytest.raises(SourceError):
        await visit(reader(page_size=50), ONE_DAY)
    assert server.violations == ["more than 5 requests within an hour"]


# --- stories


def parsed(*hits):
    body = json.dumps({"hits": hits, "nbHits": len(hits)}).encode()
    return parse_hackernews(Fetched("https://hn.algolia.com/?x", body, datetime.now(UTC)))


def hit(**changes):
    usual = {
        "objectID": "4711", "title": "A link", "url": "https://example.org/a", "author": "ada", "points": 3,
        "num_comments": 1, "story_text": None, "created_at_i": MIDNIGHT, "_tags": ["story", "author_ada", "story_4711"],
    }  # fmt: skip
    return usual | changes


def test_a_link_says_no_more_than_there_is():
    (found,) = parsed(hit()).entries
    assert (found.key, found.title, found.url) == ("4711", "A link", "https://example.org/a")
    assert (found.body, found.media_type) == ("A link\nhttps://example.org/a\nPosted by ada", "text/plain")
    assert (found.author, found.published_at) == ("ada", datetime.combine(DAY, time(), UTC))
    assert (found.tags, found.problems) == ((), ())


def test_a_text_is_its_own_body_and_its_page_the_address():
    (found,) = parsed(
        hit(title="Ask HN: Why?", url=None, story_text="<p>Because &#x27;so&#x27;", _tags=["story", "ask_hn"])
    ).entries
    assert (found.body, found.media_type) == ("<p>Because &#x27;so&#x27;", "text/html")
    assert (found.url, found.tags) == ("https://news.ycombinator.com/item?id=4711", ("ask_hn",))


def test_votes_comments_and_the_front_page_make_no_new_version_but_another_title_does():
    (first,) = parsed(hit()).entries
    (voted,) = parsed(hit(points=900, num_comments=400, _tags=["story", "author_ada", "front_page"])).entries
    (renamed,) = parsed(hit(title="A better title")).entries
    assert first.entry_hash == voted.entry_hash != renamed.entry_hash


@pytest.mark.parametrize("link", ["javascript:alert(1)", "ftp://example.org/a", "", 7])
def test_an_address_that_is_none_is_not_taken(link):
    (found,) = parsed(hit(url=link)).entries
    assert (found.url, found.body) == ("https://news.ycombinator.com/item?id=4711", "A link\nPosted by ada")


def test_a_malformed_hit_is_a_dead_letter_and_the_others_stay():
    result = parsed(hit(), "text", hit(objectID="x/1"), hit(objectID="4712", title=None), hit(objectID="4713"))
    assert [found.key for found in result.entries] == ["4711", "4713"]
    assert [(letter.key, letter.reason) for letter in result.unparsed] == [
        ("hit 1 of https://hn.algolia.com/?x", "not_an_object"),
        ("hit 2 of https://hn.algolia.com/?x", "no_identifier"),
        ("4712", "incomplete"),
    ]


@pytest.mark.parametrize("moment", [None, "yesterday", True, -5, 10**30])
def test_a_story_without_a_readable_date_stays_and_says_so(moment):
    (found,) = parsed(hit(created_at_i=moment)).entries
    assert (found.published_at, found.problems) == (None, ("no date",))


def test_fields_of_unexpected_types_harm_nothing():
    (found,) = parsed(
        hit(objectID=4711, author=["ada"], story_text={"a": 1}, _tags="story", title="\ud800 T\0")
    ).entries
    assert (found.key, found.title, found.author, found.tags) == ("4711", "T", None, ())


async def test_a_malformed_hit_does_not_stop_the_reading(serve, reader):
    server = serve(stories_of_the_day(120))
    server.spoiled = [{"objectID": None}]
    one = reader(page_size=50)
    answers, cursor = await visit(one, ONE_DAY)
    assert len(entries_of(one, answers)) == 120
    assert cursor == {"finished": True}
