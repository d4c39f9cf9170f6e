"""Feeds of a web page: those it names, else those it links to, else the addresses where sites usually keep them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final
from urllib.parse import urlsplit

from pake_pipelines.sources.html_tree import decode, tree_of
from pake_pipelines.sources.scrub import scrub
from pake_pipelines.sources.web.index import base_of, web_link

USUAL_PATHS: Final = ("/feed", "/rss.xml", "/atom.xml", "/feed.xml", "/index.xml", "/rss", "/feed.json")
"""Where WordPress, Ghost, Jekyll, Hugo and other generators put a feed unless told otherwise."""

FEED_TYPES: Final = frozenset(
    {
        "application/atom+xml",
        "application/feed+json",
        "application/rdf+xml",
        "application/rss+xml",
        "application/x-rss+xml",
        "text/rss+xml",
    }
)
_MAYBE_FEED_TYPES: Final = frozenset({"", "application/json", "application/xml", "text/xml"})
# WordPress names its interfaces for programs in the same way as its feeds
_NO_FEED: Final = re.compile(r"/wp-json/|oembed", re.IGNORECASE)
_LOOKS_LIKE_FEED: Final = re.compile(r"(?:^|[/._-])(?:rss2?|atom|feeds?|rdf)(?:$|[/._?-])", re.IGNORECASE)
_COMMENTS: Final = re.compile(r"\bcomments?\b", re.IGNORECASE)
_MOST: Final = 50
_MOST_LOOKED_AT: Final = 50_000
_LONGEST_TITLE: Final = 200
_MOST_PIECES: Final = 20


@dataclass(frozen=True, slots=True)
class FoundFeed:
    """An address that may be a feed; `type` is the media type the page gives it, None when that is a guess."""

    title: str | None
    url: str
    type: str | None


def feeds_in(html: bytes, base: str) -> list[FoundFeed]:
    """Return the feeds of the page `html` at `base`, the likeliest first and each address once; at most 50.

    They are what the page names with <link rel="alternate">, feeds of comments last. A page that names none may link to
    some, and after these come the usual addresses of the site: whether they are feeds is for the caller to see.
    """
    tree = tree_of(decode(html, None))
    named = [] if tree is None else sorted(_named(tree, base), key=_is_of_comments)
    if named:
        return _once(named)
    linked = [] if tree is None else sorted(_linked(tree, base), key=_is_of_comments)
    return _once([*linked, *usual_feeds(base)])


def usual_feeds(base: str) -> list[FoundFeed]:
    """Return where the site of `base` may keep a feed."""
    urls = (web_link(base, path) for path in USUAL_PATHS)
    return [FoundFeed(None, url, None) for url in urls if url]


def _named(tree: Any, base: str) -> Iterator[FoundFeed]:
    start = base_of(tree, base)
    for link in islice(tree.iter("link"), _MOST_LOOKED_AT):
        relations = set((link.get("rel") or "").lower().split())
        kind = (link.get("type") or "").partition(";")[0].strip().lower()
        url = web_link(start, link.get("href") or "")
        if not url or not relations & {"alternate", "feed"} or relations & {"stylesheet"}:
            continue
        if kind in FEED_TYPES or "feed" in relations or (kind in _MAYBE_FEED_TYPES and _may_be_feed(url)):
            yield FoundFeed(_title(link.get("title")), url, kind or None)


def _linked(tree: Any, base: str) -> Iterator[FoundFeed]:
    start = base_of(tree, base)
    for anchor in islice(tree.iter("a", "area"), _MOST_LOOKED_AT):
        url = web_link(start, anchor.get("href") or "")
        if url and _may_be_feed(url):
            yield FoundFeed(_title("".join(islice(anchor.itertext(), _MOST_PIECES))), url, None)


def _may_be_feed(url: str) -> bool:
    parts = urlsplit(url)
    return not _NO_FEED.search(url) and bool(_LOOKS_LIKE_FEED.search(f"{parts.path}?{parts.query}".replace("=", "/")))


def _is_of_comments(feed: FoundFeed) -> bool:
    return bool(_COMMENTS.search(f"{feed.title or ''} {feed.url}"))


def _title(text: str | None) -> str | None:
    return scrub(" ".join((text or "").split()))[:_LONGEST_TITLE] or None


def _once(feeds: list[FoundFeed]) -> list[FoundFeed]:
    first = {feed.url: feed for feed in reversed(feeds)}
    return list(dict.fromkeys(first[feed.url] for feed in feeds))[:_MOST]
