"""The capacity report: how full everything is, where it goes, and when it is full (ANA-10..13, ANA-16)."""

import asyncio
import os
from collections.abc import Sequence
from datetime import UTC, datetime, time
from pathlib import Path
from typing import Final

from pake_pipelines.analytics.pressure import Increase, Pressure, increase, pressure
from pake_pipelines.config.upkeep import Capacity
from pake_pipelines.reports.advice import advise, look
from pake_pipelines.reports.capacity.figures import (
    DAYS,
    METRICS,
    QUERY,
    RESOURCES,
    TABLES,
    CapacityFigures,
    Stored,
    TableLine,
    backups_stored,
    bodies_stored,
    lines,
    table_lines,
)
from pake_pipelines.reports.capacity.sections import document
from pake_pipelines.reports.desk import Desk
from pake_pipelines.reports.document import Document
from pake_pipelines.reports.monitoring.figures import HealthTrend, health_trend
from pake_pipelines.reports.parts.binned import SeriesKey, series_key
from pake_pipelines.reports.parts.foreseen import fresh
from pake_pipelines.reports.parts.periods import DAY, WEEK
from pake_pipelines.store import (
    backups,
    forecasts,
    growth_statistics,
    health_samples,
    metric_samples,
    metric_windows,
    monitoring_statistics,
)
from pake_pipelines.store.database import Connection
from pake_pipelines.store.database_metrics import Missing
from pake_pipelines.store.monitoring_statistics import Bin

ADVICE: Final = frozenset({"ANA-05", "ANA-07", "ANA-10", "ANA-11", "ANA-13"})
"""The rules of the table of recommendations that speak of capacity."""

_FEWEST_SAMPLES: Final = 12
_TABLES_SHOWN: Final = 10


async def write(desk: Desk) -> Document:
    """Write the capacity report as of now."""
    return document(await read(desk), advise(await look(desk), ADVICE), desk.configs.reports.advice.days_to_full)


async def read(desk: Desk) -> CapacityFigures:
    """Read everything that the report says."""
    connection, now = desk.connection, desk.now
    today = now.astimezone(UTC).date()
    first = datetime.combine(today - (DAYS - 1) * DAY, time(), UTC)
    daily = await monitoring_statistics.metric_bins(connection, [*METRICS, TABLES], first, now, DAY)
    foreseen = await forecasts.latest(connection)
    tables, untold = await _tables(connection, [one for one in daily if one.metric == TABLES])
    return CapacityFigures(
        made_at=now,
        lines=lines(
            await metric_windows.windows(connection, METRICS, now - DAY, now),
            daily,
            fresh(foreseen, now),
            await _pressures(connection, desk.configs.maintenance.capacity, now),
            today,
        ),
        tables=tables,
        untold=untold,
        stored=await _stored(desk),
        health=await _health(desk, first),
        query=await _query(connection, now),
        sampled_since=await metric_windows.sampled_since(connection),
        analysed_at=max((one.made_at for one in foreseen), default=None),
    )


async def _pressures(connection: Connection, rules: Capacity, now: datetime) -> dict[SeriesKey, Pressure]:
    found: dict[SeriesKey, Pressure] = {}
    for resource in RESOURCES:
        if resource.bound is None:
            continue
        by_series: dict[SeriesKey, list[tuple[datetime, float]]] = {}
        for one in await metric_samples.series(connection, resource.metric, now - DAY):
            held = by_series.setdefault(series_key(one.metric, one.labels), [])
            if one.value is not None:
                held.append((one.at, one.value))
        bound = getattr(rules, resource.bound)
        found |= {
            name: pressure(name[0], held, bound, now=now, window=DAY, min_samples=_FEWEST_SAMPLES)
            for name, held in by_series.items()
        }
    return found


async def _query(connection: Connection, now: datetime) -> Increase:
    """Return how the last day's times of a small query stand to those of the six days before (ANA-11)."""
    samples = await metric_samples.series(connection, QUERY, now - WEEK)
    known = [(one.at, one.value) for one in samples if one.value is not None and one.at <= now]
    before = [value for at, value in known if at < now - DAY]
    return increase(QUERY, before, [value for at, value in known if at >= now - DAY])


async def _tables(connection: Connection, daily: Sequence[Bin]) -> tuple[list[TableLine], str]:
    now = await growth_statistics.table_bytes(connection, _TABLES_SHOWN)
    return ([], now.why) if isinstance(now, Missing) else (table_lines(now, daily), "")


async def _stored(desk: Desk) -> list[Stored]:
    return [
        bodies_stored(await growth_statistics.bodies(desk.connection, desk.now), desk.now),
        backups_stored(await backups.listed(desk.connection), desk.now),
        await asyncio.to_thread(_logs, desk.settings.data / "logs"),
    ]


def _logs(directory: Path) -> Stored:
    """Return what the log files take; a file that goes while it is looked at takes nothing."""
    files, size = 0, 0
    try:
        for place, _, names in os.walk(directory, onerror=_raise):
            for name in names:
                try:
                    size += (Path(place) / name).lstat().st_size
                except FileNotFoundError:
                    continue
                files += 1
    except FileNotFoundError:
        return Stored("Logs", 0, 0, None, "there are none yet")
    except OSError as error:
        return Stored("Logs", None, None, None, f"cannot be read: {error.strerror}")
    return Stored("Logs", files, size, None, "packed ones included")


def _raise(error: OSError) -> None:
    raise error


async def _health(desk: Desk, first: datetime) -> HealthTrend:
    services = tuple(desk.configs.monitoring.enabled_services())
    days = await monitoring_statistics.service_days(desk.connection, first, desk.now)
    uptimes = await health_samples.uptimes(desk.connection, desk.now - DAYS * DAY, desk.now)
    return health_trend(days, uptimes, services, desk.now.astimezone(UTC).date(), DAYS)
