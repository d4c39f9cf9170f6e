"""Mailboxes: the messages of one IMAP folder, oldest first, each a body of its own.

The folder is opened read-only. The cursor is UIDVALIDITY and the highest UID that was dealt with; when the server
numbers anew, everything is read again, and the entries' keys (Message-ID) keep it from being stored again.
"""

import logging
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Final, NamedTuple

from imap_tools import AND, UidRange

from pake_pipelines.config.source_kinds import MailboxSource
from pake_pipelines.sources.mail.headers import claimed_addresses, raw_headers, take_apart
from pake_pipelines.sources.mail.imap import Account, Connection, Numbering, Refused, Summary
from pake_pipelines.sources.mail.message import parse_message
from pake_pipelines.sources.protocol import (
    Answer,
    Cursor,
    Fetched,
    Memory,
    Reader,
    SourceError,
    Unchanged,
    Unreadable,
    Window,
)

log = logging.getLogger(__name__)

# few enough that a stopped visit has asked little in vain, many enough that asking costs no round trip per message
_AT_ONCE: Final = 50
_LONGEST_HEADER: Final = 20_000
_DAY: Final = timedelta(days=1)


class Position(NamedTuple):
    """How far a folder has been read: up to and with `uid`, as numbered under `uidvalidity`."""

    uidvalidity: int
    uid: int

    @property
    def cursor(self) -> Cursor:
        """As it is remembered."""
        return self._asdict()


class Mailbox(Reader):
    """The folder of a mailbox, dated by when its server received each message (INTERNALDATE)."""

    version = "mailbox-1"
    dated = True
    bodies_are_items = True
    parse = staticmethod(parse_message)

    def __init__(self, source: MailboxSource, environment: Mapping[str, str], *, max_bytes: int) -> None:
        """Read `source` with the credentials that `environment` has for it; larger messages stay where they are."""
        self._source = source
        self._environment = environment
        self._max_bytes = max_bytes
        self._reading = False
        self._marking: Connection | None = None

    async def fetch(self, window: Window | None, memory: Memory) -> AsyncIterator[Answer]:
        """Yield the messages after the cursor, by UID; with `window`, only those received on its days.

        A message that is deleted while the folder is read is left out.
        """
        connection = self._connection()
        self._reading = True
        try:
            start = position_of(memory.cursor, await connection.open(readonly=True))
            found = await connection.search(criteria(start.uid, window, unread_only=self._source.unread_only))
            # UID n:* has the last message of the folder even if it lies before n
            uids = [uid for uid in found if uid > start.uid]
            end, told = (start._replace(uid=uids[-1]) if uids else start), None
            async for summary in self._summaries(connection, uids, window):
                position = start._replace(uid=summary.uid)
                answer = await self._answer(connection, summary, position)
                if answer is not None:
                    told = position if isinstance(answer, Fetched) else told
                    yield answer
            if told != end:
                yield Unchanged(end.cursor)
        finally:
            self._reading = False
            await connection.close()
            await self._stop_marking()

    async def stored(self, fetched: Fetched) -> None:
        """Flag the message as seen, if the source asks for it and the folder is still numbered as it was.

        Raises SourceError; the message then stays unseen.
        """
        if not self._source.mark_seen or fetched.cursor is None:
            return
        try:
            await self._mark_seen(Position(**fetched.cursor))
        except BaseException:
            await self._stop_marking()
            raise
        if not self._reading:
            await self._stop_marking()

    async def _summaries(
        self, connection: Connection, uids: Sequence[int], window: Window | None
    ) -> AsyncIterator[Summary]:
        """Yield the summaries of the messages that are wanted and still there, in order."""
        for some in _batches(uids):
            summaries = await connection.summaries(some, with_senders=bool(self._source.senders))
            for uid in some:
                if uid in summaries and self._wants(summaries[uid], window):
                    yield summaries[uid]

    def _wants(self, summary: Summary, window: Window | None) -> bool:
        if window and not (summary.arrived_at and window.holds(summary.arrived_at)):
            return False
        return not self._source.senders or allowed(summary.senders, self._source.senders)

    async def _answer(self, connection: Connection, summary: Summary, position: Position) -> Answer | None:
        """Download a message; None when it was deleted meanwhile."""
        url = f"{self._source.address};UIDVALIDITY={position.uidvalidity}/;UID={position.uid}"
        if summary.size > self._max_bytes:
            return self._too_large(url, summary.size)
        body = await connection.body(position.uid)
        if body is None:
            return None
        if isinstance(body, Refused):
            return Unreadable(url, "unreadable", body.said)
        if len(body) > self._max_bytes:
            return self._too_large(url, len(body))
        return Fetched(url, body, datetime.now(UTC), "message/rfc822", summary.arrived_at, position.cursor)

    def _too_large(self, url: str, size: int) -> Unreadable:
        return Unreadable(url, "too_large", f"{size} bytes or more, the limit is {self._max_bytes}")

    async def _mark_seen(self, position: Position) -> None:
        """Use a connection of its own, kept while the folder is read, so that the reading one can change nothing."""
        if self._marking is None:
            self._marking = self._connection()
            await self._marking.open(readonly=False)
        if self._marking.numbering.validity == position.uidvalidity:
            await self._marking.mark_seen(position.uid)
        else:
            log.info("%s is numbered anew; message %d is not marked", self._source.address, position.uid)

    async def _stop_marking(self) -> None:
        marking, self._marking = self._marking, None
        if marking is not None:
            await marking.close()

    def _connection(self) -> Connection:
        return Connection(self._source, account_of(self._source, self._environment), max_bytes=self._max_bytes)


