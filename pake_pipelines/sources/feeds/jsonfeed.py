"""JSON Feed 1.0 and 1.1 (jsonfeed.org) -> entries; feedparser does not read it."""

import json
from collections.abc import Mapping
from typing import Any

from pake_pipelines.model.entry import Parsed, Unparsed
from pake_pipelines.sources.feeds.identity import Found, keyed
from pake_pipelines.sources.feeds.item import item, moment
from pake_pipelines.sources.protocol import SourceError
from pake_pipelines.sources.scrub import scrub, scrub_tags


def looks_like_json(body: bytes) -> bool:
    """Tell whether `body` starts as a JSON object does."""
    return body.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"{"


def parse_jsonfeed(body: bytes, base: str = "") -> Parsed:
    """Parse a JSON Feed whose address is `base`; an item that is no object becomes a dead letter.

    Raises SourceError (malformed) when it is none.
    """
    try:
        feed = json.loads(body.decode("utf-8-sig", "replace"))
    except (ValueError, RecursionError) as error:
        raise SourceError("malformed", f"not a JSON Feed: {error}") from error
    items = feed.get("items") if isinstance(feed, dict) else None
    if not isinstance(items, list):
        raise SourceError("malformed", "not a JSON Feed: it has no list of items")
    found, unparsed = [], []
    for position, one in enumerate(items):
        if isinstance(one, dict):
            found.append(_found(one, base))
        else:
            unparsed.append(Unparsed(f"item {position}", "not_an_object", repr(one)[:500]))
    entries = keyed(found)
    title = scrub(str(feed.get("title") or "")) or None
    return Parsed(entries, tuple(unparsed), title, repeated=len(found) - len(entries))


def _found(said: Mapping[str, Any], base: str) -> Found:
    markup = said.get("content_html")
    body = markup if isinstance(markup, str) and markup else said.get("content_text") or said.get("summary") or ""
    identifier = said.get("id")
    return item(
        "" if identifier is None else scrub(str(identifier)),
        scrub(str(said.get("title") or "")),
        (scrub(str(body)), "text/html" if body is markup else "text/plain"),
        scrub(str(said.get("url") or said.get("external_url") or "")),
        base=base,
        author=_author(said),
        published=moment(str(said.get("date_published") or said.get("date_modified"))),
        tags=scrub_tags(_list(said.get("tags"))),
    )


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _author(said: Mapping[str, Any]) -> str:
    authors = _list(said.get("authors")) or [said.get("author")]
    names = [str(author["name"]) for author in authors if isinstance(author, dict) and author.get("name")]
    return scrub(", ".join(names))
