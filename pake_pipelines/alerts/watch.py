"""One whole round of watching: probe, keep, read all inputs, evaluate, deliver, and say that we live.

The sensor and `pake monitor check` do the same round. What waits in the outbox goes out while the probes run: nothing
that fails in a round may stop a message that is waiting. A knowledge database that is away is told in another way, by
the log channel, because rules and outbox are in it.
"""

import asyncio
import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from pake_pipelines.alerts.deliver import Delivered, deliver
from pake_pipelines.alerts.evaluate import Evaluated, evaluate
from pake_pipelines.alerts.heartbeat import beat
from pake_pipelines.alerts.inputs.gather import Round, gather
from pake_pipelines.alerts.parts import Parts
from pake_pipelines.alerts.without_database import Outage, log
from pake_pipelines.config.monitoring import MonitoringConfig
from pake_pipelines.health.rounds import probe_all
from pake_pipelines.health.surroundings import Surroundings
from pake_pipelines.model.alert import Readings
from pake_pipelines.model.dagster_facts import DagsterFacts
from pake_pipelines.model.health import HealthSample, HealthStatus, OwnProcess, overall
from pake_pipelines.settings import Settings
from pake_pipelines.store import health_samples, monitor_ticks, service_processes
from pake_pipelines.store.database import Database, addresses, open_database
from pake_pipelines.store.monitor_ticks import MonitorTick

TICK: Final = "service_health"
METRICS: Final = "metrics"
# Dagster ends a tick that takes a minute; a sensor of ours takes no more than this
ROUND_SECONDS: Final = 24.0
_PROBE_SECONDS: Final = 20.5
_DELIVERY_SECONDS: Final = 15.0
# when metrics are not sampled any more their rules have to learn it: then they are looked at so often
_METRICS_AT_LEAST: Final = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Watched:
    """What a round found and did. `evaluated` and `delivered` are None where that part failed; `faults` says why.

    `seconds` is what each part took. `inputs` are what the rules looked at.
    """

    at: datetime
    samples: tuple[HealthSample, ...]
    overall: HealthStatus
    inputs: tuple[Readings, ...] = ()
    evaluated: Evaluated | None = None
    delivered: tuple[Delivered, ...] = ()
    seconds: Mapping[str, float] = field(default_factory=dict)
    faults: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Watch:
    """What is watched, where: all that does not change from round to round, and the outage that rounds may meet."""

    settings: Settings
    config: MonitoringConfig
    sources: Sequence[str] = ()
    environ: Mapping[str, str] = field(default_factory=lambda: os.environ, repr=False)
    outage: Outage = field(default_factory=Outage)


async def watch(what: Watch, facts: DagsterFacts | None, clock: Callable[[], datetime]) -> Watched:
    """Carry out a round within about `ROUND_SECONDS`. Nothing is raised: what failed is in `faults`."""
    parts, now, opened = Parts(ROUND_SECONDS), clock(), AsyncExitStack()
    address = addresses(what.settings).knowledge
    database = await parts.run("database", opened.enter_async_context(open_database(address)), at_most=10)
    told = what.outage.ended(now) if database else what.outage.began(now, parts.faults["database"])
    if told is not None:
        await parts.run("log", log(told, what.config, what.settings, what.environ), at_most=5)
    try:
        if database is None:
            return _watched(now, await _probe(what, parts, now, facts, {}), parts)
        return await _round(what, database, parts, facts, clock, now)
    finally:
        await parts.run("closing", opened.aclose(), at_most=2)


async def _round(
    what: Watch,
    database: Database,
    parts: Parts,
    facts: DagsterFacts | None,
    clock: Callable[[], datetime],
    now: datetime,
) -> Watched:
    async def send(name: str, seconds: float) -> Delivered | None:
        return await parts.run(
            name, deliver(database, what.config, what.settings, clock, seconds=seconds, environ=what.environ)
        )

    samples, waiting = await asyncio.gather(_look(what, database, parts, facts, now), send("outbox", _DELIVERY_SECONDS))
    judged = await parts.run("evaluation", _judge(what, database, samples, facts, now))
    inputs, evaluated = judged or ((), None)
    new = await send("delivery", max(0.5, parts.left() - 1)) if evaluated and evaluated.messages else None
    await parts.run("heartbeat", beat(database, what.config, what.environ, clock), at_most=5)
    return _watched(now, samples, parts, inputs, evaluated, tuple(one for one in (waiting, new) if one))


async def _look(
    what: Watch, database: Database, parts: Parts, facts: DagsterFacts | None, now: datetime
) -> list[HealthSample] | None:
    async def processes() -> Mapping[str, OwnProcess]:
        async with database.connection() as connection:
            return await service_processes.processes(connection)

    async def keep(found: Sequence[HealthSample]) -> None:
        async with database.transaction() as connection:
            await health_samples.save(connection, found)

    samples = await _probe(what, parts, now, facts, await parts.run("processes", processes(), at_most=5) or {})
    if samples:
        await parts.run("keeping", keep(samples))
    return samples


async def _probe(
    what: Watch, parts: Parts, now: datetime, facts: DagsterFacts | None, processes: Mapping[str, OwnProcess]
) -> list[HealthSample] | None:
    surroundings = Surroundings(what.settings, what.config.probing, what.environ, now, facts, processes)
    return await parts.run("probes", probe_all(what.config.enabled_services(), surroundings), at_most=_PROBE_SECONDS)


async def _judge(
    what: Watch,
    database: Database,
    samples: Sequence[HealthSample] | None,
    facts: DagsterFacts | None,
    now: datetime,
) -> tuple[tuple[Readings, ...], Evaluated]:
    """Read all inputs and evaluate the rules; metrics only where there are new ones."""
    async with database.connection() as connection:
        ticks = await monitor_ticks.read_all(connection)
        due = _metrics_due(ticks, now)
        inputs = await gather(connection, what.config, Round(now, samples, facts, what.sources, due))
    evaluated = await evaluate(database, what.config, inputs, now)
    async with database.transaction() as connection:
        looked = now.isoformat() if due and not evaluated.overlapped else _memory(ticks).get("metrics_looked_at")
        await monitor_ticks.note(connection, TICK, now, 0.0, {"metrics_looked_at": looked})
    return tuple(inputs), evaluated


def _memory(ticks: Mapping[str, MonitorTick]) -> Mapping[str, Any]:
    return ticks[TICK].memory if TICK in ticks else {}


def _metrics_due(ticks: Mapping[str, MonitorTick], now: datetime) -> bool:
    """Tell whether metrics were sampled since they were last looked at, or should have been."""
    looked = _memory(ticks).get("metrics_looked_at")
    if looked is None or METRICS not in ticks:
        return True
    last = datetime.fromisoformat(looked)
    return ticks[METRICS].ticked_at >= last or not timedelta() <= now - last < _METRICS_AT_LEAST


def _watched(
    now: datetime,
    samples: Sequence[HealthSample] | None,
    parts: Parts,
    inputs: tuple[Readings, ...] = (),
    evaluated: Evaluated | None = None,
    delivered: tuple[Delivered, ...] = (),
) -> Watched:
    found = tuple(samples or ())
    return Watched(now, found, overall(found), inputs, evaluated, delivered, parts.seconds, parts.faults)
