"""An article's web page -> its entry, whole: its main content is found where all HTML becomes text."""

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import islice
from typing import Any, Final
from urllib.parse import urljoin, urlsplit

from pake_pipelines.model.entry import Entry, Parsed
from pake_pipelines.sources.feeds.identity import Found, keyed
from pake_pipelines.sources.html_tree import decode, depths, tree_of
from pake_pipelines.sources.protocol import Fetched, SourceError
from pake_pipelines.sources.scrub import scrub
from pake_pipelines.sources.web.index import moment_of

_LONGEST_TITLE: Final = 1000
_MOST_TITLES: Final = 10
# Beyond these, author and date are not searched for: trafilatura and htmldate look through the page many times, and
# through the ancestors of each element (a page of 50,000 paragraphs below 1,900 took them minutes).
_SEARCHED_CHARACTERS: Final = 2_000_000
_SEARCHED_DEPTH: Final = 250
_SEARCHED_TOTAL_DEPTH: Final = 1_500_000
# what these libraries raise on pages that nobody wrote by hand
_GIVES_UP: Final = (ArithmeticError, AssertionError, AttributeError, LookupError, RecursionError, TypeError, ValueError)
_TITLES: Final = ("//meta[@property='og:title']/@content", "//title", "//h1")
_DATES: Final = (
    "//meta[@property='article:published_time']/@content",
    "//meta[@itemprop='datePublished']/@content",
    "//*[@itemprop='datePublished']/@datetime",
)
_JSON_LD: Final = "//script[@type='application/ld+json']"
_MOST_STATEMENTS: Final = 1000


def parse_page(fetched: Fetched) -> Parsed:
    """Return the page's one entry; its key is the address that it was fetched by.

    The title is og:title, else <title>, else the first <h1>. The date is what the page says of its publication in
    metadata, JSON-LD or markup, never a guess from its text; a date without a time is midnight UTC. Raises SourceError
    (empty, malformed) when there is no page.
    """
    if not fetched.body.strip():
        raise SourceError("empty", f"{fetched.url}: the page is empty")
    markup = scrub(decode(fetched.body, fetched.media_type))
    tree = tree_of(markup)
    if tree is None:
        raise SourceError("malformed", f"{fetched.url}: no HTML")
    title, published = _title(tree), _published(tree)
    url = _canonical(tree, fetched.url)
    author, day = (None, None) if _is_too_much(markup, tree) else _looked_for(tree, fetched)
    published = published or day
    problems = [] if title else ["no title"]
    problems += [] if published else ["no date"]
    entry = Entry(
        key="",
        title=title,
        body=markup,
        media_type="text/html",
        url=url,
        author=author,
        published_at=published,
        problems=tuple(problems),
    )
    return Parsed(keyed([Found(fetched.url, entry)]))


def _title(tree: Any) -> str:
    for expression in _TITLES:
        for found in tree.xpath(expression)[:_MOST_TITLES]:
            text = found if isinstance(found, str) else " ".join(found.itertext())
            if title := scrub(" ".join(text.split()))[:_LONGEST_TITLE]:
                return title
    return ""


def _canonical(tree: Any, url: str) -> str:
    """Return the address that the page calls its own, when it is one of the same host; else `url`."""
    for link in tree.iter("link"):
        if "canonical" not in (link.get("rel") or "").lower().split():
            continue
        try:
            own = urljoin(url, (link.get("href") or "").strip())
            parts = urlsplit(own)
        except ValueError:
            continue
        if parts.scheme in {"http", "https"} and "@" not in parts.netloc and parts.hostname == urlsplit(url).hostname:
            return scrub(own)
    return url


def _published(tree: Any) -> datetime | None:
    stated = (text for expression in _DATES for text in tree.xpath(expression))
    return next(filter(None, map(moment_of, [*stated, *_in_json_ld(tree)])), None)


def _in_json_ld(tree: Any) -> Iterator[str]:
    for script in tree.xpath(_JSON_LD):
        try:
            stated = json.loads("".join(script.itertext()))
        except (ValueError, RecursionError):
            continue
        for statement in islice(_statements(stated), _MOST_STATEMENTS):
            if isinstance(date := statement.get("datePublished"), str):
                yield date


def _statements(stated: object) -> Iterator[dict[str, Any]]:
    """Yield the objects at the top of a JSON-LD document: one, a list of them, or those of its graph."""
    for one in stated if isinstance(stated, list) else [stated]:
        if isinstance(one, dict):
            yield one
            graph = one.get("@graph")
            yield from (node for node in (graph if isinstance(graph, list) else []) if isinstance(node, dict))


def _is_too_much(markup: str, tree: Any) -> bool:
    if len(markup) > _SEARCHED_CHARACTERS:
        return True
    deepest, total = depths(tree)
    return deepest > _SEARCHED_DEPTH or total > _SEARCHED_TOTAL_DEPTH


def _looked_for(tree: Any, fetched: Fetched) -> tuple[str | None, datetime | None]:
    """Return author and day of publication as trafilatura finds them; a day after the fetch is none."""
    import trafilatura

    dates = {
        "extensive_search": False,
        "original_date": True,
        "max_date": fetched.fetched_at.replace(tzinfo=None) + timedelta(days=1),
    }
    try:
        found = trafilatura.extract_metadata(tree, date_config=dates)
    except _GIVES_UP:
        return None, None
    return scrub(found.author) or None, moment_of(found.date or "")
