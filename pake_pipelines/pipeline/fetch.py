"""Fetch: the enabled sources -> raw archive and entries; all selected sources at once, each failing alone."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from typing import Final

from pake_pipelines.config.sources import SourcesConfig
from pake_pipelines.pipeline.grouping import Grouped
from pake_pipelines.pipeline.kit import Kit
from pake_pipelines.pipeline.reading import Reading, open_reading
from pake_pipelines.pipeline.run import Run
from pake_pipelines.pipeline.standing import Outcome, Rules, after_visit, is_resting, reason_to_wait
from pake_pipelines.pipeline.visitor import Order, Visit, Visitor
from pake_pipelines.sources.clock import SYSTEM, Clock
from pake_pipelines.sources.readers import reader_for
from pake_pipelines.store import dead_letters, entries, runs, sources
from pake_pipelines.store.database import Database
from pake_pipelines.store.runs import VisitRow
from pake_pipelines.store.sources import SourceEvent, SourceRow, SourceState

_VISITS: Final = 64


async def fetch_sources(
    kit: Kit,
    database: Database,
    slugs: Sequence[str],
    run: Run,
    *,
    limit: int | None = None,
    full_reprocess: bool = False,
    only_due: bool = False,
    clock: Clock = SYSTEM,
) -> AsyncIterator[Visit]:
    """Visit the sources `slugs` and yield what came of each, in the order in which they are done.

    `limit` bounds the items stored per source, within the source's own bound; what is left over comes next time.
    `full_reprocess` reads everything again as if for the first time. `only_due` passes over sources that rest after
    failures or that have nothing new to be expected. `clock` is that of the requests.
    """
    async with open_reading(kit, database, run, slugs, clock) as reading:
        recorder = Grouped(partial(_record, reading), _VISITS)
        orders = await _orders(reading, slugs, limit, full_reprocess)
        gate = asyncio.Semaphore(kit.sources.max_concurrent_sources)
        visits = [asyncio.create_task(_visit(reading, recorder, gate, order, only_due=only_due)) for order in orders]
        try:
            for done in asyncio.as_completed(visits):
                yield await done
        finally:
            for visit in visits:
                visit.cancel()
            await asyncio.gather(*visits, return_exceptions=True)
            await recorder.close()


@dataclass(frozen=True, slots=True)
class _End:
    """A visit that took place, and between which moments."""

    visit: Visit
    started_at: datetime
    finished_at: datetime


async def _orders(reading: Reading, slugs: Sequence[str], limit: int | None, full_reprocess: bool) -> list[Order]:
    config, run = reading.kit.sources, reading.run
    async with reading.database.transaction() as connection:
        await sources.sync_sources(connection, source_rows(config))
        states = await sources.load_states(connection, slugs)
        held = await entries.counts_of_day(connection, run.day, slugs)
        letters = await dead_letters.count_by_source(connection)
    return [
        Order(
            source=slug,
            state=states[slug],
            limit=min(limit or config.sources[slug].max_items_per_run, config.sources[slug].max_items_per_run),
            full_reprocess=full_reprocess,
            has_letters=slug in letters,
            rows=held[slug],
        )
        for slug in slugs
    ]


async def _visit(
    reading: Reading, recorder: Grouped[_End, Visit], gate: asyncio.Semaphore, order: Order, *, only_due: bool
) -> Visit:
    waits = reason_to_wait(order.state, reading.run.now, only_due=only_due) if not reading.run.is_past else None
    if waits:
        skipped = Visit(order.source, outcome="skipped", rows=order.rows, skipped_because=waits)
        return _standing(skipped, order.state, reading.run.now)
    async with gate:
        started = datetime.now(UTC)
        source = reading.kit.sources.sources[order.source]
        reader = reader_for(source, reading.means, order.state.learned_url)
        visit = await Visitor(order, reader, reading).visit()
        finished = datetime.now(UTC)
        timed = replace(visit, seconds=round((finished - started).total_seconds(), 3))
        return await recorder.put(_End(timed, started, finished))


async def _record(reading: Reading, ends: Sequence[_End]) -> Sequence[Visit]:
    """Record visits and how their sources stand after them."""
    kit, run = reading.kit, reading.run
    stands: dict[str, SourceState] = {}
    events: list[SourceEvent] = []
    async with reading.database.transaction() as connection:
        states = await sources.lock(connection, [end.visit.source for end in ends])
        for end in ends:
            slug = end.visit.source
            if run.is_past and not end.visit.failed:
                stands[slug] = states[slug]  # a look back says nothing about what is new
                continue
            stands[slug], happened = after_visit(slug, states[slug], _outcome(end.visit), run.now, _rules(kit, slug))
            events += happened
        await sources.save_standings(connection, stands)
        await sources.record_events(connection, events, run.run_id)
        await runs.record_visits(connection, [_row(end, run) for end in ends])
    return [_standing(end.visit, stands[end.visit.source], run.now) for end in ends]


def _standing(visit: Visit, state: SourceState, now: datetime) -> Visit:
    """Return `visit` with how its source stands after it."""
    return replace(
        visit,
        failures_in_a_row=state.consecutive_failures,
        resting_until=state.resting_until if is_resting(state, now) else None,
        ended_because=state.disabled_because,
    )


def _outcome(visit: Visit) -> Outcome:
    return Outcome(
        new=visit.new,
        error=visit.error,
        status=visit.status,
        retry_at=visit.retry_at,
        fresh_until=visit.fresh_until,
        moved_to=visit.moved_to,
        conditional=visit.conditional,
    )


def _rules(kit: Kit, slug: str) -> Rules:
    config = kit.sources
    return Rules(config.polling, config.failures, config.redirects, polled=config.sources[slug].web)


def _row(end: _End, run: Run) -> VisitRow:
    visit = end.visit
    return VisitRow(
        run_id=run.run_id,
        source=visit.source,
        day=run.day,
        started_at=end.started_at,
        finished_at=end.finished_at,
        outcome=visit.outcome,
        found=visit.found,
        new=visit.new,
        updated=visit.updated,
        unchanged=visit.unchanged,
        dead_letters=visit.dead_letters,
        error=visit.error,
        error_kind=visit.error_kind,
        error_status=visit.status if visit.failed else None,
    )


def source_rows(config: SourcesConfig) -> list[SourceRow]:
    """Return the configured sources as the store keeps them."""
    return [
        SourceRow(
            slug,
            source.name,
            source.kind,
            source.address,
            config.authorities[source.authority],
            source.authority,
            source.enabled,
            source.disabled_because,
        )
        for slug, source in config.sources.items()
    ]
