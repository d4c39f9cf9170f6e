"""A connection to an IMAP server: imap-tools in threads, bounded in time and bytes, failing as SourceError.

Messages are always named by their UID, never by their place in the folder. What the server says to the login is never
repeated, because servers may echo the command and with it the password.
"""

import asyncio
import imaplib
import re
import socket
import ssl
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, NamedTuple, TypeVar

from imap_tools import (
    BaseMailBox,
    ImapToolsError,
    MailboxFolderSelectError,
    MailboxLoginError,
    UnexpectedCommandStatusError,
)
from imap_tools.utils import check_command_status

from pake_pipelines.config.source_kinds import MailboxSource
from pake_pipelines.sources.mail.headers import moment
from pake_pipelines.sources.protocol import SourceError

_T = TypeVar("_T")

# lines around the bodies: the UIDs of two million messages, as imap-tools reckons
_LINES_BYTES: Final = 20 * 1024 * 1024
_GOODBYE_SECONDS: Final = 5.0
_SAID_CHARACTERS: Final = 200
# RFC 5530: what goes by without anybody changing anything
_PASSING: Final = (b"[UNAVAILABLE]", b"[INUSE]", b"[LIMIT]", b"[SERVERBUG]")
_UID: Final = re.compile(rb"\bUID (\d+)")
_SIZE: Final = re.compile(rb"\bRFC822\.SIZE (\d+)")
_ARRIVED: Final = re.compile(rb'\bINTERNALDATE "([^"]*)"')
# ValueError: numbers and charsets that are none, which neither library expects
_FAILURES: Final = (imaplib.IMAP4.error, ImapToolsError, OSError, SourceError, ValueError)


@dataclass(frozen=True, slots=True)
class Account:
    """Whose mailbox is read; the password is never shown."""

    username: str
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Numbering:
    """What holds for a folder's UIDs: UIDVALIDITY (0 when the server gives none) and the next UID, if known."""

    validity: int
    next_uid: int | None


@dataclass(frozen=True, slots=True)
class Summary:
    """A message before its download: RFC822.SIZE in bytes, INTERNALDATE in UTC, and its From header as it stands."""

    uid: int
    size: int
    arrived_at: datetime | None
    senders: bytes


class Refused(NamedTuple):
    """A message that is there and that the server does not give out, and what it said."""

    said: str


