"""One message (RFC 5322) -> one entry: the text that a person would read of it, from whom, about what and when.

Attachments are not stored; the last line of the text names them, because that is where a reader looks for what is
missing.
"""

import hashlib
import re
from datetime import UTC, datetime, timedelta
from email.message import Message
from typing import Final

from pake_pipelines.model.entry import Entry, Parsed, Unparsed
from pake_pipelines.sources.mail.headers import GIVES_UP, addresses, moment, raw_headers, readable, take_apart
from pake_pipelines.sources.mail.parts import Contents, as_html, join_html, read_parts, visible
from pake_pipelines.sources.protocol import Fetched
from pake_pipelines.sources.scrub import scrub

_LONGEST_TITLE: Final = 500
_LONGEST_AUTHOR: Final = 500
# PostgreSQL indexes no key of more than 2,704 bytes
_LONGEST_KEY: Final = 1000
_MOST_NAMED: Final = 50
# RFC 822 is of 1982; and a clock may be wrong by its zone, hardly by more
_FIRST_MAIL: Final = datetime(1982, 8, 13, tzinfo=UTC)
_CLOCK_ERROR: Final = timedelta(days=1)
_MESSAGE_ID: Final = re.compile(r"<([^<>]+)>")
_WEB_ADDRESS: Final = re.compile(r"https?://[^\s<>]+", re.IGNORECASE)


def parse_message(fetched: Fetched) -> Parsed:
    """Turn one message into its entry.

    Its key is the Message-ID, else a hash of its bytes; its address the Archived-At header (RFC 5064), never
    List-Archive, which is the same for all messages of a list. An empty message, and one with parts nested hundreds
    deep or thousands of headers, is unparsed: it is one of many, and nothing is wrong with its folder. Raises nothing.
    """
    if not fetched.body.strip():
        return Parsed((), (Unparsed(fetched.url, "empty", "the message is empty"),))
    try:
        message = take_apart(fetched.body)
    except GIVES_UP as error:
        detail = f"a message that cannot be taken apart: {type(error).__name__}: {error}"
        return Parsed((), (Unparsed(fetched.url, "malformed", detail),))
    return Parsed((_entry(message, fetched),))


def _entry(message: Message, fetched: Fetched) -> Entry:
    contents = read_parts(message)
    key, key_problem = _key(message, fetched.body)
    published, date_problem = _published(message, fetched)
    body = scrub(_with_attachments(contents))
    text_problem = None if body.strip() else "no text"
    return Entry(
        key=key,
        title=_title(message, contents),
        body=body,
        media_type="text/html" if contents.html else "text/plain",
        url=_archived_at(message),
        author=_author(message),
        published_at=published,
        problems=tuple(scrub(one) for one in (key_problem, date_problem, text_problem, *contents.problems) if one),
    )


def _key(message: Message, body: bytes) -> tuple[str, str | None]:
    """Return what the message is known by, wherever it is moved to and however its folder is numbered."""
    raw = raw_headers(message, "message-id")
    named = {"".join(found[1].split()) for one in raw for found in _MESSAGE_ID.finditer(one)}
    named = {scrub(one) for one in named} - {""}
    if len(named) == 1 and len((name := named.pop()).encode()) <= _LONGEST_KEY:
        return name, None
    return hashlib.sha256(body).hexdigest(), "no Message-ID, or several: known by its bytes"


def _title(message: Message, contents: Contents) -> str:
    for raw in raw_headers(message, "subject"):
        if subject := readable(raw):
            return subject[:_LONGEST_TITLE]
    text = visible(contents.text) if contents.html else contents.text
    lines = (line.strip() for line in scrub(text).splitlines())
    return next((line for line in lines if line), "(no subject)")[:_LONGEST_TITLE]


def _author(message: Message) -> str | None:
    for raw in [*raw_headers(message, "from"), *raw_headers(message, "sender")]:
        named = [f"{one.name} <{one.address}>" if one.name else one.address for one in addresses(raw)]
        if told := ", ".join(named) or readable(raw):
            return told[:_LONGEST_AUTHOR]
    return None


def _published(message: Message, fetched: Fetched) -> tuple[datetime | None, str | None]:
    """Return when the message was sent, as its Date says where that can be; else when it arrived."""
    latest = (fetched.modified_at or fetched.fetched_at) + _CLOCK_ERROR
    for raw in raw_headers(message, "date"):
        sent = moment(raw)
        if sent and _FIRST_MAIL <= sent <= latest:
            return sent, None
    return fetched.modified_at, "no usable date: dated by its arrival" if fetched.modified_at else "no usable date"


def _archived_at(message: Message) -> str | None:
    found = (_WEB_ADDRESS.search(readable(raw)) for raw in raw_headers(message, "archived-at"))
    return next((address[0] for address in found if address), None)


def _with_attachments(contents: Contents) -> str:
    if not contents.attachments:
        return contents.text
    named = list(contents.attachments[:_MOST_NAMED])
    if left_out := len(contents.attachments) - len(named):
        named.append(f"and {left_out} more")
    line = f"Attachments: {', '.join(named)}"
    return join_html([contents.text, as_html(line)]) if contents.html else f"{contents.text}\n\n{line}".lstrip("\n")
