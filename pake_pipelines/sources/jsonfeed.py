"""JSON Feed 1.0 and 1.1 (jsonfeed.org) -> entries; feedparser does not read it."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from pake_pipelines.model.entry import Entry, Parsed, Unparsed
from pake_pipelines.sources.identity import Found, keyed
from pake_pipelines.sources.protocol import SourceError
from pake_pipelines.sources.scrub import scrub, scrub_tags


def looks_like_json(body: bytes) -> bool:
    """Tell whether `body` starts as a JSON object does."""
    return body.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"{"


def parse_jsonfeed(body: bytes) -> Parsed:
    """Parse a JSON Feed. Raises SourceError when it is none; an item that is no object becomes a dead letter."""
    try:
        feed = json.loads(body.decode("utf-8-sig", "replace"))
    except (ValueError, RecursionError) as error:
        raise SourceError("malformed", f"not a JSON Feed: {error}") from error
    items = feed.get("items") if isinstance(feed, dict) else None
    if not isinstance(items, list):
        raise SourceError("malformed", "not a JSON Feed: it has no list of items")
    found, unparsed = [], []
    for position, item in enumerate(items):
        if isinstance(item, dict):
            found.append(_found(item))
        else:
            unparsed.append(Unparsed(f"item {position}", "not_an_object", repr(item)[:500]))
    return Parsed(keyed(found), tuple(unparsed), scrub(str(feed.get("title") or "")) or None)


def _found(item: Mapping[str, Any]) -> Found:
    markup = item.get("content_html")
    body = markup if isinstance(markup, str) and markup else item.get("content_text") or item.get("summary") or ""
    problems = []
    published = _date(item.get("date_published") or item.get("date_modified"))
    if published is None:
        problems.append("no date")
    url = item.get("url") or item.get("external_url")
    entry = Entry(
        key="",
        title=scrub(str(item.get("title") or "")),
        body=scrub(str(body)),
        media_type="text/html" if body is markup else "text/plain",
        url=scrub(str(url)) if url else None,
        author=_author(item),
        published_at=published,
        tags=scrub_tags(_list(item.get("tags"))),
        problems=tuple(problems),
    )
    identifier = item.get("id")
    return Found(scrub(str(identifier)) if identifier not in (None, "") else None, entry)


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _author(item: Mapping[str, Any]) -> str | None:
    authors = _list(item.get("authors")) or [item.get("author")]
    names = [str(author["name"]) for author in authors if isinstance(author, dict) and author.get("name")]
    return scrub(", ".join(names)) or None


def _date(text: object) -> datetime | None:
    try:
        moment = datetime.fromisoformat(str(text))
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None