class Connection:
    """One connection to the folder of a mailbox; one exchange at a time.

    All exchanges together may wait for the server `visit_seconds` of the source. Every method raises SourceError:
    unreachable, timeout, busy, credentials, missing (the folder), refused (a certificate, an unprotected or read-only
    mailbox), too_large (the server sends more than was asked for), unreadable (anything else it refuses).
    """

    def __init__(self, source: MailboxSource, account: Account, *, max_bytes: int) -> None:
        """Prepare a connection whose exchanges bring at most `max_bytes` and 20 MB of lines each."""
        self._source = source
        self._account = account
        self._max_bytes = max_bytes
        self._seconds_left = source.visit_seconds
        self._wire = _Wire(max_bytes + _LINES_BYTES)
        self._mailbox: BaseMailBox | None = None
        self._logged_in = False
        self.numbering = Numbering(0, None)

    async def open(self, *, readonly: bool) -> Numbering:
        """Connect, log in and open the folder: with EXAMINE when `readonly`, and then nothing can change it."""
        self.numbering = await self._exchange(lambda: self._open(readonly=readonly))
        return self.numbering

    async def search(self, criteria: str) -> list[int]:
        """Return the UIDs that match `criteria`, in order."""
        return await self._exchange(lambda: sorted({int(uid) for uid in self._opened.uids(criteria, charset=None)}))

    async def summaries(self, uids: Sequence[int], *, with_senders: bool) -> Mapping[int, Summary]:
        """Return the summaries of those of `uids` that are still there; without senders the header stays empty."""
        header = " BODY.PEEK[HEADER.FIELDS (FROM)]" if with_senders else ""
        named, what = ",".join(str(uid) for uid in uids), f"(UID RFC822.SIZE INTERNALDATE{header})"
        told = await self._exchange(lambda: self._uid_command("FETCH", named, what))
        wanted = set(uids)
        found = (summary for answer in _answers(told) if (summary := _summary(answer)))
        return {summary.uid: summary for summary in found if summary.uid in wanted}

    async def body(self, uid: int) -> bytes | Refused | None:
        """Return the raw message, at most one byte more than the limit; None when it is no longer there."""
        return await self._exchange(lambda: self._body(uid))

    async def mark_seen(self, uid: int) -> None:
        """Set the flag that says that a message was read."""
        # imap-tools' own flag() also expunges, and with that destroys what was only marked as deleted
        await self._exchange(lambda: self._uid_command("STORE", str(uid), "+FLAGS.SILENT", r"(\Seen)"))

    async def close(self) -> None:
        """Say goodbye where the server still listens, which also hangs up."""
        if self._mailbox is not None and not self._wire.is_cut:
            self._seconds_left = min(self._seconds_left, _GOODBYE_SECONDS)
            # a goodbye that goes wrong changes nothing: the line is closed either way
            with suppress(SourceError):
                await self._exchange(self._mailbox.logout)

    @property
    def _opened(self) -> BaseMailBox:
        if self._mailbox is None:
            raise RuntimeError("the connection is not open")
        return self._mailbox

    async def _exchange(self, work: Callable[[], _T]) -> _T:
        """Run blocking `work` in a thread; when it fails, takes too long or is given up, the line is cut."""
        started = time.monotonic()
        self._wire.allow(self._max_bytes + _LINES_BYTES)
        try:
            async with asyncio.timeout(max(self._seconds_left, 0)):
                return await asyncio.to_thread(self._told, work)
        except BaseException as error:
            self._wire.cut()
            if isinstance(error, TimeoutError):
                seconds = self._source.visit_seconds
                raise SourceError("timeout", f"{self._source.address}: not done within {seconds:g} s") from None
            raise
        finally:
            self._seconds_left -= time.monotonic() - started

    def _told(self, work: Callable[[], _T]) -> _T:
        try:
            return work()
        except _FAILURES as error:
            failure = error if isinstance(error, SourceError) else self._failure(error)
        finally:
            if self._wire.is_cut:
                self._wire.hang_up()
        self._wire.hang_up()
        # outside of the handler, so that nothing refers to what the server said
        raise failure

    def _failure(self, error: Exception) -> SourceError:
        """Return what to tell of an error."""
        where, said, passing = self._source.address, *self._said(error)
        match error:
            case ssl.SSLCertVerificationError():
                return SourceError("refused", f"{where}: its certificate is not trusted: {error.verify_message}")
            case TimeoutError():
                return SourceError("timeout", f"{where}: the server fell silent")
            case imaplib.IMAP4.readonly():
                return SourceError("refused", f"{where}: the folder is read-only, nothing can be marked as seen")
            case imaplib.IMAP4.abort() | OSError():
                return SourceError("unreachable", f"{where}: {said}")
            case _ if passing:
                return SourceError("busy", f"{where}: not at the moment: {said}")
            case MailboxLoginError():
                names = f"{self._source.username_env} and {self._source.password_env}"
                return SourceError("credentials", f"{where}: the login was refused; see {names}")
            case MailboxFolderSelectError():
                return SourceError("missing", f"{where}: the folder cannot be opened: {said}")
        return SourceError("unreadable", f"{where}: {said}")

    def _said(self, error: Exception) -> tuple[str, bool]:
        """Return what the server said, without the account, and whether it calls that passing."""
        result = getattr(error, "command_result", None)
        data = b" ".join(part for part in result[1] if part) if result else str(error).encode()
        passing = any(code in data for code in _PASSING)
        if not self._logged_in and not isinstance(error, OSError):
            return "the server broke off before the login was done", passing
        text = " ".join(data.decode("utf-8", "replace").split())
        for secret in (self._account.password, self._account.username):
            for written in (secret, repr(secret)[1:-1], repr(secret.encode())[2:-1]):
                text = text.replace(written, "***")
        return text[:_SAID_CHARACTERS], passing

    def _open(self, *, readonly: bool) -> Numbering:
        mailbox = _MailBox(self._source, self._wire)
        self._mailbox = mailbox
        self._log_in(mailbox)
        self._logged_in = True
        mailbox.folder.set(self._source.folder, readonly=readonly)
        return Numbering(_number(mailbox, "UIDVALIDITY") or 0, _number(mailbox, "UIDNEXT"))

    def _log_in(self, mailbox: BaseMailBox) -> None:
        username, password = self._account.username, self._account.password
        log_in = mailbox.login if (username + password).isascii() else mailbox.login_utf8
        try:
            log_in(username, password, None)
        except imaplib.IMAP4.abort:
            raise
        except imaplib.IMAP4.error as error:  # imaplib's form of BAD, and of NO to AUTHENTICATE
            raise MailboxLoginError(("BAD", [str(error).encode()]), "OK") from error

    def _body(self, uid: int) -> bytes | Refused | None:
        try:
            # sizes that servers announce are not always those that they send
            told = self._uid_command("FETCH", str(uid), f"(UID BODY.PEEK[]<0.{self._max_bytes + 1}>)")
        except UnexpectedCommandStatusError as error:
            said, passing = self._said(error)
            if passing:
                raise
            # RFC 2180: some servers refuse what was deleted meanwhile, and some what they cannot read themselves
            return Refused(said) if self._opened.uids(f"UID {uid}", charset=None) else None
        bodies = [answer.literals[-1] for answer in _answers(told) if answer.uid == uid and answer.literals]
        return bodies[-1] if bodies else None

    def _uid_command(self, *words: str) -> list[Any]:
        result = self._opened.client.uid(*words)
        check_command_status(result, UnexpectedCommandStatusError)
        return list(result[1])


