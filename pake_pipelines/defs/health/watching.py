"""The rounds of watching and measuring as Dagster's objects carry them out: facts first, then the round."""

import asyncio
import logging
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import dagster as dg
from dagster._check import CheckError

from pake_pipelines.config.monitoring import MonitoringConfig
from pake_pipelines.config.sources import SourcesConfig
from pake_pipelines.defs.health.place import LastingInstance, Place
from pake_pipelines.settings import Settings

if TYPE_CHECKING:
    from contextlib import AbstractAsyncContextManager

    from pake_pipelines.alerts.measure import Measured
    from pake_pipelines.alerts.watch import Watch, Watched
    from pake_pipelines.defs.health.facts import FactsReader
    from pake_pipelines.model.dagster_facts import DagsterFacts
    from pake_pipelines.store.database import Database


class Watching:
    """What all sensors and assets of health share: where they look, and what they remember between their ticks."""

    def __init__(
        self,
        settings: Settings,
        config: MonitoringConfig,
        sources: SourcesConfig,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """Remember nothing yet; nothing is read before a round."""
        self.settings = settings
        self.config = config
        self.clock = clock
        self.began_at = clock()
        self._sources = sources
        self._instance = LastingInstance()
        self._reader: FactsReader | None = None
        self._what: Watch | None = None

    @property
    def what(self) -> "Watch":
        """What is watched."""
        # a code location only describes the sensors; importing what probes is left to their ticks
        from pake_pipelines.alerts.watch import Watch

        if self._what is None:
            self._what = Watch(self.settings, self.config, tuple(self._sources.enabled))
        return self._what

    def open(self) -> "AbstractAsyncContextManager[Database]":
        """Open the knowledge database. Raises StoreError at once when nobody answers."""
        from pake_pipelines.store.database import addresses, open_database

        return open_database(addresses(self.settings).knowledge)

    def place(self, context: dg.SensorEvaluationContext) -> Place:
        """Return what a sensor looks at."""
        repository = context.repository_def
        if repository is None:
            raise dg.DagsterInvariantViolationError("a sensor's context without its repository")
        origin = context.code_location_origin
        return Place(self._instance.of(context), repository, origin.location_name if origin else None)

    def place_of_run(self, context: dg.AssetExecutionContext) -> Place | None:
        """Return what a run looks at; None where it does not run in a code location, which only tests do not."""
        try:
            return Place(context.instance, context.repository_def)
        except CheckError:
            return None

    def facts(self, place: Place | None) -> "DagsterFacts | None":
        """Return what Dagster knows of itself now; None where it cannot be asked."""
        from pake_pipelines.defs.health.facts import FactsReader

        if self._reader is None:
            self._reader = FactsReader()
        return None if place is None else self._reader.read(place, self.clock())

    def watch(self, place: Place | None, log: logging.Logger) -> "Watched":
        """Carry out a round of watching, and say what of it failed."""
        from pake_pipelines.alerts.watch import watch

        facts = self.facts(place)
        watched = asyncio.run(watch(self.what, facts, self.clock))
        unread = {f"Dagster's {name}": why for name, why in facts.errors.items()} if facts else {}
        for part, why in {**unread, **watched.faults}.items():
            log.warning("%s: %s", part, why)
        return watched

    def is_switched_on(self, place: Place, sensor: str) -> bool:
        """Tell whether a sensor is to tick at all: who has stopped it does not want another to do its work."""
        facts = self.facts(place)
        return facts is not None and any(tick.name == sensor for tick in facts.ticks or ())

    def measure(self, place: Place | None) -> "Measured":
        """Carry out a round of measuring. Raises StoreError."""
        from pake_pipelines.alerts.measure import measure

        facts = self.facts(place)
        return asyncio.run(measure(self.what, facts, self.clock))
