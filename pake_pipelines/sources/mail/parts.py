"""The parts of a message (MIME) -> the text that a person would read, and the names of what is attached to it.

Of alternatives the HTML is taken, unless the plain text says more. Parts that follow each other are joined; forwarded
messages are shown under who wrote them and what about.
"""

import html
import re
from collections.abc import Callable, Iterator, Sequence
from email.message import Message
from email.utils import collapse_rfc2231_value
from pathlib import PurePath
from typing import Final, NamedTuple

from pake_pipelines.sources.html_tree import decode as decode_page
from pake_pipelines.sources.html_tree import tree_of
from pake_pipelines.sources.mail.headers import GIVES_UP, raw_headers, readable, take_apart
from pake_pipelines.sources.mail.text import decode, invitation, mend_base64, unflow

# mail programs nest two or three deep; a message of hundreds of parts is no letter
_DEEPEST: Final = 20
_MOST_PARTS: Final = 500
_LONGEST_TEXT: Final = 2_000_000
_LONGEST_NAME: Final = 100
# plain text beside HTML often adds a line or two about the HTML
_AS_FULL: Final = 0.9

_HTML_TYPES: Final = frozenset({"text/html", "application/xhtml+xml"})
_MESSAGES: Final = frozenset({"message/rfc822", "message/global", "message/news"})
# what a mail program shows nobody: the content comes in another form beside it
_FOR_PROGRAMS: Final = frozenset(
    {
        "application/pgp-signature", "application/pkcs7-signature", "application/x-pkcs7-signature",
        "message/delivery-status", "message/disposition-notification", "message/feedback-report",
        "text/rfc822-headers", "text/x-amp-html", "text/watch-html",
    }
)  # fmt: skip
_TEXTS_TO_KEEP: Final = frozenset({"text/css", "text/directory", "text/javascript", "text/vcard", "text/x-vcard"})
_PAGE: Final = re.compile(r"\s*(?:<!doctype html|<html\b)", re.IGNORECASE)
_PAGE_END: Final = re.compile(r"</(?:body|html)\s*>", re.IGNORECASE)
_WORD: Final = re.compile(r"\w+")
_LINK: Final = re.compile(r"https?://\S+")
_ENRICHED: Final = re.compile(r"</?[A-Za-z-]{1,60}>")


class Piece(NamedTuple):
    """A stretch of text; `stands_in` is one that is shown only where there is no other."""

    text: str
    html: bool
    stands_in: bool = False


class Contents(NamedTuple):
    """What a message holds: its text in HTML or plain, its attachments for people, and the repairs that it needed."""

    text: str
    html: bool
    attachments: tuple[str, ...]
    problems: tuple[str, ...]


def read_parts(message: Message) -> Contents:
    """Return the contents of `message`, of at most 500 parts, 20 deep, and 2,000,000 characters. Raises nothing."""
    reading = _Reading()
    joined = _join(reading.pieces(message, 0))
    if len(joined.text) > _LONGEST_TEXT:
        reading.problem(f"only the first {_LONGEST_TEXT} characters were kept")
    problems = tuple(dict.fromkeys(reading.problems))
    return Contents(joined.text[:_LONGEST_TEXT], joined.html, tuple(reading.attachments), problems)


class _Reading:
    """One message being read."""

    def __init__(self) -> None:
        self.attachments: list[str] = []
        self.problems: list[str] = []
        self._parts = 0
        self._seen_text = False

    def problem(self, text: str) -> None:
        self.problems.append(text)

    def pieces(self, part: Message, depth: int) -> list[Piece]:
        """Return the text of `part` and of all below it; what is broken beyond repair is left out and noted."""
        self._parts += 1
        if self._parts > _MOST_PARTS or depth > _DEEPEST:
            self.problem(f"more than {_MOST_PARTS} parts or {_DEEPEST} levels: the rest is left out")
            return []
        try:
            return self._pieces(part, depth)
        except GIVES_UP as error:
            self.problem(f"a part that cannot be read is left out ({type(error).__name__})")
            return []

    def _pieces(self, part: Message, depth: int) -> list[Piece]:
        kind = part.get_content_type()
        if kind in _FOR_PROGRAMS:
            return []
        if kind in _MESSAGES:
            return self._forwarded(part, depth)
        if part.is_multipart():
            below = [self.pieces(child, depth + 1) for child in _children(part)]
            return [_fullest(below)] if kind == "multipart/alternative" else [piece for some in below for piece in some]
        if kind.startswith("multipart/"):
            self.problem(f"{kind} without parts: read as text")
        elif self._is_attachment(part, kind):
            self._name(part, kind)
            return []
        return [self._text(part, kind)]

    def _forwarded(self, part: Message, depth: int) -> list[Piece]:
        inner = next(_children(part), None)
        if inner is not None and _encoding(part) == "base64" and not inner.keys():
            # RFC 2046 forbids it, and some programs do it
            inner = take_apart(_octets(inner, "base64"))
        if inner is None:
            return []
        told = [f"{name}: {readable(raw)}" for name in ("From", "Subject", "Date") for raw in raw_headers(inner, name)]
        return [Piece("\n".join(["Forwarded message", *told]), html=False), *self.pieces(inner, depth + 1)]

    def _is_attachment(self, part: Message, kind: str) -> bool:
        disposition = _told(part.get_content_disposition)
        if disposition == "attachment" or kind in _TEXTS_TO_KEEP:
            return True
        if not kind.startswith("text/") and kind not in _HTML_TYPES:
            return True
        return disposition != "inline" and self._seen_text and _told(part.get_filename) is not None

    def _name(self, part: Message, kind: str) -> None:
        name = _file_name(part)
        if not name and kind.startswith("image/") and "content-id" in part:
            return  # a picture that the text shows
        size = len(_octets(part, _encoding(part)))
        self.attachments.append(f"{name or 'unnamed'} ({kind}, {_amount(size)})")

    def _text(self, part: Message, kind: str) -> Piece:
        self._seen_text = True
        octets = _octets(part, _encoding(part))
        declared = _told(part.get_content_charset)
        if declared is None and kind in _HTML_TYPES:
            return Piece(decode_page(octets, None), html=True)
        text, problem = decode(octets, declared)
        if problem:
            self.problem(problem)
        return _piece(text, kind, part)


