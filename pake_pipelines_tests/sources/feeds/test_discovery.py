"""The feeds of a page are those it names; only a page that names none is guessed about."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pake_pipelines.sources.feeds.discovery import USUAL_PATHS, FoundFeed, feeds_in

BASE = "https://example.org/blog/post"
ALTERNATE = '<link rel="alternate" type="application/{}" href="{}" title="{}">'


def urls(markup, base=BASE):
    return [feed.url for feed in feeds_in(markup.encode(), base)]


def guessed(base="https://example.org"):
    return [f"{base}{path}" for path in USUAL_PATHS]


def test_a_page_names_its_feeds():
    markup = ALTERNATE.format("rss+xml", "/rss", "All  posts") + ALTERNATE.format("atom+xml", "feed.atom", "")
    assert feeds_in(markup.encode(), BASE) == [
        FoundFeed("All posts", "https://example.org/rss", "application/rss+xml"),
        FoundFeed(None, "https://example.org/blog/feed.atom", "application/atom+xml"),
    ]


@pytest.mark.parametrize("kind", ["rss+xml", "atom+xml", "feed+json", "rdf+xml", "RSS+XML; charset=utf-8"])
def test_every_kind_of_feed_is_found(kind):
    assert urls(ALTERNATE.format(kind, "/f", "F")) == ["https://example.org/f"]


@pytest.mark.parametrize(
    "link",
    [
        '<link rel="stylesheet" href="/feed.css">',
        '<link rel="alternate" hreflang="de" href="/de/">',
        '<link rel="alternate" type="text/html" href="/amp">',
        '<link rel="alternate" type="application/json" href="/wp-json/wp/v2/posts/1">',
        '<link rel="alternate" type="application/json+oembed" href="/oembed?url=feed">',
        '<link rel="alternate" type="application/rss+xml" href="javascript:alert(1)">',
        '<link rel="alternate" type="application/rss+xml">',
    ],
)
def test_what_is_no_feed_is_not_named_one(link):
    assert urls(link) == guessed()


def test_a_type_that_says_nothing_counts_when_the_address_says_feed():
    assert urls('<link rel="alternate" type="application/json" href="/feed.json">') == ["https://example.org/feed.json"]


def test_feeds_of_comments_come_last():
    markup = ALTERNATE.format("rss+xml", "/comments/feed/", "Site » Comments Feed") + ALTERNATE.format(
        "rss+xml", "/feed/", "Site"
    )
    assert urls(markup) == ["https://example.org/feed/", "https://example.org/comments/feed/"]


def test_addresses_are_relative_to_the_stated_base():
    assert urls('<base href="https://cdn.example.org/x/">' + ALTERNATE.format("rss+xml", "rss", "")) == [
        "https://cdn.example.org/x/rss"
    ]


def test_each_feed_comes_once():
    assert urls(ALTERNATE.format("rss+xml", "/rss", "A") + ALTERNATE.format("rss+xml", "/rss#top", "B")) == [
        "https://example.org/rss"
    ]


def test_a_page_that_names_none_may_link_to_one():
    found = feeds_in(b'<a href="/about">About</a><a href="/blog/index.rss">RSS</a><a href="/feedback">No</a>', BASE)
    assert found[0] == FoundFeed("RSS", "https://example.org/blog/index.rss", None)
    assert [feed.url for feed in found[1:]] == guessed()


def test_a_page_without_anything_leaves_the_usual_addresses_of_the_site():
    assert urls("") == urls("<p>Nothing</p>") == guessed()
    assert urls("", "http://localhost:8000/a/b?c") == guessed("http://localhost:8000")


def test_no_more_are_returned_than_somebody_can_choose_from():
    assert len(urls("".join(ALTERNATE.format("rss+xml", f"/{n}", "") for n in range(500)))) == 50


@given(st.binary(max_size=400), st.text(max_size=40))
def test_no_garbage_raises(body, base):
    for prefix in (b"", b'<link rel="alternate" type="application/rss+xml" href="', b'<a href="/rss'):
        assert all(feed.url.startswith("http") for feed in feeds_in(prefix + body, f"https://example.org/{base}"))
