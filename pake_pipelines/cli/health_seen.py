"""How services stand: as they were probed last, or as they are when asked now."""

import asyncio
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

from pake_pipelines.cli.dagster_facts import read_facts
from pake_pipelines.config.monitoring import MonitoringConfig
from pake_pipelines.config.services import AnyService
from pake_pipelines.model.health import STALE, HealthSample, HealthStatus, OwnProcess, Transition, Uptime
from pake_pipelines.settings import Settings
from pake_pipelines.store import health_samples, service_processes
from pake_pipelines.store.database import Database, addresses, open_database
from pake_pipelines.store.errors import StoreError

DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Seen:
    """How services stand, by name and in their order, with the last day of each.

    `samples` are of now where `probed` says so; else one that is older than `STALE` is unknown. `note` is what a
    person has to know of it.
    """

    samples: Mapping[str, HealthSample]
    probed: bool
    uptimes: Mapping[str, Uptime] = field(default_factory=dict)
    changes: Sequence[Transition] = ()
    note: str | None = None

    @property
    def as_of(self) -> datetime | None:
        """When the newest of it was found."""
        return max((one.at for one in self.samples.values() if one.detail != NEVER), default=None)

    def since(self, service: str) -> datetime | None:
        """Return since when a service stands as it does; None where that is longer than a day."""
        return max((one.at for one in self.changes if one.service == service), default=None)


NEVER: Final = "not probed yet"


def look(settings: Settings, config: MonitoringConfig, now: datetime, *, probing: bool) -> Seen:
    """Return how the services that are switched on stand, in their order.

    Where what was found before cannot be read, they are asked now.
    """
    return asyncio.run(_look(settings, config, now, probing=probing))


async def _look(settings: Settings, config: MonitoringConfig, now: datetime, *, probing: bool) -> Seen:
    services = config.enabled_services()
    try:
        async with open_database(addresses(settings).knowledge) as database:
            seen = await _stored(database, services, now)
            processes = await _processes(database) if probing else {}
    except StoreError as error:
        note = f"nothing that was found before can be read ({error}): this is what probes find now"
        return Seen(await _probe(settings, config, services, {}, now), probed=True, note=note)
    if not probing:
        return seen
    return replace(seen, samples=await _probe(settings, config, services, processes, now), probed=True, note=None)


async def _stored(database: Database, services: Mapping[str, AnyService], now: datetime) -> Seen:
    async with database.connection() as connection:
        latest = await health_samples.latest(connection)
        uptimes = await health_samples.uptimes(connection, now - DAY, now)
        changes = await health_samples.transitions(connection, now - DAY)
    samples = {name: _as_of_now(name, service, latest.get(name), now) for name, service in services.items()}
    return Seen(samples, probed=False, uptimes=uptimes, changes=changes, note=_note(latest, samples, now))


def _as_of_now(name: str, service: AnyService, sample: HealthSample | None, now: datetime) -> HealthSample:
    if sample is None:
        return HealthSample(name, service.kind, service.critical, HealthStatus.UNKNOWN, now, None, NEVER)
    if now - sample.at <= STALE:
        return sample
    detail = f"not probed since then, when it was {sample.status.value}: {sample.detail}"
    return replace(sample, status=HealthStatus.UNKNOWN, detail=detail)


def _note(latest: Mapping[str, HealthSample], samples: Mapping[str, HealthSample], now: datetime) -> str | None:
    newest = max((latest[name].at for name in samples if name in latest), default=None)
    if newest is None:
        return "nothing was probed yet: the sensor service_health does it, or --now"
    if now - newest > STALE:
        return "nobody is probing: is Dagster up, and the sensor service_health on? --now asks the services at once"
    return None


async def _processes(database: Database) -> dict[str, OwnProcess]:
    async with database.connection() as connection:
        return await service_processes.processes(connection)


async def _probe(
    settings: Settings,
    config: MonitoringConfig,
    services: Mapping[str, AnyService],
    processes: Mapping[str, OwnProcess],
    now: datetime,
) -> dict[str, HealthSample]:
    from pake_pipelines.health.rounds import probe_all
    from pake_pipelines.health.surroundings import Surroundings

    facts = await asyncio.to_thread(read_facts, settings, now)
    surroundings = Surroundings(settings, config.probing, os.environ, now, facts, processes)
    return {one.service: one for one in await probe_all(services, surroundings)}
