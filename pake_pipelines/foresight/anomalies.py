"""Watching series for what they do not do (ANA-02): every few minutes the last days of each are judged anew.

What is found goes into `anomalies`, one row for each episode, in one transaction with the note of when that was:
whoever is killed before has written nothing, and the next one finds the same.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from pake_pipelines.config.analytics import Anomalies
from pake_pipelines.foresight.episodes import Key, Looked, given_up, key, merged
from pake_pipelines.foresight.finding import Finding, Place, Verdict, subject
from pake_pipelines.health.catalogue import CATALOGUE
from pake_pipelines.store import anomalies, monitor_ticks, series, session_locks
from pake_pipelines.store.anomalies import Anomaly
from pake_pipelines.store.database import Connection, Database
from pake_pipelines.store.monitor_ticks import MonitorTick
from pake_pipelines.store.series import SampledSeries

if TYPE_CHECKING:
    from pake_pipelines.analytics.anomalies import Point

NO_OPEN_ANOMALY: Final = "no_open_anomaly"
# a sensor's tick has to end in time: what is left over is judged first the next time
SECONDS_AT_MOST: Final = 15.0
_LOCK: Final = ("foresight", "anomalies")
# a sensor that ticks a little early is not to wait for its next tick
_EARLY: Final = timedelta(seconds=60)
_FEWEST_LEARNT: Final = 100
_COLUMNS: Final = ("series", "kind", "since", "until", "value", "expected", "score")


@dataclass(frozen=True, slots=True)
class Judged:
    """What a judgement came to: episodes that began, that ended, and that are open now.

    `unknown` says of which series nothing can be told, and why; `given_up` are those whose series have no readings any
    more; `left` is the number of series for which there was no time. `overlapped`: another was under way.
    """

    at: datetime
    series: int = 0
    points: int = 0
    begun: tuple[Anomaly, ...] = ()
    ended: tuple[Anomaly, ...] = ()
    given_up: tuple[Anomaly, ...] = ()
    open: tuple[Anomaly, ...] = ()
    unknown: Mapping[str, str] | None = None
    left: int = 0
    seconds: float = 0.0
    overlapped: bool = False


async def judge_if_due(database: Database, config: Anomalies, now: datetime) -> Judged | None:
    """Judge unless somebody did within the last `every_minutes`; None where it is not due."""
    async with database.connection() as connection:
        last = await monitor_ticks.read(connection, anomalies.TICK)
    if last is not None and config.enabled and _is_fresh(last, config, now):
        return None
    return await judge(database, config, now)


def _is_fresh(last: MonitorTick, config: Anomalies, now: datetime) -> bool:
    turn = timedelta(minutes=config.every_minutes) - _EARLY
    return not last.memory.get("off") and timedelta() <= now - last.ticked_at < turn


async def judge(database: Database, config: Anomalies, now: datetime, *, seconds: float = SECONDS_AT_MOST) -> Judged:
    """Judge all series that are watched, for about `seconds` at most, and keep what was found."""
    if not config.enabled:
        async with database.transaction() as connection:
            await monitor_ticks.note(connection, anomalies.TICK, now, 0.0, {"off": True})
        return Judged(now)
    began = time.perf_counter()
    async with database.connection() as connection:
        last = await monitor_ticks.read(connection, anomalies.TICK)
        read = await _watched(connection, config, now)
    found, unknown, left = _look(_in_turn(read, last), config, last, now, began + seconds)
    async with database.transaction() as connection:
        if not await session_locks.is_free(connection, *_LOCK):
            return Judged(now, overlapped=True)
        begun, ended, lost = await _keep(connection, found, {key(one.metric, one.labels) for one in read}, config, now)
        still_open = tuple(await anomalies.open_now(connection))
        took = time.perf_counter() - began
        memory = {"every_minutes": config.every_minutes, "series": len(read), "next": left[0] if left else None}
        await monitor_ticks.note(connection, anomalies.TICK, now, took, memory)
    points = sum(len(one.values) for one in read)
    return Judged(now, len(read), points, begun, ended, lost, still_open, unknown, len(left), took)


async def _watched(connection: Connection, config: Anomalies, now: datetime) -> list[SampledSeries]:
    metrics = [metric for metric in CATALOGUE if config.watches(metric)]
    return await series.read(connection, metrics, now - timedelta(days=config.days), now)


def _in_turn(read: Sequence[SampledSeries], last: MonitorTick | None) -> list[SampledSeries]:
    """Return the series from the one on that was left over the last time."""
    names = [subject(one.metric, one.labels) for one in read]
    following = last.memory.get("next") if last else None
    first = names.index(following) if following in names else 0
    return [*read[first:], *read[:first]]


def _look(
    read: Sequence[SampledSeries], config: Anomalies, last: MonitorTick | None, now: datetime, until: float
) -> tuple[list[Looked], dict[str, str], list[str]]:
    """Return what was found, of which series nothing can be told and why, and those for which there was no time."""
    from pake_pipelines.analytics.anomalies import THRESHOLD, Point, detect

    found: list[Looked] = []
    unknown: dict[str, str] = {}
    judged_at = _judged_at(last, now)
    for place, one in enumerate(read):
        # one at the least: reading alone may take all the time, and each turn has to get further
        if place and time.perf_counter() > until:
            return found, unknown, [subject(other.metric, other.labels) for other in read[place:]]
        points = [Point(at, value) for at, value in zip(one.times, one.values, strict=True)]
        detection = detect(points, threshold=config.threshold or THRESHOLD, probation=_probation(points, config))
        if detection.reason is not None and detection.warm_up >= len(points):
            unknown[subject(one.metric, one.labels)] = detection.reason
        found.append(Looked(one.metric, one.labels, detection.episodes, one.times[-1], judged_at))
    return found, unknown, []


def _judged_at(last: MonitorTick | None, now: datetime) -> datetime | None:
    """Return until when all series were judged; None where they were not, or by a clock that was ahead."""
    if last is None or last.ticked_at > now or last.memory.get("off") or last.memory.get("next"):
        return None
    return last.ticked_at


def _probation(points: "Sequence[Point]", config: Anomalies) -> int:
    """Return how many points are only learnt from: those of the first hours, and no fewer than say anything."""
    end = points[0].at + timedelta(hours=config.warm_up_hours)
    return max(_FEWEST_LEARNT, sum(one.at < end for one in points))


async def _keep(
    connection: Connection, found: Sequence[Looked], seen: set[Key], config: Anomalies, now: datetime
) -> tuple[tuple[Anomaly, ...], tuple[Anomaly, ...], tuple[Anomaly, ...]]:
    """Bring what was found together with what is kept; return what began, what ended, and what was given up."""
    since = now - timedelta(days=config.days)
    kept: dict[Key, list[Anomaly]] = {}
    everything = await anomalies.between(connection, since, now + timedelta(days=1))
    for row in everything:
        kept.setdefault(key(row.metric, row.labels), []).append(row)
    changed = [row for one in found for row in merged(one, kept.get(key(one.metric, one.labels), ()), now)]
    lost = given_up(everything, seen, since)
    await anomalies.save(connection, [*changed, *lost])
    begun = tuple(row for row in changed if row.anomaly_id is None)
    return begun, tuple(row for row in changed if row.ended_at is not None), tuple(lost)


async def watch_anomalies(place: Place) -> Finding:
    """Judge all series now, and tell of the open episodes and of those that ended within a day."""
    config = place.rules.reports.analytics.anomalies
    judged = await judge(place.database, config, place.now)
    return await lately(place.database, judged, place.now, enabled=config.enabled)


async def lately(database: Database, judged: Judged, now: datetime, *, enabled: bool = True) -> Finding:
    """Return a judgement as a finding, with the episodes that are open or ended within a day."""
    async with database.connection() as connection:
        recent = await anomalies.between(connection, now - timedelta(days=1), now + timedelta(days=1))
    return told(judged, recent, enabled=enabled)


def told(judged: Judged, recent: Sequence[Anomaly], *, enabled: bool = True) -> Finding:
    """Return a judgement as a finding; `recent` are the episodes that are shown."""
    unknown = judged.unknown or {}
    numbers = {
        "open": len(judged.open), "series": judged.series, "not_judged": len(unknown) + judged.left,
        "points": judged.points, "began": len(judged.begun), "ended": len(judged.ended),
        "given_up": len(judged.given_up), "seconds": round(judged.seconds, 3),
    }  # fmt: skip
    if judged.overlapped:
        said = "another judgement is under way"
    elif not enabled:
        said = "watching for anomalies is switched off"
    else:
        said = f"series watched: {judged.series}; odd now: {len(judged.open)}"
        said += f"; too little is known yet of {len(unknown)}" if unknown else ""
        said += f"; no time for {judged.left}" if judged.left else ""
        said += f"; given up, as nothing is measured any more: {_names(judged.given_up)}" if judged.given_up else ""
    checks = {} if judged.overlapped or not enabled else _checks(judged)
    return Finding(said, numbers, _COLUMNS, [_cells(one) for one in recent], checks)


def _checks(judged: Judged) -> dict[str, Verdict]:
    """Return the check; none where no series was measured for long enough to tell."""
    if judged.open:
        return {NO_OPEN_ANOMALY: Verdict(False, _names(judged.open))}
    if judged.given_up:
        return {NO_OPEN_ANOMALY: Verdict(False, f"odd when they were last measured: {_names(judged.given_up)}")}
    known = judged.series - len(judged.unknown or {}) - judged.left
    return {NO_OPEN_ANOMALY: Verdict(True, f"nothing odd in {known} series")} if known > 0 else {}


def _names(found: Sequence[Anomaly]) -> str:
    return "; ".join(f"{subject(one.metric, one.labels)} since {one.started_at:%Y-%m-%d %H:%M} UTC" for one in found)


def _cells(one: Anomaly) -> tuple[str | float | datetime | None, ...]:
    known = one.expected_low is not None and one.expected_high is not None
    expected = f"{one.expected_low:.4g} to {one.expected_high:.4g}" if known else None
    return (
        subject(one.metric, one.labels), one.kind, one.started_at, one.ended_at, float(f"{one.value:.4g}"), expected,
        round(one.score, 3),
    )  # fmt: skip
