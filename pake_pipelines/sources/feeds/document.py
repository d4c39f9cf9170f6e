"""Bytes of an XML feed -> UTF-8 that parsers read alike: which encoding it really is in, and repairs of its markup."""

import codecs
import html
import re
from email.message import Message
from typing import Final

_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_DECLARATION: Final = re.compile(rb"\s{0,100}<\?xml\b[^>]{0,400}\?>")
_ENCODING: Final = re.compile(rb"""<\?xml\b[^>]{0,300}?\bencoding\s*=\s*["']([\w.:-]{1,40})""")
# the WHATWG Encoding Standard reads these labels as Windows' code page
_LATIN: Final = frozenset({"iso8859-1", "ascii"})
_C1: Final = re.compile(rb"\xc2[\x80-\x9f]")
_WINDOWS: Final = {code: bytes([code]).decode("cp1252", "ignore") for code in range(0x80, 0xA0)}
# texts in these encodings are valid UTF-8 and still something else
_SEVEN_BIT: Final = ("iso2022", "utf-7", "hz")
_REFERENCE: Final = re.compile(rb"&(#\d{1,7};|#[xX][0-9a-fA-F]{1,6};|([A-Za-z][A-Za-z0-9]{1,31});)?")
_ROOT: Final = re.compile(rb"<(?:[\w.-]{1,40}:)?(?:rss|feed|rdf|channel)[\s>]", re.IGNORECASE)
_XML_NAMES: Final = frozenset({b"amp", b"lt", b"gt", b"quot", b"apos"})
_CONTROLS: Final = bytes(code for code in range(32) if code not in {9, 10, 13})
_CDATA_START: Final = b"<![CDATA["
_CDATA_END: Final = b"]]>"


def readable(body: bytes, content_type: str | None) -> bytes | None:
    """Return `body` as UTF-8 without byte-order mark and foreign declaration; None when its encoding is unclear."""
    document = _as_utf8(body, content_type)
    return _windows_spelt_out(document) if document is not None and _C1.search(document) else document


def _windows_spelt_out(document: bytes) -> bytes:
    """Return `document` with C1 control characters read as what Windows' code page has there: quotes and dashes."""
    return document.decode().translate(_WINDOWS).encode()


def _as_utf8(body: bytes, content_type: str | None) -> bytes | None:
    """Settle the encoding.

    A byte-order mark decides. What is valid UTF-8 is UTF-8, whatever header and declaration say: text in another
    encoding hardly ever is. Then the header's charset and the declaration count, if the bytes can be read so.
    """
    for mark, encoding in _MARKS:
        if body.startswith(mark):
            return _recoded(body, encoding)
    declared = _ENCODING.match(body.lstrip()[:500])
    claims = [_codec(charset_of(content_type)), _codec(declared[1].decode() if declared else None)]
    if not any(claim and claim.startswith(_SEVEN_BIT) for claim in claims) and _is_utf8(body):
        same = declared is None or claims[1] == "utf-8"
        return body if same else _DECLARATION.sub(b"", body, count=1)
    return next(filter(None, (_recoded(body, claim) for claim in claims if claim)), None)


def charset_of(content_type: str | None) -> str | None:
    """Return the charset that a Content-Type header names."""
    if not content_type:
        return None
    header = Message()
    header["Content-Type"] = content_type
    return header.get_content_charset()


def repaired(document: bytes) -> bytes:
    """Return `document` without characters that XML forbids, and with HTML's entities and lone ampersands spelt out.

    CDATA sections stay as they are: markup in them is text.
    """
    document = document.translate(None, _CONTROLS)
    pieces, position = [], 0
    while (start := document.find(_CDATA_START, position)) >= 0:
        end = document.find(_CDATA_END, start)
        end = len(document) if end < 0 else end
        pieces += [_REFERENCE.sub(_spelt_out, document[position:start]), document[start:end]]
        position = end
    return b"".join([*pieces, _REFERENCE.sub(_spelt_out, document[position:])])


def without_entities(document: bytes) -> bytes:
    """Return `document` without its document type, if that declares entities: they may grow to any size.

    Names that HTML knows are spelt out by `repaired`, whoever declared them.
    """
    start = document.find(b"<!DOCTYPE")
    if start < 0 or b"<!ENTITY" not in document:
        return document
    root = _ROOT.search(document, start)
    return document[:start] + document[root.start() :] if root else b""


def _spelt_out(reference: re.Match[bytes]) -> bytes:
    whole, name = reference[0], reference[2]
    if name is None:
        return whole if reference[1] else b"&amp;"
    if name in _XML_NAMES:
        return whole
    text = html.unescape(whole.decode())
    return b"&amp;" + whole[1:] if text == whole.decode() else text.encode("ascii", "xmlcharrefreplace")


def _codec(name: str | None) -> str | None:
    """Return Python's name of an encoding of text; None for what it does not know."""
    try:
        found = codecs.lookup(name) if name else None
    except (LookupError, ValueError):
        return None
    # codecs such as base64 and zlib are no encodings of text
    if found is None or not getattr(found, "_is_text_encoding", True):
        return None
    return "cp1252" if found.name in _LATIN else found.name


def _is_utf8(body: bytes) -> bool:
    try:
        body.decode()
    except UnicodeDecodeError:
        return False
    return b"\x00" not in body[:200]


def _recoded(body: bytes, encoding: str) -> bytes | None:
    try:
        text = body.decode(encoding)
    except (UnicodeError, ValueError):
        return None
    return _DECLARATION.sub(b"", text.lstrip("\ufeff").encode("utf-8", "replace"), count=1)
