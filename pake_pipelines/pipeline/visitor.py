"""One visit to one source: what its reader answers goes to the lake, through the parser and into the intake."""

import asyncio
import logging
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import datetime

from pake_pipelines.model.entry import Parsed, Unparsed
from pake_pipelines.pipeline.intake import Delivery, Receipt
from pake_pipelines.pipeline.reading import Reading
from pake_pipelines.pipeline.worker import Worker
from pake_pipelines.sources.protocol import (
    Answer,
    Cursor,
    Fetched,
    Gone,
    KnownBody,
    Memory,
    Reader,
    Renamed,
    SourceError,
    Unchanged,
    Unreadable,
    Window,
)
from pake_pipelines.store import entries, fetches, marks, sources
from pake_pipelines.store.errors import UnstorableError
from pake_pipelines.store.fetches import NewFetch, RawFetch
from pake_pipelines.store.lake import Archived, Lake, NewBody
from pake_pipelines.store.sources import SourceState
from pake_pipelines.telemetry.events import security_event

log = logging.getLogger(__name__)

_NOTHING = Parsed(())


@dataclass(frozen=True, slots=True)
class Visit:
    """What came of one visit to one source.

    `outcome` is ok, unchanged, failed or skipped; `rows` counts the source's entries of the day in force.
    """

    source: str
    outcome: str = "unchanged"
    rows: int = 0
    found: int = 0
    new: int = 0
    updated: int = 0
    unchanged: int = 0
    left_over: int = 0
    gone: int = 0
    renamed: int = 0
    dead_letters: int = 0
    warnings: tuple[str, ...] = ()
    replayed: bool = False
    skipped_because: str | None = None
    error: str | None = None
    error_kind: str | None = None
    status: int | None = None
    retry_at: datetime | None = None
    fresh_until: datetime | None = None
    moved_to: str | None = None
    conditional: bool = True
    failures_in_a_row: int = 0
    resting_until: datetime | None = None
    ended_because: str | None = None
    seconds: float = 0.0

    @property
    def failed(self) -> bool:
        """Whether the source could not be read."""
        return self.outcome == "failed"

    @property
    def skipped(self) -> bool:
        """Whether the source was not asked."""
        return self.outcome == "skipped"


@dataclass(frozen=True, slots=True)
class Order:
    """What a visit is to do: which source, as it is remembered, and how much of it.

    `rows` is how many of the source's entries of the run's day are held.
    """

    source: str
    state: SourceState
    limit: int
    full_reprocess: bool
    has_letters: bool
    rows: int


