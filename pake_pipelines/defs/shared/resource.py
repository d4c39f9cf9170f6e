"""The knowledge base as a Dagster resource: builds the plain kit that the stages work with.

A code location only describes what runs do: whatever they work with is imported by them.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import TYPE_CHECKING

import dagster as dg

from pake_pipelines.settings import get_settings

if TYPE_CHECKING:
    from pake_pipelines.pipeline.gate import Withheld
    from pake_pipelines.pipeline.kit import Kit
    from pake_pipelines.store.backlog import Backlog
    from pake_pipelines.store.database import Database
    from pake_pipelines.store.sources import SourceState


class KnowledgeBase(dg.ConfigurableResource):
    """The project's knowledge base. Nothing is opened before a stage asks."""

    def kit(self) -> "Kit":
        """Return the kit of this process's settings."""
        from pake_pipelines.pipeline.kit import Kit

        return Kit.of(get_settings())

    @asynccontextmanager
    async def open(self, kit: "Kit") -> "AsyncIterator[Database]":
        """Open the knowledge database for one stage. Raises StoreError."""
        from pake_pipelines.store.database import Patience, open_database

        patience = Patience(kit.settings.connect_attempts, kit.settings.connect_retry_seconds)
        async with open_database(kit.database, patience) as database:
            yield database

    async def states(self, slugs: Sequence[str]) -> "Mapping[str, SourceState]":
        """Return what is remembered of the sources `slugs`. Raises StoreError at once when nobody answers."""
        from pake_pipelines.store.database import open_database
        from pake_pipelines.store.sources import load_states

        async with open_database(self.kit().database) as database, database.connection() as connection:
            return await load_states(connection, slugs)

    async def heavy_work_held(self, now: datetime) -> bool:
        """Tell whether a recovery holds back heavy work at `now`. Raises StoreError at once when nobody answers."""
        from pake_pipelines.store import levers
        from pake_pipelines.store.database import open_database

        async with open_database(self.kit().database) as database, database.connection() as connection:
            return await levers.is_on(connection, levers.HEAVY_WORK_HELD, now)

    async def backlog(self, now: datetime, sources: Sequence[str] | None = None) -> "tuple[Backlog, Withheld]":
        """Return what waits to be judged at `now`, and what the gate withholds.

        `sources` leaves the items of all others out. Raises StoreError at once when nobody answers.
        """
        from pake_pipelines.pipeline.gate import withheld
        from pake_pipelines.store.backlog import backlog
        from pake_pipelines.store.database import open_database

        kit = self.kit()
        async with open_database(kit.database) as database, database.connection() as connection:
            kept_back = await withheld(connection, kit.quality.gate)
            return await backlog(connection, now, sources=sources, withheld=kept_back.entry_ids), kept_back