class _Wire:
    """What the event loop holds of a connection that a thread works with: its line, and how much it may still bring."""

    def __init__(self, allowance: int) -> None:
        self._allowance = allowance
        self._client: imaplib.IMAP4 | None = None
        self.is_cut = False

    def attach(self, client: imaplib.IMAP4) -> None:
        """Take hold of a client that has just connected."""
        self._client = client
        if self.is_cut:
            self.cut()

    def allow(self, size: int) -> None:
        """Let the next exchange bring `size` bytes."""
        self._allowance = size

    def spend(self, size: int) -> None:
        """Count bytes that have come or are announced. Raises SourceError (too_large)."""
        self._allowance -= size
        if self._allowance < 0:
            raise SourceError("too_large", "the server sends far more than it was asked for")

    def cut(self) -> None:
        """End whatever the thread waits for."""
        self.is_cut = True
        if self._client is not None:
            with suppress(OSError):  # the other side may have been faster
                self._client.socket().shutdown(socket.SHUT_RDWR)

    def hang_up(self) -> None:
        """Close what is open; called where nobody reads any more."""
        if self._client is not None:
            with suppress(OSError):
                self._client.shutdown()


class _Client(imaplib.IMAP4):
    """imaplib's client, which by itself reads whatever a server announces."""

    def __init__(self, wire: _Wire, host: str, port: int, **options: Any) -> None:
        self._wire = wire
        super().__init__(host, port, **options)

    def open(self, host: str = "", port: int = 143, timeout: float | None = None) -> None:
        super().open(host, port, timeout)
        self._wire.attach(self)

    def read(self, size: int) -> bytes:
        self._wire.spend(size)
        return super().read(size)

    def readline(self) -> bytes:
        line = super().readline()
        self._wire.spend(len(line))
        return line


class _TlsClient(_Client, imaplib.IMAP4_SSL):  # type: ignore[misc]  # the stubs differ in an optional argument
    """The same, inside TLS from the first byte on."""


class _MailBox(BaseMailBox):
    """imap-tools' mailbox on such a client."""

    def __init__(self, source: MailboxSource, wire: _Wire) -> None:
        self._source = source
        self._wire = wire
        super().__init__()

    def _get_mailbox_client(self) -> imaplib.IMAP4:
        source = self._source
        host, port, timeout = source.host or "", source.port, source.silence_seconds
        if source.security == "tls":
            return _TlsClient(self._wire, host, port, ssl_context=ssl.create_default_context(), timeout=timeout)
        client = _Client(self._wire, host, port, timeout=timeout)
        if source.security == "starttls":
            if "STARTTLS" not in client.capabilities:
                raise SourceError("refused", f"{source.address}: offers no STARTTLS; nothing was sent to it")
            client.starttls(ssl.create_default_context())
        return client


class _Answer(NamedTuple):
    """One FETCH response: the UID that it is about, its attributes as text, and the literals among them in order."""

    uid: int | None
    attributes: bytes
    literals: list[bytes]


def _answers(data: Iterable[Any]) -> Iterator[_Answer]:
    """Put together what imaplib takes apart: a pair for each literal and what precedes it, then the rest of the line.

    Servers put attributes in any order, and tell unasked what changed in other messages.
    """
    attributes, literals = b"", []
    for item in data:
        if isinstance(item, tuple):
            attributes += item[0]
            literals.append(item[1])
        elif item is not None:
            attributes += item
            uid = _UID.search(attributes)
            yield _Answer(int(uid[1]) if uid else None, attributes, literals)
            attributes, literals = b"", []


def _summary(answer: _Answer) -> Summary | None:
    size = _SIZE.search(answer.attributes)
    if answer.uid is None or size is None:
        return None
    arrived = _ARRIVED.search(answer.attributes)
    arrived_at = moment(arrived[1].decode("ascii", "replace")) if arrived else None
    return Summary(answer.uid, int(size[1]), arrived_at, b"".join(answer.literals))


def _number(mailbox: BaseMailBox, code: str) -> int | None:
    """Return a number that the server told when the folder was opened."""
    told = mailbox.client.response(code)[1][0]
    return int(told) if told and told.isdigit() else None