def account_of(source: MailboxSource, environment: Mapping[str, str]) -> Account:
    """Return the account that `environment` names. Raises SourceError (credentials) where it cannot be one."""
    username, password = (environment.get(name, "") for name in (source.username_env, source.password_env))
    if not username or not password:
        raise SourceError("credentials", f"no account: set {source.username_env} and {source.password_env}")
    # a line end would end the command and begin another
    if any(ord(character) < 32 for character in username + password):
        raise SourceError(
            "credentials", f"{source.username_env} or {source.password_env} has a line end or control character"
        )
    return Account(username, password)


def position_of(cursor: Cursor, numbering: Numbering) -> Position:
    """Return where to go on: after `cursor`, or at the beginning when the folder is numbered anew or read first.

    UIDVALIDITY 0, or none, is taken for a number like any other: some servers give nothing else, and reading the whole
    folder at every visit would be worse. A next UID that is not beyond the cursor shows a new numbering there, too.
    """
    if cursor.get("uidvalidity") != numbering.validity:
        return Position(numbering.validity, 0)
    known = Position(numbering.validity, int(cursor["uid"]))
    begun_anew = numbering.next_uid is not None and numbering.next_uid <= known.uid
    return Position(numbering.validity, 0) if begun_anew else known


def criteria(after: int, window: Window | None, *, unread_only: bool) -> str:
    """Return the search for the messages after UID `after`.

    Servers compare dates in zones of their own, so a day more on either side is asked for.
    """
    return str(
        AND(
            uid=UidRange(str(after + 1), "*"),
            seen=False if unread_only else None,
            date_gte=window.first - _DAY if window else None,
            date_lt=window.last + 2 * _DAY if window else None,
        )
    )


def allowed(header: bytes, senders: Sequence[str]) -> bool:
    """Tell whether a message with these From headers may come in; whatever address they claim must be on the list.

    `senders` are addresses, domains (`@example.org`, without sub-domains) and beginnings (`newsletters@`), in small
    letters. What a header displays as a name counts for nothing. Headers of more than 20,000 bytes come from nobody.
    """
    if len(header) > _LONGEST_HEADER:
        return False
    claims = [claimed_addresses(raw) for raw in raw_headers(take_apart(header), "from")]
    return bool(claims) and all(
        claim and all(any(_matches(address, sender) for sender in senders) for address in claim) for claim in claims
    )


def _matches(address: str, sender: str) -> bool:
    if sender.startswith("@"):
        return address.rpartition("@")[2] == sender[1:]
    return address.startswith(sender) if sender.endswith("@") else address == sender


def _batches(uids: Iterable[int]) -> Iterator[list[int]]:
    rest = iter(uids)
    while some := list(islice(rest, _AT_ONCE)):
        yield some
