"""Feeds: RSS 0.9x, 1.0 and 2.0, Atom and JSON Feed, over HTTP with conditional GET or from a file."""

import calendar
import hashlib
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final

from pake_pipelines.model.entry import Entry, Parsed
from pake_pipelines.sources.http import HttpClient
from pake_pipelines.sources.identity import Found, keyed
from pake_pipelines.sources.jsonfeed import looks_like_json, parse_jsonfeed
from pake_pipelines.sources.protocol import Fetched, Memory, SourceError, Unreadable
from pake_pipelines.sources.scrub import scrub, scrub_tags

PARSER_VERSION: Final = "feed-1"


class HttpFeed:
    """A feed behind a web address."""

    version = PARSER_VERSION
    dated = False

    def __init__(self, url: str, client: HttpClient) -> None:
        """Read `url` through `client`."""
        self._url = url
        self._client = client

    async def visit(self, memory: Memory, past_day: date | None) -> AsyncIterator[Fetched | Unreadable]:
        """Yield the feed if it has changed since `memory`."""
        answer = await self._client.get(self._url, etag=memory.etag, last_modified=memory.last_modified)
        if answer.status == 304 or hashlib.sha256(answer.body).hexdigest() == memory.body_sha256:
            return
        yield Fetched(
            self._url,
            answer.body,
            answer.received_at,
            media_type=answer.media_type,
            etag=answer.etag,
            last_modified=answer.last_modified,
        )

    def parse(self, fetched: Fetched) -> Parsed:
        """Parse the feed."""
        return parse_feed(fetched.body, fetched.media_type)


class FileFeed:
    """A feed in a file."""

    version = PARSER_VERSION
    dated = False

    def __init__(self, path: Path, name: str, *, max_bytes: int) -> None:
        """Read `path`, of at most `max_bytes`; `name` is how the configuration calls it."""
        self._path = path
        self._name = name
        self._max_bytes = max_bytes

    async def visit(self, memory: Memory, past_day: date | None) -> AsyncIterator[Fetched | Unreadable]:
        """Yield the file if its bytes have changed since `memory`."""
        try:
            found = self._path.stat()
            if found.st_size > self._max_bytes:
                raise SourceError("too_large", f"{self._name}: {found.st_size} bytes, the limit is {self._max_bytes}")
            body = self._path.read_bytes()
        except FileNotFoundError as error:
            raise SourceError("missing", f"{self._name}: no such file") from error
        except OSError as error:
            raise SourceError("unreadable", f"{self._name}: {error.strerror or error}") from error
        if hashlib.sha256(body).hexdigest() != memory.body_sha256:
            modified = datetime.fromtimestamp(found.st_mtime, UTC)
            yield Fetched(self._name, body, datetime.now(UTC), modified_at=modified)

    def parse(self, fetched: Fetched) -> Parsed:
        """Parse the feed."""
        return parse_feed(fetched.body, fetched.media_type)


def parse_feed(body: bytes, content_type: str | None = None) -> Parsed:
    """Parse the bytes of a feed; `content_type` is the HTTP header, whose charset counts.

    Raises SourceError (empty, malformed) when the bytes are no feed. A feed without entries is a feed.
    """
    if not body.strip():
        raise SourceError("empty", "the body is empty")
    if looks_like_json(body):
        return parse_jsonfeed(body)
    import feedparser

    headers = {"content-type": content_type} if content_type else {}
    result = feedparser.parse(body, response_headers=headers, sanitize_html=False, resolve_relative_uris=False)
    if not result.version and not result.entries:
        cause = result.get("bozo_exception") or "neither RSS, Atom, RDF nor JSON Feed"
        raise SourceError("malformed", f"not a feed: {cause}")
    warnings = (scrub(str(result.bozo_exception)),) if result.bozo else ()
    return Parsed(keyed([_found(entry) for entry in result.entries]), (), scrub(result.feed.get("title")), warnings)


def _found(entry: Mapping[str, Any]) -> Found:
    body, media_type = _body(entry)
    published = _moment(entry.get("published_parsed") or entry.get("updated_parsed"))
    return Found(
        scrub(entry.get("id")) or None,
        Entry(
            key="",
            title=scrub(entry.get("title")),
            body=body,
            media_type=media_type,
            url=scrub(entry.get("link")) or None,
            author=scrub(entry.get("author")) or None,
            published_at=published,
            tags=scrub_tags(tag.get("term") or "" for tag in entry.get("tags", ())),
            problems=() if published else ("no date",),
        ),
    )


def _body(entry: Mapping[str, Any]) -> tuple[str, str]:
    """Return the fullest text that the entry carries, and its media type."""
    parts = [(scrub(part.get("value")), part.get("type")) for part in entry.get("content", ())]
    parts.append((scrub(entry.get("summary")), entry.get("summary_detail", {}).get("type")))
    text, kind = max(parts, key=lambda part: len(part[0]))
    return text, "text/plain" if kind == "text/plain" and "<" not in text else "text/html"


def _moment(parsed: Any) -> datetime | None:
    """Return feedparser's UTC time tuple as an aware datetime, None when there is none or it is out of range."""
    try:
        return datetime.fromtimestamp(calendar.timegm(parsed), UTC) if parsed else None
    except (ValueError, OverflowError, OSError):
        return None
