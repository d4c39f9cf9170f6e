"""Clean characters: decoding bytes, and removing from text and titles what no reader should see."""

import codecs
import html
import re
import unicodedata
from functools import cache
from typing import Final

_LINE_ENDS: Final = re.compile("\r\n|[\r\v\f\x1c\x1d\x1e\x85\u2028\u2029]")
# The soft hyphen, zero-width space and byte order mark are invisible but split words for every later measure.
_UNSEEN: Final = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x9f\u00ad\u200b\ufeff]")
_SURROGATES: Final = re.compile("[\ud800-\udfff]")
_BLANK_LINES: Final = re.compile("\n{3,}")
_TAG: Final = re.compile(r"</?([a-z][a-z0-9]*)(?:[\s/][^<>]*)?>", re.IGNORECASE)
_BYTE_ORDER_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16 LE, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


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
    title = clean_characters(title)
    text = _text_content(title) if _has_tags(title) else html.unescape(title)
    return " ".join(clean_text(text).split())


def clean_characters(text: str) -> str:
    """Return `text` without control characters, lone surrogates and foreign line ends; nothing else changes."""
    text = _UNSEEN.sub("", _LINE_ENDS.sub("\n", text))
    return _SURROGATES.sub("\ufffd", text).replace("\u00a0", " ")


def decode(body: bytes, declared: str | None) -> tuple[str, str | None]:
    """Decode a text file; the second value describes the repair that was needed, or is None.

    Tried in this order: a byte order mark, the declared charset, UTF-8, and windows-1252, which every byte string has a
    reading in (its five unassigned bytes become U+FFFD). A declared ISO-8859-1 or ASCII is read as windows-1252, as
    the WHATWG encoding standard asks. Raises nothing.
    """
    for mark, charset in _BYTE_ORDER_MARKS:
        if body.startswith(mark):
            return _decoded_by_mark(body[len(mark) :], charset)
    attempts = [_whatwg(declared)] if declared else []
    for charset in [*attempts, "utf-8"]:
        try:
            return body.decode(charset), _repair(declared, charset)
        except (LookupError, ValueError):  # unknown, not a text encoding, or not this one
            continue
    return body.decode("cp1252", errors="replace"), _repair(declared, "cp1252")


def _decoded_by_mark(body: bytes, charset: str) -> tuple[str, str | None]:
    text = body.decode(charset, errors="replace")
    return text, f"bytes that are not {charset} replaced" if "\ufffd" in text else None


def _whatwg(declared: str) -> str:
    try:
        name = codecs.lookup(declared).name
    except (LookupError, ValueError):
        return declared
    return "cp1252" if name in {"iso8859-1", "ascii"} else name


def _repair(declared: str | None, used: str) -> str | None:
    if declared is None:
        return None if used == "utf-8" else f"not utf-8, read as {used}"
    return None if used == _whatwg(declared) else f"declared {declared!r}, read as {used}"


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
