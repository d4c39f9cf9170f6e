"""Fetch: the enabled sources -> raw archive and entries; all selected sources at once, each failing alone."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack

from pake_pipelines.config.sources import SourcesConfig
from pake_pipelines.pipeline.kit import Kit
from pake_pipelines.pipeline.run import Run
from pake_pipelines.pipeline.visitor import Visit, Visitor
from pake_pipelines.sources.http import open_client
from pake_pipelines.sources.readers import needs_http
from pake_pipelines.store import sources
from pake_pipelines.store.database import Database
from pake_pipelines.store.sources import SourceRow


async def fetch_sources(
    kit: Kit,
    database: Database,
    slugs: Sequence[str],
    run: Run,
    *,
    limit: int | None = None,
    full_reprocess: bool = False,
) -> AsyncIterator[Visit]:
    """Visit the sources `slugs` and yield what came of each, in the order in which they are done.

    `limit` bounds the items stored per source, within the source's own bound; what is left over comes next time.
    `full_reprocess` reads everything again as if for the first time.
    """
    async with AsyncExitStack() as stack:
        configured = kit.sources.sources
        online = any(needs_http(configured[slug]) for slug in slugs)
        client = await stack.enter_async_context(open_client(kit.sources.http)) if online else None
        async with database.transaction() as connection:
            await sources.sync_sources(connection, source_rows(kit.sources))
        gate = asyncio.Semaphore(kit.sources.max_concurrent_sources)
        visits = [
            asyncio.create_task(_visit_in_turn(gate, Visitor(kit, database, slug, run, client, limit, full_reprocess)))
            for slug in slugs
        ]
        try:
            for done in asyncio.as_completed(visits):
                yield await done
        finally:
            for visit in visits:
                visit.cancel()


async def _visit_in_turn(gate: asyncio.Semaphore, visitor: Visitor) -> Visit:
    async with gate:
        return await visitor.visit()


def source_rows(config: SourcesConfig) -> list[SourceRow]:
    """Return the configured sources as the store keeps them."""
    return [
        SourceRow(
            slug,
            source.name,
            source.kind.value,
            source.address,
            config.authorities[source.authority],
            source.authority,
            source.enabled,
            source.disabled_because,
        )
        for slug, source in config.sources.items()
    ]