def _piece(text: str, kind: str, part: Message) -> Piece:
    if kind in _HTML_TYPES or _PAGE.match(text):
        return Piece(text, html=True)
    if kind == "text/calendar":
        return Piece(invitation(text), html=False, stands_in=True)
    if kind in {"text/enriched", "text/richtext"}:
        return Piece(_ENRICHED.sub("", text.replace("<<", "<")), html=False)
    if _parameter(part, "format") == "flowed":
        return Piece(unflow(text, delete_space=_parameter(part, "delsp") == "yes"), html=False)
    return Piece(text, html=False)


def _told(ask: Callable[[], str | None]) -> str | None:
    """Return what a part's headers say, None where they are broken."""
    try:
        return ask()
    except GIVES_UP:
        return None


def _parameter(part: Message, name: str) -> str:
    return (_told(lambda: collapse_rfc2231_value(part.get_param(name, ""))) or "").lower()


def _children(part: Message) -> Iterator[Message]:
    payload = part.get_payload()
    yield from (child for child in payload if isinstance(child, Message)) if isinstance(payload, list) else ()


def _encoding(part: Message) -> str:
    """Return the transfer encoding that a part means by what it declares."""
    declared = str(part.get("content-transfer-encoding", "")).lower()
    return next((known for known in ("base64", "quoted-printable", "uuencode") if known in _joined(declared)), "")


def _joined(declared: str) -> str:
    return "-".join(declared.replace("-", " ").split())


def _octets(part: Message, encoding: str) -> bytes:
    """Return the bytes that a part stands for."""
    del part["content-transfer-encoding"]
    raw = part.get_payload(decode=True)
    if not isinstance(raw, bytes):
        return b""
    if encoding == "base64" and (mended := mend_base64(raw)) is not None:
        return mended
    if not encoding:
        return raw
    part["content-transfer-encoding"] = encoding
    decoded = part.get_payload(decode=True)
    return decoded if isinstance(decoded, bytes) else raw


def _file_name(part: Message) -> str:
    name = readable(_told(part.get_filename) or "")
    return PurePath(name.replace("\\", "/")).name[:_LONGEST_NAME]


def _amount(size: int) -> str:
    """Return a size in bytes for people, in powers of 1,000."""
    for unit, factor in (("MB", 1_000_000), ("kB", 1_000)):
        if size >= factor:
            return f"{size / factor:.3g} {unit}"
    return f"{size} bytes"


def _fullest(alternatives: Sequence[Sequence[Piece]]) -> Piece:
    """Return the alternative with the fullest text; the HTML, which keeps its form, wherever it says as much."""
    joined = [_join([piece for piece in pieces if not piece.stands_in]) for pieces in alternatives]
    best: dict[bool, tuple[int, Piece]] = {True: (0, Piece("", html=True)), False: (0, Piece("", html=False))}
    for piece in joined:
        best[piece.html] = max(best[piece.html], (_words(piece), piece), key=lambda one: one[0])
    (html_words, marked_up), (plain_words, plain) = best[True], best[False]
    if not html_words and not plain_words:
        return _join([piece for pieces in alternatives for piece in pieces])
    return marked_up if html_words >= _AS_FULL * plain_words else plain


def _words(piece: Piece) -> int:
    """Count the words that a reader sees; addresses of links, which plain text spells out, are none."""
    return len(_WORD.findall(_LINK.sub("", visible(piece.text) if piece.html else piece.text)))


def visible(markup: str) -> str:
    """Return the text of HTML that a browser would show, tags and styles left out."""
    from lxml import etree

    tree = tree_of(markup)
    if tree is None:
        return ""
    etree.strip_elements(tree, "head", "script", "style", "title", with_tail=False)
    return "\n".join(tree.itertext())


def _join(pieces: Sequence[Piece]) -> Piece:
    """Return one piece that holds all of `pieces`, in HTML if any of them is."""
    said = [piece for piece in pieces if piece.text.strip()]
    if any(piece.html for piece in said):
        return Piece(join_html([piece.text if piece.html else as_html(piece.text) for piece in said]), html=True)
    return Piece("\n\n".join(piece.text.strip("\r\n") for piece in said), html=False)


def join_html(markups: Sequence[str]) -> str:
    """Return HTML that shows one after the other; nothing may stand behind the end of a page, so ends are left out."""
    return "\n".join(_PAGE_END.sub("", one) for one in markups) if len(markups) > 1 else "".join(markups)


def as_html(text: str) -> str:
    """Return plain text as paragraphs of HTML that keep its lines."""
    paragraphs = re.split(r"\n\s*\n", text.replace("\r\n", "\n").strip())
    return "\n".join(f"<p>{html.escape(one, quote=False)}</p>".replace("\n", "<br>\n") for one in paragraphs)
