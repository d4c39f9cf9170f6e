"""Headers of mail: encoded words, addresses and dates, as far as they can be made out."""

import re
from datetime import UTC, datetime
from email import message_from_bytes
from email.errors import HeaderParseError, InvalidHeaderDefect, MessageDefect, MessageError
from email.header import decode_header
from email.headerregistry import AddressHeader
from email.message import Message
from email.policy import Compat32, default
from email.utils import parsedate_to_datetime
from typing import Final, NamedTuple

from pake_pipelines.sources.mail.text import decode
from pake_pipelines.sources.scrub import scrub

# what the standard library's parsers are known to raise on headers that nobody should send
GIVES_UP: Final = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    MessageError,
    RecursionError,
    TypeError,
    ValueError,
)
# RFC 5322 allows lines of 998 characters; the parsers of parameters and addresses take quadratic time
_LONGEST: Final = 10_000
_LONGEST_ADDRESSES: Final = 2_000
_MOST: Final = 10_000
_LOOKS_LIKE_ADDRESS: Final = re.compile(r"[^\s<>()\[\],;:\"]+@[^\s<>()\[\],;:\"]+")


class _Tolerant(Compat32):
    """The policy that never raises; bytes beyond ASCII in headers are decoded, and what is over-long is cut."""

    def header_source_parse(self, sourcelines: list[str]) -> tuple[str, str]:
        name, value = super().header_source_parse(sourcelines)
        return name, value[:_LONGEST]

    def header_fetch_parse(self, name: str, value: str) -> str:
        return _undo_escapes(value)


_TOLERANT: Final = _Tolerant()


def take_apart(body: bytes) -> Message:
    """Return a message as headers, of at most 10,000 characters each, and parts.

    Raises RecursionError where parts are nested hundreds deep, ValueError where there are more than 10,000 headers.
    """
    message = message_from_bytes(body, policy=_TOLERANT)
    if len(message) > _MOST:
        raise ValueError(f"{len(message)} headers")
    return message


class Address(NamedTuple):
    """Whom a header names: a name, possibly empty, and an address."""

    name: str
    address: str


def raw_headers(message: Message, *names: str) -> list[str]:
    """Return the values of the headers `names` as they stand."""
    wanted = {name.lower() for name in names}
    return [str(value) for name, value in message.raw_items() if name.lower() in wanted]


def readable(raw: str) -> str:
    """Return a header's value as one line of text: RFC 2047's encoded words and bytes beyond ASCII are decoded."""
    text = _undo_escapes(raw)
    try:
        parts = [_decoded(part, charset) for part, charset in decode_header(text)]
    except HeaderParseError:
        parts = [text]
    return " ".join(scrub("".join(parts)).split())


def _undo_escapes(raw: str) -> str:
    """Decode the bytes beyond ASCII that the parser keeps as surrogates."""
    try:
        return decode(raw.encode("utf-8", "surrogateescape"), None)[0]
    except UnicodeEncodeError:  # surrogates of other origin
        return scrub(raw)


def _decoded(part: bytes | str, charset: str | None) -> str:
    if isinstance(part, str):
        return part
    # decode_header itself turns what lies between encoded words into bytes so
    return decode(part, charset)[0] if charset else part.decode("raw-unicode-escape")


def addresses(raw: str) -> list[Address]:
    """Return whom an address header names; empty when it cannot be made out."""
    header = _address_header(raw)
    if header is None:
        return []
    named = [Address(readable(one.display_name), scrub(one.addr_spec)) for one in header.addresses if one.domain]
    return [one for one in named if one.address]


def claimed_addresses(raw: str) -> set[str]:
    """Return every address that a reader might take an address header to name, in small letters.

    A header that breaks the rules is read differently by different programs (`good@x.org <evil@y.org>`): whatever
    looks like an address in it counts. Empty when it cannot be made out or has more than 2,000 characters.
    """
    header = _address_header(raw)
    if header is None:
        return set()
    claimed = {one.addr_spec for one in header.addresses}
    if any(isinstance(defect, InvalidHeaderDefect) for defect in _defects(header)):
        claimed.update(_LOOKS_LIKE_ADDRESS.findall(raw))
    return {address.lower() for address in claimed}


def _defects(header: AddressHeader) -> tuple[MessageDefect, ...]:
    """Return what is wrong with a header; the type stubs know it only of the class that the factory mixes in."""
    return tuple(getattr(header, "defects", ()))


def _address_header(raw: str) -> AddressHeader | None:
    if len(raw) > _LONGEST_ADDRESSES:
        return None
    try:
        header = default.header_factory("from", " ".join(raw.splitlines()))
    except GIVES_UP:
        return None
    return header if isinstance(header, AddressHeader) else None


def moment(raw: str) -> datetime | None:
    """Return a date header, or IMAP's internal date, in UTC; None when it is no date."""
    try:
        found = parsedate_to_datetime(readable(raw))
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    except GIVES_UP:
        return None
