"""What the visits of one run share: the way out, the way into the store, and the process that parses."""

import asyncio
import os
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, closing
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Final

from pake_pipelines.pipeline.grouping import Grouped
from pake_pipelines.pipeline.host_gate import HostGate
from pake_pipelines.pipeline.intake import Intake
from pake_pipelines.pipeline.kept_robots import CachedRobots
from pake_pipelines.pipeline.kit import Kit
from pake_pipelines.pipeline.opening import open_cache
from pake_pipelines.pipeline.run import Run
from pake_pipelines.pipeline.worker import Worker
from pake_pipelines.sources.clock import SYSTEM, Clock
from pake_pipelines.sources.http.client import open_client
from pake_pipelines.sources.readers import Means
from pake_pipelines.store.database import Database
from pake_pipelines.store.lake import Archived, Lake, NewBody

# bodies that share a thread's turn and the syncing of their directory
_BODIES: Final = 16


@dataclass(frozen=True)
class Reading:
    """The means of one run to read sources and to take in what they say."""

    kit: Kit
    database: Database
    run: Run
    means: Means
    archiving: Grouped[NewBody, Archived]
    intake: Intake
    worker: Worker


@asynccontextmanager
async def open_reading(
    kit: Kit, database: Database, run: Run, slugs: Sequence[str], clock: Clock = SYSTEM
) -> AsyncIterator[Reading]:
    """Open what reading the sources `slugs` takes; a way out only if one of them needs it."""
    config = kit.sources
    async with AsyncExitStack() as stack:
        client = None
        if any(config.sources[slug].web for slug in slugs):
            gate = HostGate(database, config.http, clock)
            stack.push_async_callback(gate.close)
            client = await stack.enter_async_context(
                open_client(
                    config.http,
                    gate,
                    concurrency=config.max_concurrent_sources,
                    max_wait=timedelta(hours=config.polling.max_wait_hours),
                    clock=clock,
                )
            )
        worker = stack.enter_context(closing(Worker(config.parsing)))
        archiving = Grouped(partial(_archive, kit.lake), _BODIES)
        stack.push_async_callback(archiving.close)
        intake = Intake(database, run.run_id, config.first_day)
        stack.push_async_callback(intake.close)
        robots = None
        if any(config.sources[slug].kind == "webpage" for slug in slugs):
            robots = CachedRobots(await stack.enter_async_context(open_cache(kit, database)))
        means = Means(config, kit.settings.home, client, os.environ, robots)
        yield Reading(kit, database, run, means, archiving, intake, worker)


async def _archive(lake: Lake, bodies: Sequence[NewBody]) -> Sequence[Archived]:
    return await asyncio.to_thread(lake.write_all, bodies)
