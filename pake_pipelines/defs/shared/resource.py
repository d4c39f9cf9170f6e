"""The knowledge base as a Dagster resource: builds the plain kit that the stages work with."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime

import dagster as dg

from pake_pipelines.pipeline.gate import Withheld, withheld
from pake_pipelines.pipeline.kit import Kit
from pake_pipelines.settings import get_settings
from pake_pipelines.store import levers
from pake_pipelines.store.backlog import Backlog, backlog
from pake_pipelines.store.database import Database, Patience, open_database
from pake_pipelines.store.sources import SourceState, load_states


class KnowledgeBase(dg.ConfigurableResource):
    """The project's knowledge base. Nothing is opened before a stage asks."""

    def kit(self) -> Kit:
        """Return the kit of this process's settings."""
        return Kit.of(get_settings())

    @asynccontextmanager
    async def open(self, kit: Kit) -> AsyncIterator[Database]:
        """Open the knowledge database for one stage. Raises StoreError."""
        patience = Patience(kit.settings.connect_attempts, kit.settings.connect_retry_seconds)
        async with open_database(kit.database, patience) as database:
            yield database

    async def states(self, slugs: Sequence[str]) -> Mapping[str, SourceState]:
        """Return what is remembered of the sources `slugs`. Raises StoreError at once when nobody answers."""
        async with open_database(self.kit().database) as database, database.connection() as connection:
            return await load_states(connection, slugs)

    async def heavy_work_held(self, now: datetime) -> bool:
        """Tell whether a recovery holds back heavy work at `now`. Raises StoreError at once when nobody answers."""
        async with open_database(self.kit().database) as database, database.connection() as connection:
            return await levers.is_on(connection, levers.HEAVY_WORK_HELD, now)

    async def backlog(self, now: datetime, sources: Sequence[str] | None = None) -> tuple[Backlog, Withheld]:
        """Return what waits to be judged at `now`, and what the gate withholds.

        `sources` leaves the items of all others out. Raises StoreError at once when nobody answers.
        """
        kit = self.kit()
        async with open_database(kit.database) as database, database.connection() as connection:
            kept_back = await withheld(connection, kit.quality.gate)
            return await backlog(connection, now, sources=sources, withheld=kept_back.entry_ids), kept_back
