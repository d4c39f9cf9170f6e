"""Metrics of what foresight found: whether a series is odd (ANA-02), and in how many days it is full (ANA-07)."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from pake_pipelines.health.catalogue import measured, missing
from pake_pipelines.model.metric import MetricSample
from pake_pipelines.model.status import CheckStatus
from pake_pipelines.store import anomalies, forecasts, monitor_ticks
from pake_pipelines.store.analyses import STANDS_FOR
from pake_pipelines.store.anomalies import Anomaly
from pake_pipelines.store.database import Connection
from pake_pipelines.store.forecasts import ForecastRow
from pake_pipelines.store.monitor_ticks import MonitorTick

# a series that was odd is sampled for so long after it, so that everybody learns that it is over
_TOLD_FOR: Final = timedelta(days=7)
# so many turns of judging may be missed
_TURNS: Final = 3
# a series without a sample for so long tells nothing of how its episode goes on
_SILENT: Final = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Foreseen:
    """What foresight left: episodes that are open or ended lately, the newest forecasts, when series were judged."""

    episodes: Sequence[Anomaly] = ()
    forecasts: Sequence[ForecastRow] = ()
    judged: MonitorTick | None = None


async def foreseen(connection: Connection, now: datetime) -> Foreseen:
    """Read what foresight left."""
    return Foreseen(
        await anomalies.between(connection, now - _TOLD_FOR, now + timedelta(days=1)),
        await forecasts.latest(connection),
        await monitor_ticks.read(connection, anomalies.TICK),
    )


def sample_foreseen(
    found: Foreseen, latest: Sequence[MetricSample], furthest_days: int, now: datetime
) -> list[MetricSample]:
    """Return both metrics; `latest` are the newest samples of all series.

    What is not full within `furthest_days` days has these: an alert that has fired has to learn that it is over.
    """
    newest = {_key(one.metric, one.labels): one for one in latest}
    return [*_anomalies(found, newest, now), *_days_to_full(found, furthest_days, now)]


def _anomalies(
    found: Foreseen, latest: Mapping[tuple[str, str], MetricSample], now: datetime
) -> Iterator[MetricSample]:
    tick = found.judged
    if tick is None or tick.memory.get("off"):
        why = "no series was judged yet" if tick is None else "watching for anomalies is switched off"
        yield missing("metric_anomaly", why, now)
        return
    newest = {_key(one.metric, one.labels): one for one in sorted(found.episodes, key=lambda one: one.started_at)}
    if now - tick.ticked_at > _TURNS * timedelta(minutes=tick.memory.get("every_minutes", 15)):
        why = f"not judged since {tick.ticked_at:%Y-%m-%d %H:%M} UTC"
        # each of them, too: a series without any sample would be taken for one that is gone
        for labels in ({}, *map(_labels, newest.values())):
            yield missing("metric_anomaly", why, now, status=CheckStatus.UNKNOWN, **labels)
        return
    for key, one in newest.items():
        yield _anomaly(one, latest.get(key), now)
    if not newest:
        yield measured("metric_anomaly", 0, now, detail="nothing is odd")


def _labels(one: Anomaly | ForecastRow) -> dict[str, str]:
    return {"of": one.metric, "series": _series(one.labels)}


def _anomaly(one: Anomaly, newest: MetricSample | None, now: datetime) -> MetricSample:
    labels = _labels(one)
    if one.ended_at is not None:
        return measured("metric_anomaly", 0, now, detail=f"over since {one.ended_at:%Y-%m-%d %H:%M} UTC", **labels)
    if newest is None or newest.value is None or now - newest.at > _SILENT:
        why = f"odd since {one.started_at:%Y-%m-%d %H:%M} UTC, and not measured any more"
        return missing("metric_anomaly", why, now, status=CheckStatus.UNKNOWN, **labels)
    known = one.expected_low is not None and one.expected_high is not None
    usual = f", usually {one.expected_low:.4g} to {one.expected_high:.4g}" if known else ""
    said = f"{one.kind} since {one.started_at:%Y-%m-%d %H:%M} UTC: {one.value:.4g}{usual}"
    return measured("metric_anomaly", 1, now, detail=said, **labels)


def _days_to_full(found: Foreseen, furthest_days: int, now: datetime) -> Iterator[MetricSample]:
    limited = [one for one in found.forecasts if one.limit_value is not None]
    for one in limited:
        labels = _labels(one)
        if now - one.made_at > STANDS_FOR:
            yield _undated(labels, f"not foreseen since {one.made_at:%Y-%m-%d %H:%M} UTC", now)
        elif one.reaches_at is not None:
            days = max((one.reaches_at - now) / timedelta(days=1), 0.0)
            said = f"{one.limit_value:g} is reached on {one.reaches_at:%Y-%m-%d}"
            yield measured("days_to_full", days, now, detail=said, **labels)
        elif one.points:
            why = f"no date within so many days: {one.reason}"
            yield measured("days_to_full", furthest_days, now, detail=why, **labels)
        else:
            yield _undated(labels, one.reason, now)
    if not limited:
        yield missing("days_to_full", "nothing was foreseen yet", now)


def _undated(labels: Mapping[str, str], why: str, now: datetime) -> MetricSample:
    return missing("days_to_full", why, now, status=CheckStatus.UNAVAILABLE, **labels)


def _series(labels: Mapping[str, str]) -> str:
    return " ".join(labels.values()) or "all"


def _key(metric: str, labels: Mapping[str, str]) -> tuple[str, str]:
    return metric, _series(labels)
