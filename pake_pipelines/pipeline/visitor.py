"""One visit to one source: bytes to the lake, then one transaction for each body.

The transaction records the fetch, the entry versions, the dead letters and what the reader must remember, so that none
of them ever exists without the rest.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from pake_pipelines import crash
from pake_pipelines.crash import CrashPoint
from pake_pipelines.model.entry import Parsed, Unparsed
from pake_pipelines.model.identity import pake_id
from pake_pipelines.pipeline.entry_plan import EntryPlan, partition_of, plan_entries
from pake_pipelines.pipeline.kit import Kit
from pake_pipelines.pipeline.run import Run
from pake_pipelines.sources.http import HttpClient
from pake_pipelines.sources.protocol import Fetched, KnownBody, Memory, Reader, SourceError, Unreadable
from pake_pipelines.sources.readers import reader_for
from pake_pipelines.store import entries, fetches, marks, runs, sources
from pake_pipelines.store.database import Connection, Database
from pake_pipelines.store.lake import Archived
from pake_pipelines.store.sources import SourceState

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Visit:
    """What came of one visit to one source.

    `outcome` is ok, unchanged or failed; `rows` counts the source's entries of the day in force.
    """

    source: str
    outcome: str = "unchanged"
    rows: int = 0
    found: int = 0
    new: int = 0
    updated: int = 0
    unchanged: int = 0
    left_over: int = 0
    dead_letters: int = 0
    warnings: tuple[str, ...] = ()
    replayed: bool = False
    error: str | None = None
    error_kind: str | None = None
    failures_in_a_row: int = 0
    seconds: float = 0.0

    @property
    def failed(self) -> bool:
        """Whether the source could not be read."""
        return self.outcome == "failed"


class Visitor:
    """One visit to one source."""

    def __init__(
        self,
        kit: Kit,
        database: Database,
        slug: str,
        run: Run,
        client: HttpClient | None,
        limit: int | None,
        full_reprocess: bool,
    ) -> None:
        self._kit = kit
        self._database = database
        self._slug = slug
        self._run = run
        self._full = full_reprocess
        source = kit.sources.sources[slug]
        self._limit = min(limit or source.max_items_per_run, source.max_items_per_run)
        self._reader: Reader = reader_for(source, kit.sources, kit.settings.home, client)
        self._result = Visit(slug)

    async def visit(self) -> Visit:
        """Read the source, store what is new, and record what came of it; a failure is a result, not an exception."""
        started = datetime.now(UTC)
        try:
            await self._read()
        except SourceError as error:
            log.warning("source %s: %s", self._slug, error)
            self._result = replace(self._result, outcome="failed", error=str(error), error_kind=error.kind)
        finished = datetime.now(UTC)
        self._result = replace(self._result, seconds=round((finished - started).total_seconds(), 3))
        await self._record(started, finished)
        return self._result

    async def _read(self) -> None:
        if self._run.is_past and not self._reader.dated:
            await self._replay()
            return
        async with self._database.connection() as connection:
            state = await sources.load_state(connection, self._slug)
            same_parser = state.parser_version == self._reader.version
            afresh = self._full or not same_parser
            known = {} if afresh or not self._reader.dated else await fetches.latest_by_url(connection, self._slug)
        memory = Memory() if afresh else _memory(state, known)
        if state.backlog_fetch_id is not None:
            await self._take_backlog(state)
            if self._result.left_over:
                return
        async for body in self._bodies(memory):
            if self._room > 0:
                await self._take(body)
            else:
                self._result = replace(self._result, left_over=self._result.left_over + 1)
        if self._reader.dated and not same_parser and not self._result.left_over:
            async with self._database.transaction() as connection:
                await sources.save_state(connection, self._slug, SourceState(parser_version=self._reader.version))

    async def _bodies(self, memory: Memory) -> AsyncIterator[Fetched | Unreadable]:
        """Read the source; whatever its reader trips over is that source's failure and nobody else's."""
        past_day = self._run.day if self._run.is_past else None
        try:
            async for body in self._reader.visit(memory, past_day):
                yield body
        except SourceError:
            raise
        except Exception as error:
            log.exception("source %s: the reader failed", self._slug)
            raise SourceError("internal", f"the reader failed: {type(error).__name__}: {error}") from error

    async def _take(self, body: Fetched | Unreadable) -> None:
        if isinstance(body, Unreadable):
            await self._bury(Unparsed(body.url, body.reason, body.detail))
            return
        try:
            archived = await asyncio.to_thread(self._kit.lake.write, self._slug, self._run.day, body.body)
        except OSError as error:
            raise SourceError("archive", f"the archive cannot take {body.url}: {error.strerror or error}") from error
        try:
            parsed = await self._parse(body)
        except SourceError as error:
            await self._bury(Unparsed(body.url, error.kind, str(error)), (body, archived))
            if self._reader.dated:
                return
            raise
        async with self._database.transaction() as connection:
            await sources.lock(connection, self._slug)
            fetch_id = await self._save_fetch(connection, body, archived)
            plan = await self._store(connection, fetch_id, parsed, body.fetched_at, body.modified_at)
            if not self._reader.dated:
                state = SourceState(
                    etag=body.etag,
                    last_modified=body.last_modified,
                    body_sha256=archived.sha256,
                    parser_version=self._reader.version,
                    backlog_fetch_id=fetch_id if plan.left_over else None,
                )
                await sources.save_state(connection, self._slug, state)
            crash.point(CrashPoint.FETCH_WATERMARK_WRITTEN)
        crash.point(CrashPoint.FETCH_COMMITTED)
        self._count(parsed, plan)

    async def _save_fetch(self, connection: Connection, body: Fetched, archived: Archived) -> int:
        return await fetches.save_fetch(
            connection,
            source=self._slug,
            day=self._run.day,
            url=body.url,
            fetched_at=body.fetched_at,
            modified_at=body.modified_at,
            media_type=body.media_type,
            size=archived.size,
            sha256=archived.sha256,
            lake_path=archived.path,
            run_id=self._run.run_id,
        )

    async def _parse(self, body: Fetched) -> Parsed:
        try:
            return await asyncio.to_thread(self._reader.parse, body)
        except SourceError:
            raise
        except Exception as error:
            log.exception("source %s: the parser failed on %s", self._slug, body.url)
            raise SourceError("malformed", f"{body.url}: {type(error).__name__}: {error}") from error

    async def _store(
        self,
        connection: Connection,
        fetch_id: int,
        parsed: Parsed,
        fetched_at: datetime,
        modified_at: datetime | None,
    ) -> EntryPlan:
        """Store what is new of one body; what belongs to another day is asked of the stages of this run, too."""
        ids = [pake_id(self._slug, entry.key) for entry in parsed.entries]
        known = await entries.current_versions(connection, ids)
        plan = plan_entries(self._slug, parsed.entries, known, fetched_at, self._room)
        dated = modified_at if self._reader.dated else None
        day = partition_of(dated, self._run.day, self._kit.sources.first_day)
        stored = await entries.save_entries(
            connection,
            source=self._slug,
            day=day,
            fetch_id=fetch_id,
            run_id=self._run.run_id,
            entries=plan.save,
        )
        if day != self._run.day:
            await marks.request(connection, stored, self._run.run_id)
        await self._save_letters(connection, parsed.unparsed, fetch_id)
        return plan

    async def _save_letters(self, connection: Connection, letters: Iterable[Unparsed], fetch_id: int | None) -> None:
        await entries.save_dead_letters(
            connection,
            source=self._slug,
            day=self._run.day,
            fetch_id=fetch_id,
            run_id=self._run.run_id,
            letters=letters,
        )

    @property
    def _room(self) -> int:
        """How many more items this visit may store."""
        return self._limit - self._result.new - self._result.updated

    async def _replay(self) -> None:
        """Take what the archive holds for the day: such a source cannot be asked for its past."""
        async with self._database.connection() as connection:
            held = await fetches.fetches_of_day(connection, self._slug, self._run.day)
        for raw in held:
            try:
                await self._take_again(raw, None)
            except SourceError as error:
                if error.kind == "archive":
                    raise
                self._result = replace(self._result, warnings=(*self._result.warnings, str(error)))
        self._result = replace(self._result, replayed=True)

    async def _take_backlog(self, state: SourceState) -> None:
        """Take more of what an earlier visit left over; while some of it is left, the source is not asked for more."""
        async with self._database.connection() as connection:
            raw = await fetches.fetch_by_id(connection, state.backlog_fetch_id or 0)
        await self._take_again(raw, state)

    async def _take_again(self, raw: fetches.RawFetch, state: SourceState | None) -> None:
        try:
            body = await asyncio.to_thread(self._kit.lake.read, raw.lake_path)
        except (OSError, ValueError) as error:
            raise SourceError("archive", f"the archive cannot give back {raw.lake_path}: {error}") from error
        parsed = await self._parse(Fetched(raw.url, body, raw.fetched_at, raw.media_type, raw.modified_at))
        async with self._database.transaction() as connection:
            await sources.lock(connection, self._slug)
            plan = await self._store(connection, raw.fetch_id, parsed, raw.fetched_at, None)
            if state is not None and not plan.left_over:
                await sources.save_state(connection, self._slug, replace(state, backlog_fetch_id=None))
        self._count(parsed, plan)

    async def _bury(self, letter: Unparsed, unparsed: tuple[Fetched, Archived] | None = None) -> None:
        """Keep what could not be read as a dead letter, with its raw bytes where there are any."""
        async with self._database.transaction() as connection:
            fetch_id = await self._save_fetch(connection, *unparsed) if unparsed else None
            await self._save_letters(connection, [letter], fetch_id)
        self._result = replace(self._result, outcome="ok", dead_letters=self._result.dead_letters + 1)

    def _count(self, parsed: Parsed, plan: EntryPlan) -> None:
        so_far = self._result
        changed = plan.new or plan.updated or so_far.outcome == "ok" or parsed.unparsed
        self._result = replace(
            so_far,
            outcome="ok" if changed else "unchanged",
            found=so_far.found + len(parsed.entries) + len(parsed.unparsed),
            new=so_far.new + plan.new,
            updated=so_far.updated + plan.updated,
            unchanged=so_far.unchanged + plan.unchanged,
            left_over=so_far.left_over + plan.left_over,
            dead_letters=so_far.dead_letters + len(parsed.unparsed),
            warnings=so_far.warnings + parsed.warnings,
        )

    async def _record(self, started: datetime, finished: datetime) -> None:
        result = self._result
        async with self._database.transaction() as connection:
            if result.failed:
                failures = await sources.record_failure(connection, self._slug, finished, result.error or "")
                self._result = replace(result, failures_in_a_row=failures)
            else:
                await sources.record_success(connection, self._slug, finished)
                rows = await entries.count_of_day(connection, self._run.day, self._slug)
                self._result = replace(result, rows=rows)
            await runs.record_visit(
                connection,
                runs.VisitRow(
                    run_id=self._run.run_id,
                    source=self._slug,
                    day=self._run.day,
                    started_at=started,
                    finished_at=finished,
                    outcome=result.outcome,
                    found=result.found,
                    new=result.new,
                    updated=result.updated,
                    unchanged=result.unchanged,
                    dead_letters=result.dead_letters,
                    error=result.error,
                ),
            )


def _memory(state: SourceState, known: Mapping[str, fetches.RawFetch]) -> Memory:
    bodies = {url: KnownBody(raw.modified_at, raw.size, raw.sha256) for url, raw in known.items()}
    return Memory(state.etag, state.last_modified, state.body_sha256, bodies)
