"""HTML from the world: from bytes to text in the right encoding, and from text to a tree."""

import codecs
import re
from typing import Any, Final

_MARKS: Final = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
# where a page may declare its encoding, and how browsers read old names (WHATWG HTML 13.2.3.2, Encoding 4.2)
_PRESCAN: Final = 1024
_META_CHARSET: Final = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([A-Za-z0-9_.:-]{1,40})", re.IGNORECASE)
_HEADER_CHARSET: Final = re.compile(r";\s*charset\s*=\s*[\"']?([A-Za-z0-9_.:-]{1,40})", re.IGNORECASE)
_READ_AS: Final = {"ascii": "cp1252", "iso8859-1": "cp1252", "gb2312": "gbk", "iso8859-9": "cp1254"}
# text in one of these is practically never whole UTF-8 unless it is ASCII
_SINGLE_BYTE: Final = ("cp125", "iso8859", "koi8", "mac")
# Python's own codecs that no page is written in; punycode takes quadratic time
_NO_CHARSETS: Final = frozenset({"idna", "punycode", "raw-unicode-escape", "undefined", "unicode-escape", "utf-7"})


def decode(body: bytes, content_type: str | None) -> str:
    """Return the text of a page: by its byte order mark, the header, its own declaration, else UTF-8 or Windows-1252.

    A declaration that the bytes refute does not count: whole UTF-8 is read as such where one byte a character was
    declared, and what would be mostly damaged as UTF-8 is Windows-1252. What an encoding has no character for is
    replaced; nothing is raised.
    """
    for mark, charset in _MARKS:
        if body.startswith(mark):
            return body[len(mark) :].decode(charset, "replace")
    if declared := _declared(body, content_type):
        if declared == "utf-8" or declared.startswith(_SINGLE_BYTE):
            return _by_its_bytes(body, declared)
        return body.decode(declared, "replace")
    return _by_its_bytes(body, "cp1252")


def _by_its_bytes(body: bytes, otherwise: str) -> str:
    try:
        return body.decode()
    except UnicodeDecodeError:
        text = body.decode(otherwise, "replace")
    if 2 * text.count("\ufffd") <= sum(not character.isascii() for character in text):
        return text
    return body.decode("cp1252", "replace")


def _declared(body: bytes, content_type: str | None) -> str | None:
    in_header = _HEADER_CHARSET.search(content_type or "")
    if in_header and (charset := _charset(in_header[1])):
        return charset
    in_page = _META_CHARSET.search(body[:_PRESCAN])
    charset = _charset(in_page[1].decode()) if in_page else None
    # a declaration that was read as ASCII is not written in 16 bits
    return None if charset is None or charset.startswith(("utf-16", "utf-32")) else charset


def _charset(name: str) -> str | None:
    """Return the codec that browsers read `name` with; None where there is none."""
    try:
        b"a".decode(name, "replace")  # Python's codecs that do not make text are refused here
        known = codecs.lookup(name).name
    except (LookupError, ValueError):
        return None
    return None if known in _NO_CHARSETS else _READ_AS.get(known, known)


def depths(tree: Any) -> tuple[int, int]:
    """Return the greatest depth of an element of `tree`, and the sum of the depths of all."""
    from lxml import etree

    depth = deepest = total = 0
    for event, _ in etree.iterwalk(tree, events=("start", "end")):
        if event == "end":
            depth -= 1
            continue
        depth += 1
        deepest = max(deepest, depth)
        total += depth
    return deepest, total


def tree_of(markup: str) -> Any:
    """Return the lxml tree of `markup`, without comments; None where there is no element in it."""
    from lxml import etree
    from lxml.html import HTMLParser

    # without huge_tree a page nested deeper than 256 elements, or with 10 MB of text in one piece, has no tree at all
    parser = HTMLParser(
        huge_tree=True, remove_comments=True, remove_pis=True, collect_ids=False, no_network=True, encoding="utf-8"
    )
    try:
        return etree.fromstring(markup.encode("utf-8", "replace"), parser)
    except etree.LxmlError:
        return None