class Visitor:
    """One visit to one source."""

    def __init__(self, order: Order, reader: Reader, reading: Reading) -> None:
        self._order = order
        self._slug = order.source
        self._run = reading.run
        self._reader = reader
        self._lake = reading.kit.lake
        self._archiving = reading.archiving
        self._database = reading.database
        self._intake = reading.intake
        self._worker = reading.worker
        self._result = Visit(order.source, rows=order.rows)
        day = self._run.day
        self._window = Window(day, day) if self._run.is_past and reader.dated else None

    async def visit(self) -> Visit:
        """Read the source and store what is new; a failure is a result, not an exception."""
        try:
            if self._run.is_past and not self._reader.dated:
                await self._replay()
            else:
                await self._read()
        except SourceError as error:
            log.warning("source %s: %s", self._slug, error)
            if error.kind == "credentials":
                security_event("refused_credentials", source=self._slug, cause=str(error))
            self._result = replace(
                self._result,
                outcome="failed",
                error=str(error),
                error_kind=error.kind,
                status=error.status,
                retry_at=error.retry_at,
            )
        return self._result

    async def _read(self) -> None:
        state = self._order.state
        if self._window is None and state.backlog_fetch_id is not None:
            await self._take_backlog(state.backlog_fetch_id)
            if self._result.left_over:
                return
        memory = await self._memory(state)
        async for answer in self._answers(memory):
            if not await self._handle(answer, memory):
                return
        await self._finish(state)

    async def _memory(self, state: SourceState) -> Memory:
        """Return what the reader is told of earlier visits.

        A reader with a new parser reads again whatever is asked for as a whole: feeds and known bodies. One that goes
        on from a position keeps it, because its past is in the archive.
        """
        if self._order.full_reprocess:
            return Memory()
        same_parser = state.parser_version == self._reader.version
        cursor = state.cursor if same_parser or self._reader.dated else {}
        known: dict[str, RawFetch] = {}
        if days := self._window:
            async with self._database.connection() as connection:
                cursor = await sources.load_window_cursor(connection, self._slug, days.first, days.last)
        if self._reader.remembers_bodies and same_parser:
            async with self._database.connection() as connection:
                known = await fetches.latest_by_url(connection, self._slug)
        return Memory(cursor, {url: KnownBody(raw.modified_at, raw.size, raw.sha256) for url, raw in known.items()})

    async def _answers(self, memory: Memory) -> AsyncIterator[Answer]:
        """Ask the source; whatever its reader trips over is that source's failure and nobody else's."""
        try:
            async for answer in self._reader.fetch(self._window, memory):
                yield answer
        except SourceError:
            raise
        except Exception as error:
            log.exception("source %s: the reader failed", self._slug)
            raise SourceError("internal", f"the reader failed: {type(error).__name__}: {error}") from error

    async def _handle(self, answer: Answer, memory: Memory) -> bool:
        """Deal with one answer; tell whether there is room for more."""
        match answer:
            case Fetched():
                if self._room <= 0:
                    self._result = replace(self._result, left_over=self._result.left_over + 1)
                    return False
                await self._take(answer)
            case Unchanged():
                self._note(answer)
                if answer.cursor is not None and answer.cursor != memory.cursor:
                    await self._remember(answer.cursor)
            case Unreadable():
                await self._bury(Unparsed(answer.url, answer.reason, answer.detail))
            case Gone():
                await self._mourn(answer.url)
            case Renamed():
                await self._rename(answer)
        return True

    def _note(self, answer: Fetched | Unchanged) -> None:
        self._result = replace(
            self._result,
            fresh_until=answer.fresh_until or self._result.fresh_until,
            moved_to=answer.moved_to or self._result.moved_to,
            conditional=answer.conditional,
        )

    async def _take(self, body: Fetched) -> None:
        self._note(body)
        archived = await self._archive(body)
        try:
            parsed = await self._worker.parse(type(self._reader).parse, body)
        except SourceError as error:
            await self._bury(Unparsed(body.url, error.kind, str(error)), body, archived)
            if not self._reader.bodies_are_items:
                raise
            return
        if parsed.fresh_for:
            stays = body.fetched_at + parsed.fresh_for
            self._result = replace(self._result, fresh_until=max(self._result.fresh_until or stays, stays))
        await self._deliver(body, parsed, archived)
        try:
            await self._reader.stored(body)
        except SourceError as error:
            self._result = replace(self._result, warnings=(*self._result.warnings, str(error)))

    async def _archive(self, body: Fetched) -> Archived:
        try:
            return await self._archiving.put(NewBody(self._slug, self._run.day, body.body, body.sha256))
        except OSError as error:
            raise SourceError("archive", f"the archive cannot take {body.url}: {error.strerror or error}") from error

    async def _deliver(self, body: Fetched, parsed: Parsed, archived: Archived, *, remembers: bool = True) -> None:
        delivery = replace(
            self._delivery(body.url, parsed, body.fetched_at, body.modified_at),
            body=NewFetch(
                source=self._slug,
                day=self._run.day,
                url=body.url,
                fetched_at=body.fetched_at,
                modified_at=body.modified_at,
                media_type=body.media_type,
                size=archived.size,
                sha256=archived.sha256,
                lake_path=archived.path,
            ),
            cursor=body.cursor,
            remembers=remembers,
            renames=not self._reader.dated and not self._reader.bodies_are_items,
        )
        self._count(parsed, await self._store(delivery))

    def _delivery(self, url: str, parsed: Parsed, fetched_at: datetime, modified_at: datetime | None) -> Delivery:
        return Delivery(
            source=self._slug,
            day=self._run.day,
            url=url,
            parsed=parsed,
            fetched_at=fetched_at,
            modified_at=modified_at,
            room=self._room,
            parser_version=self._reader.version,
            window=self._window,
            dated=self._reader.dated,
            clears=self._order.has_letters,
        )

    async def _store(self, delivery: Delivery) -> Receipt:
        try:
            return await self._intake.take(delivery)
        except UnstorableError as error:
            raise SourceError("unstorable", f"{delivery.url}: {error}") from error

    @property
    def _room(self) -> int:
        """How many more items this visit may store."""
        return self._order.limit - self._result.new - self._result.updated

    async def _replay(self) -> None:
        """Take what the archive holds for the day: such a source cannot be asked for its past."""
        async with self._database.connection() as connection:
            held = await fetches.fetches_of_day(connection, self._slug, self._run.day)
        for raw in held:
            try:
                await self._take_again(raw, remembers=False)
            except SourceError as error:
                if error.kind == "archive":
                    raise
                self._result = replace(self._result, warnings=(*self._result.warnings, str(error)))
        self._result = replace(self._result, replayed=True)

    async def _take_backlog(self, fetch_id: int) -> None:
        """Take more of what an earlier visit left over; while some of it is left, the source is not asked for more."""
        async with self._database.connection() as connection:
            raw = await fetches.fetch_by_id(connection, fetch_id)
        await self._take_again(raw, remembers=True)

    async def _take_again(self, raw: RawFetch, *, remembers: bool) -> None:
        parsed = await parse_again(raw, self._reader, self._lake, self._worker)
        delivery = self._delivery(raw.url, parsed, raw.fetched_at, raw.modified_at)
        self._count(parsed, await self._store(replace(delivery, fetch_id=raw.fetch_id, remembers=remembers)))

    async def _remember(self, cursor: Cursor | None) -> None:
        """Note how far the visit has come, without a body; a cursor of None stays as it is."""
        empty = self._delivery("", _NOTHING, self._run.now, None)
        await self._store(replace(empty, cursor=cursor, clears=False))

    async def _finish(self, state: SourceState) -> None:
        """Note that everything there was has been read."""
        if self._window:
            async with self._database.transaction() as connection:
                await sources.forget_window_cursor(connection, self._slug, self._window.first, self._window.last)
        elif self._reader.remembers_bodies and state.parser_version != self._reader.version:
            await self._remember(None)

    async def _bury(self, letter: Unparsed, body: Fetched | None = None, archived: Archived | None = None) -> None:
        """Keep what could not be read as a dead letter, with its raw bytes where there are any."""
        parsed = Parsed((), (letter,))
        if body and archived:
            await self._deliver(body, parsed, archived, remembers=self._reader.bodies_are_items)
            return
        delivery = self._delivery(letter.key, parsed, self._run.now, None)
        self._count(parsed, await self._store(replace(delivery, remembers=False)))

    async def _mourn(self, url: str) -> None:
        """Note that a body is gone; the stages take back what it brought about."""
        async with self._database.transaction() as connection:
            await sources.lock(connection, [self._slug])
            lost = await entries.bury(connection, self._slug, url)
            await fetches.bury_bodies(connection, self._slug, url)
            await marks.request(connection, lost, self._run.run_id)
        self._result = replace(self._result, outcome="ok", gone=self._result.gone + len(lost))

    async def _rename(self, moved: Renamed) -> None:
        """Let the item of a renamed body go on under the new name; if that is another item's, this one is gone."""
        async with self._database.transaction() as connection:
            await sources.lock(connection, [self._slug])
            free = not await entries.current_versions(connection, [(self._slug, moved.url)])
            if free:
                await entries.rename_items(connection, self._slug, {moved.url: moved.was}, self._run.run_id)
                await fetches.move_body(connection, self._slug, moved.was, moved.url, self._run.day, self._run.run_id)
        if not free:
            await self._mourn(moved.was)
            return
        self._result = replace(self._result, outcome="ok", renamed=self._result.renamed + 1)

    def _count(self, parsed: Parsed, receipt: Receipt) -> None:
        so_far = self._result
        changed = receipt.new or receipt.updated or so_far.outcome == "ok" or parsed.unparsed
        self._result = replace(
            so_far,
            outcome="ok" if changed else "unchanged",
            rows=so_far.rows + receipt.rows,
            found=so_far.found + len(parsed.entries) + len(parsed.unparsed),
            new=so_far.new + receipt.new,
            updated=so_far.updated + receipt.updated,
            unchanged=so_far.unchanged + receipt.unchanged,
            left_over=so_far.left_over + receipt.left_over,
            dead_letters=so_far.dead_letters + len(parsed.unparsed),
            warnings=so_far.warnings + parsed.warnings,
        )


async def parse_again(raw: RawFetch, reader: Reader, lake: Lake, worker: Worker) -> Parsed:
    """Parse an archived body again. Raises SourceError: archive, or what is wrong with the body."""
    try:
        body = await asyncio.to_thread(lake.read, raw.lake_path)
    except (OSError, ValueError) as error:
        raise SourceError("archive", f"the archive cannot give back {raw.lake_path}: {error}") from error
    return await worker.parse(
        type(reader).parse, Fetched(raw.url, body, raw.fetched_at, raw.media_type, raw.modified_at)
    )
