"""Feeds read by fastfeedparser: right where the survey found nothing odd, a guess elsewhere."""

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from pake_pipelines.sources.feeds.identity import Found
from pake_pipelines.sources.feeds.item import item, moment
from pake_pipelines.sources.feeds.reading import Reading
from pake_pipelines.sources.feeds.survey import Survey
from pake_pipelines.sources.scrub import scrub, scrub_tags

_ATOM: Final = frozenset({"http://www.w3.org/2005/Atom", "https://www.w3.org/2005/Atom", "http://purl.org/atom/ns#"})
_XHTML_TYPES: Final = frozenset({"xhtml", "application/xhtml+xml"})
_XHTML: Final = re.compile(r"\s*<[^>]*>\s*<div\b[^>]*>(.*)</div>\s*</[^>]*>\s*", re.DOTALL)
_TO_THE_ITEM: Final = frozenset({None, "alternate"})
# it fetches text that looks like an address, but is only ever given bytes
_ITS_ERRORS: Final = (ValueError, TypeError, AttributeError, LookupError, ArithmeticError, SyntaxError, RecursionError)

_Clean = Callable[[str], str]


def read_fast(document: bytes, seen: Survey, base: str) -> Reading | None:
    """Return what `document` holds; None when fastfeedparser cannot read it.

    It knows no xml:base: where there is one, relative links are left as they are.
    """
    import fastfeedparser

    try:
        feed = fastfeedparser.parse(document, include_media=False, include_enclosures=False)
    except _ITS_ERRORS:
        return None
    # whole XML holds nothing that would have to be scrubbed
    clean: _Clean = str if seen.odd is None else scrub
    if seen.rebased:
        base = ""
    items = [_found(entry, number, seen, base, clean) for number, entry in enumerate(feed.entries)]
    return Reading(items, clean(feed.feed.get("title") or "").strip())


def lossless(reading: Reading, document: bytes, seen: Survey) -> bool:
    """Tell whether nothing better is to be had: every item was read, with its text and from a document without oddity.

    fastfeedparser leaves out the descriptions of media (YouTube's only text) and wraps XHTML in its own element.
    """
    if seen.odd is not None or len(reading.items) != seen.items or not seen.items:
        return False
    entries = [one.entry for one in reading.items]
    if not all(entry.body for entry in entries) and b":description>" in document:
        return False
    return not (seen.rebased and any(entry.url and "://" not in entry.url for entry in entries))


def _found(entry: Mapping[str, Any], number: int, seen: Survey, base: str, clean: _Clean) -> Found:
    # without an identifier of its own, an item's link stands there
    identifier = clean(entry.get("id") or "").strip() if number in seen.identified else ""
    link = _atom_link(entry, identifier) if seen.namespace in _ATOM else entry.get("link") or ""
    # a guess at a date (from an identifier, or relative to today) is worse than none
    said = (entry.get("published") or entry.get("updated")) if number in seen.dated else None
    return item(
        identifier,
        clean(entry.get("title") or "").strip(),
        _text(entry, seen, clean),
        clean(link).strip(),
        base=base,
        author=clean(entry.get("author") or "").strip(),
        published=moment(said),
        tags=scrub_tags([tag["term"] for tag in entry.get("tags") or ()]),
    )


def _atom_link(entry: Mapping[str, Any], identifier: str) -> str:
    """Return the link to the item itself, not to an enclosure or a licence; else an identifier that is an address."""
    links = [one["href"] for one in entry.get("links") or () if one["rel"] in _TO_THE_ITEM]
    return links[0] if links else identifier if identifier[:8].lower().startswith(("http://", "https://")) else ""


def _text(entry: Mapping[str, Any], seen: Survey, clean: _Clean) -> tuple[str, str]:
    """Return the item's fullest text and its media type."""
    text, kind = clean(entry.get("description") or "").strip(), None
    for part in entry.get("content") or ():
        content = clean(part.get("value") or "").strip()
        if part["type"] in _XHTML_TYPES:
            content = _unwrapped(content)
        if len(content) >= len(text):
            text, kind = content, part["type"]
    # Atom's texts are plain unless they say otherwise, and those that do not are said to be text/html here
    plain = kind in {"text", "text/plain"} or (seen.namespace in _ATOM and kind in {None, "text/html"})
    return text, "text/plain" if plain and text and "<" not in text else "text/html"


def _unwrapped(text: str) -> str:
    """Return XHTML without the <content> and the <div> around it."""
    inner = _XHTML.fullmatch(text)
    return inner[1].strip() if inner else text
