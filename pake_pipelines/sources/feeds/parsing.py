"""Bytes of a feed -> entries: RSS 0.9x, 1.0, 1.1 and 2.0, Atom, CDF and JSON Feed.

Two parsers read them. fastfeedparser is some fifty times as fast and loses what is odd; feedparser reads nearly
anything. A survey of the markup tells which one to ask, and where neither is sure, the one that finds more is believed.
"""

import re
from typing import Final

from pake_pipelines.model.entry import Parsed
from pake_pipelines.sources.feeds.document import readable, repaired, without_entities
from pake_pipelines.sources.feeds.fast import lossless, read_fast
from pake_pipelines.sources.feeds.identity import keyed
from pake_pipelines.sources.feeds.jsonfeed import looks_like_json, parse_jsonfeed
from pake_pipelines.sources.feeds.reading import Reading
from pake_pipelines.sources.feeds.rhythm import fresh_for
from pake_pipelines.sources.feeds.survey import OwnEntitiesError, Survey, TooDeepError, survey
from pake_pipelines.sources.feeds.tolerant import read_tolerantly
from pake_pipelines.sources.protocol import Fetched, SourceError

_FEED: Final = re.compile(rb"<(?:[\w.-]{1,40}:)?(?:rss|feed|rdf|channel|item|entry)[\s>/]", re.IGNORECASE)


def parse_fetched(fetched: Fetched) -> Parsed:
    """Parse the body of a feed; relative links are taken from its address. Raises SourceError (empty, malformed)."""
    return parse_feed(fetched.body, fetched.media_type, fetched.url)


def parse_feed(body: bytes, content_type: str | None = None, base: str = "") -> Parsed:
    """Parse the bytes of a feed; `content_type` is the HTTP header, whose charset counts, `base` the feed's address.

    Raises SourceError (empty, malformed) when the bytes are no feed. A feed without entries is a feed.
    """
    if not body.strip():
        raise SourceError("empty", "the body is empty")
    if looks_like_json(body):
        return parse_jsonfeed(body, base)
    reading = _read(body, content_type, base)
    entries = keyed(reading.items)
    return Parsed(
        entries,
        title=reading.title,
        warnings=reading.warnings,
        repeated=len(reading.items) - len(entries),
        fresh_for=fresh_for(body),
    )


def _read(body: bytes, content_type: str | None, base: str) -> Reading:
    document = readable(body, content_type)
    if document is None:
        return read_tolerantly(without_entities(body), content_type, base)
    if not _FEED.search(document):
        raise SourceError("malformed", "not a feed: neither RSS, Atom, RDF, CDF nor JSON Feed")
    try:
        document, seen = _surveyed(document.lstrip())
    except TooDeepError as error:
        raise SourceError("malformed", "not a feed: its markup nests deeper than any feed's") from error
    fast = read_fast(document, seen, base)
    if fast is not None and lossless(fast, document, seen):
        return fast
    return _fuller(fast, without_entities(body), content_type, base)


def _surveyed(document: bytes) -> tuple[bytes, Survey]:
    """Return the document, repaired if that makes it whole, and what it looks like."""
    try:
        seen = survey(document)
    except OwnEntitiesError:
        document = without_entities(document)
        seen = survey(document)
    if seen.damage:
        mended = repaired(document)
        again = survey(mended)
        if not again.damage:
            return mended, again
    return document, seen


def _fuller(fast: Reading | None, body: bytes, content_type: str | None, base: str) -> Reading:
    """Return the reading that found more items; feedparser's where both found as many."""
    try:
        tolerant = read_tolerantly(body, content_type, base)
    except SourceError:
        if fast is None:
            raise
        return fast
    return fast if fast is not None and len(fast.items) > len(tolerant.items) else tolerant
