"""All inputs of one round: those made of what was found just now, and those that the store is asked for.

An input that cannot be read says so, and leaves the others alone. One that is not due is not handed in.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil

from pake_pipelines.alerts.inputs.channel import channel_readings
from pake_pipelines.alerts.inputs.check import check_readings
from pake_pipelines.alerts.inputs.freshness import freshness_readings
from pake_pipelines.alerts.inputs.healing import healing_readings
from pake_pipelines.alerts.inputs.incident import incident_readings
from pake_pipelines.alerts.inputs.metric import metric_readings
from pake_pipelines.alerts.inputs.partitions import partition_readings
from pake_pipelines.alerts.inputs.recovery import recovery_readings
from pake_pipelines.alerts.inputs.run import run_readings
from pake_pipelines.alerts.inputs.service import service_readings
from pake_pipelines.alerts.inputs.slo import slo_readings
from pake_pipelines.alerts.inputs.source import source_readings
from pake_pipelines.alerts.inputs.tick import tick_readings
from pake_pipelines.config.monitoring import MonitoringConfig
from pake_pipelines.model.alert import Readings
from pake_pipelines.model.dagster_facts import DagsterFacts
from pake_pipelines.model.health import HealthSample
from pake_pipelines.store import channel_states, incidents, metric_samples, recoveries, service_restarts
from pake_pipelines.store.database import Connection
from pake_pipelines.store.sources import load_states


@dataclass(frozen=True, slots=True)
class Round:
    """What is known at `now`: samples and facts are None where there was no round of probes, or no Dagster to ask.

    `sources` are the enabled ones. `metrics_due` says that metrics were sampled since they were last looked at.
    """

    now: datetime
    samples: Sequence[HealthSample] | None
    facts: DagsterFacts | None
    sources: Sequence[str]
    metrics_due: bool


async def gather(connection: Connection, config: MonitoringConfig, found: Round) -> list[Readings]:
    """Return the inputs of this round."""
    inputs = [] if found.samples is None else [service_readings(found.samples)]
    if found.facts is not None:
        of_facts = {
            "checks": check_readings, "runs": run_readings, "ticks": tick_readings, "freshness": freshness_readings,
            "partitions": partition_readings,
        }  # fmt: skip
        # what was left out on purpose, as at the terminal, is not due
        inputs += [read(found.facts) for part, read in of_facts.items() if _was_read(found.facts, part)]
    now, readers = found.now, dict[str, Callable[[], Awaitable[Readings]]]()

    async def sources() -> Readings:
        return source_readings(await load_states(connection, found.sources), now)

    async def overdue() -> Readings:
        return incident_readings(await incidents.overdue(connection, now), now)

    async def surrenders() -> Readings:
        return healing_readings((await service_restarts.surrenders(connection)).values())

    async def recovered() -> Readings:
        return recovery_readings((await recoveries.latest(connection)).values())

    async def channels() -> Readings:
        states = await channel_states.read_all(connection)
        return channel_readings(states.values(), config.alerting.channels)

    async def metrics() -> Readings:
        silent_since = await _silent_since(connection, config, now)
        return metric_readings(await metric_samples.latest(connection, now), silent_since)

    async def objectives() -> Readings:
        return await slo_readings(connection, config.alerting.slos, now)

    readers |= {
        "source": sources, "incident": overdue, "healing": surrenders, "recovery": recovered, "channel": channels,
    }  # fmt: skip
    if found.metrics_due:
        readers |= {"metric": metrics, "slo": objectives}
    return inputs + [await _told(name, read) for name, read in readers.items()]


async def _silent_since(connection: Connection, config: MonitoringConfig, now: datetime) -> datetime | None:
    """Return since when a series must have no sample to be gone; None where too little was measured to tell.

    That is `gone_hours` ago, and as many rounds as these hours have: while nobody measured none was missed.
    """
    hours, every = timedelta(hours=config.alerting.gone_hours), timedelta(minutes=config.metrics.every_minutes)
    before = await metric_samples.round_before(connection, ceil(hours / every), now)
    return before and min(before, now - hours)


def _was_read(facts: DagsterFacts, part: str) -> bool:
    return getattr(facts, part) is not None or part in facts.errors


async def _told(name: str, read: Callable[[], Awaitable[Readings]]) -> Readings:
    try:
        return await read()
    except Exception as error:  # noqa: BLE001  # whatever it is, the series of this input are unknown, and it is told
        return Readings(name, error=f"{type(error).__name__}: {error}"[:500])
