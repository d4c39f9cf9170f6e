"""Clean characters: taking out of text and titles what no reader should see."""

import html
import re
import unicodedata
from functools import cache
from typing import Final

from pake_pipelines.text.mojibake import repair_mojibake

_LINE_ENDS: Final = re.compile("\r\n|[\r\v\f\x1c\x1d\x1e\x85\u2028\u2029]")
# The soft hyphen, zero-width space and byte order mark are invisible but split words for every later measure.
_UNSEEN: Final = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x9f\u00ad\u200b\ufeff]")
_ODD_LINE_ENDS: Final = "\r\v\f\x1c\x1d\x1e\x85\u2028\u2029"
_SURROGATES: Final = re.compile("[\ud800-\udfff]")
_BLANK_LINES: Final = re.compile("\n{3,}")
_TAG: Final = re.compile(r"</?([a-z][a-z0-9]*)(?:[\s/][^<>]*)?>", re.IGNORECASE)


def clean_text(text: str) -> str:
    """Return `text` in NFC with LF line ends, without control characters and without superfluous blanks.

    Newlines and tabs stay; lone surrogates become U+FFFD, so that the result can always be encoded; no-break spaces
    become spaces. At most one blank line stays between two lines. Cleaning twice changes nothing.
    """
    text = unicodedata.normalize("NFC", clean_characters(text))
    lines = "\n".join(line.rstrip() for line in text.split("\n"))
    return _BLANK_LINES.sub("\n\n", lines).strip()


def clean_title(title: str) -> str:
    """Return `title` as one line of text: HTML tags removed (their text stays) and entities unescaped once.

    Only tags that HTML knows count as markup: "std::vector<bool>" is text.
    """
    title = clean_characters(repair_mojibake(title))
    text = _text_content(title) if _has_tags(title) else html.unescape(title)
    return " ".join(clean_text(text).split())


def clean_characters(text: str) -> str:
    """Return `text` without control characters, lone surrogates and foreign line ends; nothing else changes."""
    # most texts have none of these, and looking for one character is twenty times as fast as replacing many
    if any(end in text for end in _ODD_LINE_ENDS):
        text = _LINE_ENDS.sub("\n", text)
    text = _UNSEEN.sub("", text)
    try:
        text.encode()
    except UnicodeEncodeError:
        text = _SURROGATES.sub("\ufffd", text)
    return text.replace("\u00a0", " ")


def _has_tags(text: str) -> bool:
    return "<" in text and any(match[1].lower() in _html_tags() for match in _TAG.finditer(text))


def _text_content(markup: str) -> str:
    from lxml import html as lxml_html

    known = _TAG.sub(lambda tag: tag[0] if tag[1].lower() in _html_tags() else html.escape(tag[0]), markup)
    # The wrapper keeps lxml from refusing text without an element and from guessing a charset.
    root = lxml_html.fragment_fromstring(f"<div>{known}</div>", create_parent="div")
    return str(root.text_content())


@cache
def _html_tags() -> frozenset[str]:
    from lxml.html import defs

    return frozenset(defs.tags) | {"script", "style", "svg", "math", "mark", "time", "section", "article", "figure"}
