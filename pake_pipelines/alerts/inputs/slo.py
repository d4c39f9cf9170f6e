"""Service level objectives as readings: whether an error budget burns too fast, from the counters that are kept."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from pake_pipelines.alerts.burn_rate import Counted, judge, lengths
from pake_pipelines.config.alerting import Slo
from pake_pipelines.model.alert import Reading, Readings
from pake_pipelines.store import metric_samples
from pake_pipelines.store.database import Connection


async def slo_readings(connection: Connection, slos: Mapping[str, Slo], now: datetime) -> Readings:
    """Return a series per objective and pair of windows."""
    series: list[Reading] = []
    for name, slo in slos.items():
        counted = {minutes: await _counted(connection, slo, minutes, now) for minutes in lengths(slo)}
        series += judge(name, slo, counted)
    return Readings("slo", tuple(series), complete=True)


async def _counted(connection: Connection, slo: Slo, minutes: float, now: datetime) -> Counted:
    since = now - timedelta(minutes=minutes)
    good, total = [
        window.increase if (window := await metric_samples.counter_window(connection, name, since, now)) else None
        for name in (slo.good, slo.total)
    ]
    return Counted(good, total)
