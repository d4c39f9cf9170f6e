"""The web addresses in markup or text."""

import re
from typing import Final
from urllib.parse import urlsplit

# A tag (only its href counts: src and srcset are not links), or an address outside of tags. Autolinks are no tags.
_TAG_OR_URL: Final = re.compile(
    r"(?P<tag></?[a-z][a-z0-9]*(?:[\s/][^<>]*)?>)|(?P<url>https?://[^\s<>\[\]\"`{}|\\^\u201c\u201d\u00ab\u00bb]+)",
    re.IGNORECASE,
)
_HREF: Final = re.compile(r"\shref\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s\"'>]+))", re.IGNORECASE)
_ENTITY_END: Final = re.compile(r"&(?:quot|apos|lt|gt|nbsp|#39|#34);", re.IGNORECASE)
_AMPERSAND: Final = re.compile(r"&(?:amp|#38|#x26);", re.IGNORECASE)
_TRAILING: Final = ".,;:!?'\"*_~\u2026\u3002\u3001\uff0c\uff01\uff1f\u2019"


def find_links(markup_or_text: str) -> tuple[str, ...]:
    """Return the http and https URLs of HTML, Markdown or plain text: each once, in the order of first mention.

    Punctuation that ends a sentence and parentheses opened before the URL are not part of it; `&amp;` is read as `&`.
    Relative links are left out: there is no base here to resolve them with. Raises nothing.
    """
    found: dict[str, None] = {}
    for match in _TAG_OR_URL.finditer(markup_or_text):
        url = _trimmed(match["url"]) if match["url"] else _href(match["tag"])
        if url and _has_host(url):
            found.setdefault(url)
    return tuple(found)


def _href(tag: str) -> str:
    match = _HREF.search(tag)
    if not match:
        return ""
    url = _AMPERSAND.sub("&", next(group for group in match.groups() if group is not None)).strip()
    return url if url.lower().startswith(("http://", "https://")) and not re.search(r"\s", url) else ""


def _trimmed(url: str) -> str:
    url = _AMPERSAND.sub("&", _ENTITY_END.split(url, maxsplit=1)[0])
    return url[: _unbalanced(url)].rstrip(_TRAILING)


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
        return bool(urlsplit(url).hostname)
    except ValueError:
        return False
