"""Reading a feed again costs nothing when nothing is new; what is remembered is what its server or file said last."""

import hashlib
import os
import pickle
from datetime import UTC, datetime

import pytest

from pake_pipelines.sources.feeds.reader import FileFeed, HttpFeed
from pake_pipelines.sources.protocol import Fetched, Memory, SourceError, Unchanged
from pake_pipelines_tests.feeds import item, rss
from pake_pipelines_tests.site import Page

FEED = rss(item(1))
DIGEST = hashlib.sha256(FEED).hexdigest()


async def answer_of(reader, cursor=None):
    """Return the one answer of a reader."""
    (answer,) = [answer async for answer in reader.fetch(None, Memory(cursor or {}))]
    return answer


async def test_a_new_feed_comes_with_its_validators_as_its_cursor(site, client):
    site.pages["/feed"] = Page(FEED, headers={"ETag": '"1"', "Last-Modified": "Fri, 20 Nov 2026 08:00:00 GMT"})
    answer = await answer_of(HttpFeed(site.url("/feed"), client))
    assert isinstance(answer, Fetched)
    assert (answer.body, answer.url) == (FEED, site.url("/feed"))
    assert answer.cursor == {"etag": '"1"', "last_modified": "Fri, 20 Nov 2026 08:00:00 GMT", "sha256": DIGEST}


async def test_the_validators_go_back_as_they_came_and_304_is_unchanged(site, client):
    site.pages["/feed"] = Page(FEED, headers={"ETag": 'W/"odd , one"', "Last-Modified": "whatever it said"})
    reader = HttpFeed(site.url("/feed"), client)
    first = await answer_of(reader)
    again = await answer_of(reader, first.cursor)
    assert isinstance(again, Unchanged)
    assert again.cursor == first.cursor
    asked = site.asked("/feed")[1]
    assert (asked["If-None-Match"], asked["If-Modified-Since"]) == ('W/"odd , one"', "whatever it said")


async def test_the_same_bytes_with_new_validators_are_unchanged_and_the_validators_are_kept(site, client):
    site.pages["/feed"] = Page(FEED, headers={"ETag": '"2"'})
    answer = await answer_of(HttpFeed(site.url("/feed"), client), {"etag": '"1"', "sha256": DIGEST})
    assert answer == Unchanged({"etag": '"2"', "last_modified": None, "sha256": DIGEST}, None, None)


async def test_a_304_may_refresh_a_validator(site, client):
    async def not_modified(request):
        from aiohttp import web

        return web.Response(status=304, headers={"ETag": '"1"', "Last-Modified": "Sat, 21 Nov 2026 08:00:00 GMT"})

    site.pages["/feed"] = not_modified
    cursor = {"etag": '"1"', "last_modified": "Fri, 20 Nov 2026 08:00:00 GMT", "sha256": DIGEST}
    answer = await answer_of(HttpFeed(site.url("/feed"), client), cursor)
    assert answer.cursor == cursor | {"last_modified": "Sat, 21 Nov 2026 08:00:00 GMT"}


async def test_how_long_an_answer_stays_fresh_is_passed_on(site, client):
    site.pages["/feed"] = Page(FEED, headers={"Cache-Control": "max-age=3600", "ETag": '"1"'})
    reader = HttpFeed(site.url("/feed"), client)
    first = await answer_of(reader)
    assert 3500 < (first.fresh_until - datetime.now(UTC)).total_seconds() <= 3600
    site.pages["/feed"] = Page(FEED, headers={"Cache-Control": "max-age=7200"})
    again = await answer_of(reader, first.cursor)
    assert isinstance(again, Unchanged)
    assert (again.fresh_until - datetime.now(UTC)).total_seconds() > 7000


async def test_a_permanent_redirect_is_told_and_the_feed_keeps_its_own_address(site, client):
    site.pages["/old"] = Page(status=301, headers={"Location": "/new"})
    site.pages["/new"] = Page(FEED)
    answer = await answer_of(HttpFeed(site.url("/old"), client))
    assert (answer.url, answer.moved_to) == (site.url("/old"), site.url("/new"))
    assert (await answer_of(HttpFeed(site.url("/new"), client))).moved_to is None


async def test_a_failed_read_is_not_an_empty_feed(site, client):
    site.pages["/feed"] = Page(b"", status=500)
    with pytest.raises(SourceError):
        await answer_of(HttpFeed(site.url("/feed"), client))


async def test_a_file_is_read_once_and_again_when_its_bytes_change(tmp_path):
    file = tmp_path / "feed.xml"
    file.write_bytes(FEED)
    os.utime(file, (0, 0))
    reader = FileFeed(file, "feed.xml", max_bytes=10_000)
    first = await answer_of(reader)
    assert (first.body, first.url, first.modified_at) == (FEED, "feed.xml", datetime(1970, 1, 1, tzinfo=UTC))
    assert first.cursor == {"sha256": DIGEST}
    os.utime(file)
    assert isinstance(await answer_of(reader, first.cursor), Unchanged)
    file.write_bytes(rss(item(2)))
    assert isinstance(await answer_of(reader, first.cursor), Fetched)


@pytest.mark.parametrize(("make", "kind"), [(None, "missing"), ("mkdir", "unreadable"), ("big", "too_large")])
async def test_a_file_that_cannot_be_read_says_why(tmp_path, make, kind):
    file = tmp_path / "feed.xml"
    if make == "mkdir":
        file.mkdir()
    elif make:
        file.write_bytes(b"x" * 20_000)
    with pytest.raises(SourceError) as raised:
        await answer_of(FileFeed(file, "feed.xml", max_bytes=10_000))
    assert raised.value.kind == kind
    assert str(raised.value).startswith("feed.xml: ")
    assert str(tmp_path) not in str(raised.value)


@pytest.mark.parametrize("reader", [HttpFeed, FileFeed])
def test_the_parser_of_a_feed_can_be_sent_to_another_process(reader):
    parse = pickle.loads(pickle.dumps(reader.parse))
    fetched = Fetched("https://a.example/feed", rss(item(1, link="/1")), datetime.now(UTC))
    assert parse(fetched).entries[0].url == "https://a.example/1"
