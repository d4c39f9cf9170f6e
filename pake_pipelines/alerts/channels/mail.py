"""What an e-mail looks like: headers, text, HTML, attachments."""

import mimetypes
import re
from collections.abc import Iterable
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr
from pathlib import Path
from typing import Final

from pake_pipelines.alerts.channels.identifier import identifier
from pake_pipelines.alerts.text import html_page, one_line, plain, subject
from pake_pipelines.model.alert import Message

_MEGABYTE: Final = 1_000_000
# a link to a file beside the page: where a mail is read, that file is not
_BESIDE: Final = re.compile(rb'<a href="(?![a-z]+:|#)[^"]*">(.*?)</a>', re.IGNORECASE | re.DOTALL)


def compose(message: Message, sender: str, recipients: Iterable[str], max_attachment_mb: float) -> EmailMessage:
    """Return the mail for `message`. Blocks while it reads the attachments.

    The Message-ID is made from the key, so that the same message sent twice is known as one; mails of one group refer
    to one another. Attachments that are missing, or go beyond `max_attachment_mb` together, are named in the text;
    pages lead to addresses of the web only, and say the rest in words.
    """
    attached, left_out = _attachments(message.attachments, int(max_attachment_mb * _MEGABYTE))
    domain = domain_of(sender)
    mail = EmailMessage(policy=SMTP)
    mail["From"] = sender
    mail["To"] = ", ".join(recipients)
    mail["Subject"] = subject(message)
    mail["Date"] = format_datetime(message.created_at)
    mail["Message-ID"] = f"<{identifier(message.key)}@{domain}>"
    mail["References"] = f"<{identifier(f'group {message.group}')}@{domain}>"
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content("\n".join([plain(message), *left_out]), cte="quoted-printable")
    mail.add_alternative(html_page(message), subtype="html", cte="quoted-printable")
    for name, content in attached:
        kind, _, subtype = (mimetypes.guess_type(name)[0] or "application/octet-stream").partition("/")
        mail.add_attachment(content, maintype=kind, subtype=subtype, filename=name)
    return mail


def domain_of(sender: str) -> str:
    """Return the domain of an address."""
    return parseaddr(sender)[1].rpartition("@")[2]


def _attachments(paths: Iterable[str], room: int) -> tuple[list[tuple[str, bytes]], list[str]]:
    """Return the files that fit into `room` bytes with their names, and a line for each of the others."""
    attached, left_out = [], []
    for path in map(Path, paths):
        name = one_line(path.name, 100)
        try:
            content = _read(path, room)
        except OSError as error:
            left_out.append(f"Not attached: {name}, {error.strerror or type(error).__name__}")
            continue
        if content is None:
            left_out.append(f"Not attached: {name}, too large for a mail")
            continue
        room -= len(content)
        attached.append((name, _BESIDE.sub(rb"\1", content) if path.suffix == ".html" else content))
    return attached, left_out


def _read(path: Path, room: int) -> bytes | None:
    """Return what is in a file, None when that is more than `room` bytes. Raises OSError, also for what is no file."""
    if not path.is_file():
        raise FileNotFoundError(0, "no such file")
    with path.open("rb") as file:
        content = file.read(room + 1)
    return content if len(content) <= room else None
