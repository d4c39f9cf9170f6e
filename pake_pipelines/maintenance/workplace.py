"""What every task works with: settings, rules, a clock, a database to open, somebody to tell how far it is."""

import os
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from pake_pipelines.config.maintenance import MaintenanceConfig
from pake_pipelines.settings import Settings
from pake_pipelines.store.database import Patience, addresses, open_database

if TYPE_CHECKING:
    from pake_pipelines.store.database import Database


def _now() -> datetime:
    return datetime.now(UTC)


def _silent(_: str) -> None:
    pass


@dataclass(frozen=True, slots=True)
class Workplace:
    """Where a task works.

    `options` are what this run asks for beyond the configuration (`level`, `scope` ...); with `dry_run` a task says
    what it would do and changes nothing; `say` takes one line of progress at a time.
    """

    settings: Settings
    config: MaintenanceConfig
    run_id: str = ""
    dry_run: bool = False
    options: Mapping[str, Any] = field(default_factory=dict)
    environ: Mapping[str, str] = field(default_factory=lambda: os.environ)
    clock: Callable[[], datetime] = _now
    say: Callable[[str], None] = _silent

    @asynccontextmanager
    async def open(self) -> "AsyncIterator[Database]":
        """Open the knowledge database. Raises StoreError."""
        patience = Patience(self.settings.connect_attempts, self.settings.connect_retry_seconds)
        async with open_database(addresses(self.settings).knowledge, patience) as database:
            yield database
