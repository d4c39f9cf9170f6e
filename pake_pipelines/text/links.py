"""The web addresses in markup or text."""

import re
from collections.abc import Iterator
from typing import Final
from urllib.parse import urlsplit

# what no address contains as it is written, and what ends one in writing without blanks
_NEVER: Final = (
    r"\s<>\[\]\"`{}|\\^\u201c\u201d\u00ab\u00bb"
    r"\u3001\u3002\u3008-\u3011\uff01\uff08\uff09\uff0c\uff1a\uff1b\uff1f"
)
# A comment, a tag (only its href counts: src and srcset are not links), or an address outside of tags. Autolinks are no
# tags. In lists without blanks the next address begins behind a comma, a semicolon or a quotation mark.
_TOKEN: Final = re.compile(
    rf"""(?P<comment><!--)
      | (?P<tag></?(?P<name>[a-z][a-z0-9]*)(?:[\s/][^<>]*)?>)
      | (?P<url>https?://(?:\[[0-9a-f:.]+\])?(?:(?![,;']{{1,3}}https?://)[^{_NEVER}])*)(?P<template>\{{)?""",
    re.IGNORECASE | re.VERBOSE,
)
_HREF: Final = re.compile(r"\shref\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s\"'>]+))", re.IGNORECASE)
_ENTITY_END: Final = re.compile(r"&(?:quot|apos|lt|gt|nbsp|#39|#34);", re.IGNORECASE)
_AMPERSAND: Final = re.compile(r"&(?:amp|#38|#x26);", re.IGNORECASE)
_TRAILING: Final = ".,;:!?'\"*_~\u2019"
_CUT: Final = ("...", "\u2026")  # whoever shows only the beginning of an address says so
_NO_TEXT: Final = frozenset({"script", "style"})
_LONGEST: Final = 8_000  # characters; what is longer carries data, and no server takes it


def find_links(markup_or_text: str) -> tuple[str, ...]:
    """Return the http and https URLs of HTML, Markdown or plain text: each once, in the order of first mention.

    Punctuation that ends a sentence and parentheses opened before the URL are not part of it; `&amp;` is read as `&`.
    Relative links are left out: there is no base here to resolve them with; so is what is only the beginning of an
    address, what stands in comments, scripts and styles, and what is longer than 8,000 characters. Takes time
    proportional to the text. Raises nothing.
    """
    return tuple(dict.fromkeys(url for url in _candidates(markup_or_text) if _has_host(url)))


def _candidates(text: str) -> Iterator[str]:
    place = 0
    while match := _TOKEN.search(text, place):
        place = match.end()
        if match["comment"]:
            place = _behind(text, "-->", place)
        elif match["url"]:
            yield "" if match["template"] else _trimmed(match["url"])
        elif match["name"].lower() in _NO_TEXT and not match["tag"].startswith("</"):
            place = _behind(text, f"</{match['name']}", place)
        else:
            yield _href(match["tag"])


def _behind(text: str, end: str, place: int) -> int:
    """Return where `end` ends behind `place`; the end of `text` when it does not come, as browsers take it."""
    found = re.compile(re.escape(end), re.IGNORECASE).search(text, place)
    return found.end() if found else len(text)


def _href(tag: str) -> str:
    match = _HREF.search(tag)
    if not match:
        return ""
    url = _AMPERSAND.sub("&", next(group for group in match.groups() if group is not None)).strip()
    return url if url.lower().startswith(("http://", "https://")) and not re.search(r"\s", url) else ""


def _trimmed(url: str) -> str:
    if len(url) > _LONGEST:
        return ""
    url = _AMPERSAND.sub("&", _ENTITY_END.split(url, maxsplit=1)[0])
    url = url[: _unbalanced(url)]
    return "" if url.endswith(_CUT) else url.rstrip(_TRAILING)


def _unbalanced(url: str) -> int:
    """Return the position of the first closing parenthesis that `url` does not open, or its length."""
    depth = 0
    for position, character in enumerate(url):
        depth += (character == "(") - (character == ")")
        if depth < 0:
            return position
    return len(url)


def _has_host(url: str) -> bool:
    try:
        return len(url) <= _LONGEST and bool(urlsplit(url).hostname)
    except ValueError:
        return False
