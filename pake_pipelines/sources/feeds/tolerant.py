"""Feeds read by feedparser: slow, and at home with damage, odd dialects and encodings that nobody declared."""

import calendar
import io
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from pake_pipelines.sources.feeds.identity import Found
from pake_pipelines.sources.feeds.item import item
from pake_pipelines.sources.feeds.reading import Reading
from pake_pipelines.sources.protocol import SourceError
from pake_pipelines.sources.scrub import scrub, scrub_tags

_TIME: Final = re.compile(r"\d{1,2}:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:\s?[+-]\d\d:?\d\d)?")
_DIGIT: Final = re.compile(r"\d")


def read_tolerantly(body: bytes, content_type: str | None, base: str) -> Reading:
    """Return what `body` holds. Raises SourceError (malformed) when it is no feed."""
    import feedparser

    # without its address: feedparser would make identifiers absolute, too, and they are to stay as they are
    headers = {"content-type": content_type} if content_type else {}
    # a stream: bytes and strings could name a file or an address, which feedparser would open
    result = feedparser.parse(
        io.BytesIO(body), response_headers=headers, sanitize_html=False, resolve_relative_uris=False
    )
    if not result.version and not result.entries:
        cause = result.get("bozo_exception") or "neither RSS, Atom, RDF nor JSON Feed"
        raise SourceError("malformed", f"not a feed: {cause}")
    warnings = (scrub(str(result.bozo_exception)),) if result.bozo else ()
    return Reading([_found(entry, base) for entry in result.entries], scrub(result.feed.get("title")), warnings)


def _found(entry: Mapping[str, Any], base: str) -> Found:
    return item(
        scrub(entry.get("id")),
        scrub(entry.get("title")),
        _text(entry),
        _link(entry),
        base=base,
        author=_author(entry),
        published=_moment(entry, "published") or _moment(entry, "updated"),
        tags=scrub_tags(tag.get("term") or "" for tag in entry.get("tags", ())),
    )


def _text(entry: Mapping[str, Any]) -> tuple[str, str]:
    """Return the fullest text that the entry carries, and its media type."""
    parts = [(scrub(part.get("value")), part.get("type")) for part in entry.get("content", ())]
    parts.append((scrub(entry.get("summary")), entry.get("summary_detail", {}).get("type")))
    text, kind = max(parts, key=lambda part: len(part[0]))
    return text, "text/plain" if kind == "text/plain" and "<" not in text else "text/html"


def _author(entry: Mapping[str, Any]) -> str:
    """Return the authors' names, without their addresses where the names are known."""
    names = [author["name"] for author in entry.get("authors", ()) if author.get("name")]
    return scrub(", ".join(dict.fromkeys(names)) or entry.get("author"))


def _link(entry: Mapping[str, Any]) -> str:
    """Return the link; where there is none, feedparser takes the identifier for one, which it may be."""
    link = scrub(entry.get("link"))
    return link if entry.get("links") or "://" in link else ""


def _moment(entry: Mapping[str, Any], name: str) -> datetime | None:
    """Return a date of the entry as an aware datetime; None when it states no day, or one that no calendar holds."""
    parsed = entry.get(f"{name}_parsed")
    # feedparser takes a time alone for one of today's
    if not parsed or not _DIGIT.search(_TIME.sub("", entry.get(name) or "")):
        return None
    try:
        return datetime.fromtimestamp(calendar.timegm(parsed), UTC)
    except (ValueError, OverflowError, OSError):
        return None
