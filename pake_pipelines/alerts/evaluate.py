"""An evaluation: load what stands, decide, and write everything that follows in one transaction.

Guaranteed here: states, groups and the messages about them are written together or not at all, so that no crash can
lose or double one against the other; only one evaluation is under way at a time, in whatever process, and one that
comes within a few seconds after the last changes nothing; a change of state that somebody else was faster with undoes
the whole round, which the next one repeats from what stands then. Series that are quiet cost no write.
"""

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from pake_pipelines.alerts import incidents
from pake_pipelines.alerts.actions import ActionRequest, Asked
from pake_pipelines.alerts.round import Decision, Standing, decide
from pake_pipelines.config.monitoring import MonitoringConfig
from pake_pipelines.crash import CrashPoint, point
from pake_pipelines.model.alert import AlertState, Condition, Message, Readings
from pake_pipelines.model.episode import Episode, Transition
from pake_pipelines.store import (
    alert_groups,
    alert_rounds,
    alert_series,
    alerts,
    monitor_ticks,
    notifications,
    silences,
)
from pake_pipelines.store.database import Connection, Database

# two daemons by mistake: the second one's round right after the first one's would count the same state twice
CLOSEST: Final = timedelta(seconds=5)


@dataclass(frozen=True, slots=True)
class RuleSeen:
    """What one rule saw: its number of series, how many are bad or unknown, and why it could not be judged if so.

    A rule whose input was not due is not judged, and that is no fault. `unfilled` are fields of its summary that a bad
    series does not have.
    """

    rule: str
    due: bool
    series: int
    bad: int
    unknown: int
    unjudged: str
    unfilled: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Evaluated:
    """What an evaluation has come to. `overlapped`: another was under way or has just been, and nothing was done.

    `held_back` counts open alerts that are not told (silenced, inhibited, behind a dead parent), `messages` those that
    were put into the outbox.
    """

    at: datetime
    overlapped: bool = False
    pending: int = 0
    firing: int = 0
    held_back: int = 0
    messages: int = 0
    transitions: tuple[Transition, ...] = ()
    actions: tuple[ActionRequest, ...] = ()
    rules: tuple[RuleSeen, ...] = ()
    seconds: float = 0.0


class _LostRaceError(Exception):
    """Somebody else has changed an alert since it was loaded."""


async def evaluate(
    database: Database, config: MonitoringConfig, inputs: Sequence[Readings], now: datetime
) -> Evaluated:
    """Judge `inputs` by the rules of `config`, and put the messages that follow into the outbox."""
    began = time.perf_counter()
    try:
        async with database.transaction() as connection:
            if not await alert_rounds.try_lock(connection):
                return Evaluated(now, overlapped=True)
            last = await monitor_ticks.read(connection, alert_rounds.NAME)
            if last is not None and abs(now - last.ticked_at) < CLOSEST:
                return Evaluated(now, overlapped=True)
            standing = await load(connection, last.memory if last else {}, now)
            decision = decide(config, standing, inputs, now)
            await save(connection, config, standing, decision, now)
            seconds = time.perf_counter() - began
            await monitor_ticks.note(connection, alert_rounds.NAME, now, seconds, _memory(decision.asked))
            point(CrashPoint.ALERTS_WRITTEN)
    except _LostRaceError:
        return Evaluated(now, overlapped=True)
    point(CrashPoint.ALERTS_COMMITTED)
    return _evaluated(decision, now, seconds)


async def load(connection: Connection, memory: Mapping[str, Any], now: datetime) -> Standing:
    """Return what stands before an evaluation at `now`."""
    episodes = await alerts.load_open(connection)
    groups = await alert_groups.load(connection)
    is_open = {one.alert_id for one in episodes.values()}
    told = {alert for group in groups.values() for alert in group.told}
    return Standing(
        series=await alert_series.load(connection),
        episodes=episodes,
        groups=groups,
        over=await alerts.resolved(connection, told - is_open),
        silences=await silences.in_force(connection, now),
        asked=_asked(memory),
    )


async def save(
    connection: Connection, config: MonitoringConfig, before: Standing, decision: Decision, now: datetime
) -> None:
    """Write what has changed: nothing of what is as it was."""
    lives = decision.lives
    await alert_series.save(connection, _changed(before.series, lives.series))
    await alert_series.forget(connection, before.series.keys() - lives.series.keys())
    await _save_episodes(connection, before.episodes, [*lives.ended, *lives.episodes.values()])
    await alerts.note_transitions(connection, lives.transitions)
    await alert_groups.save(connection, _changed(before.groups, decision.groups))
    await alert_groups.forget(connection, before.groups.keys() - decision.groups.keys())
    await _put(connection, decision.outbox, now)
    await incidents.follow(connection, config.alerting.incidents, decision.fired, decision.over, now)


async def _save_episodes(connection: Connection, before: Mapping[str, Episode], after: Iterable[Episode]) -> None:
    known = {one.alert_id: one for one in before.values()}
    begun: list[Episode] = []
    changed: list[tuple[AlertState, Episode]] = []
    for one in after:
        was = known.get(one.alert_id)
        if was is None:
            begun.append(one)
        elif was != one:
            changed.append((was.state, one))
    # those that end make room for new ones of the same series
    if await alerts.change(connection, changed) != len(changed) or await alerts.begin(connection, begun) != len(begun):
        raise _LostRaceError


async def _put(connection: Connection, outbox: Iterable[tuple[str, Message]], now: datetime) -> None:
    for channel, message in outbox:
        await notifications.put(connection, channel, message, now)


def _changed(before: Mapping[Any, Any], after: Mapping[Any, Any]) -> list[Any]:
    return [one for key, one in after.items() if before.get(key) != one]


def _memory(asked: Asked) -> dict[str, object]:
    return {"asked": {rule: [moment.isoformat() for moment in moments] for rule, moments in asked.items()}}


def _asked(memory: Mapping[str, Any]) -> Asked:
    return {
        rule: tuple(datetime.fromisoformat(moment) for moment in moments)
        for rule, moments in memory.get("asked", {}).items()
    }


def _evaluated(decision: Decision, now: datetime, seconds: float) -> Evaluated:
    states = [one.state for one in decision.lives.episodes.values()]
    return Evaluated(
        at=now,
        pending=states.count(AlertState.PENDING),
        firing=states.count(AlertState.FIRING),
        held_back=len(decision.held.alerts),
        messages=len(decision.outbox),
        transitions=decision.lives.transitions,
        actions=decision.actions,
        rules=tuple(
            RuleSeen(
                one.rule, one.due, len(one.observations or {}), one.of(Condition.BAD), one.of(Condition.UNKNOWN),
                one.unjudged, decision.unfilled.get(one.rule, ()),
            )
            for one in decision.seen.values()
        ),
        seconds=seconds,
    )  # fmt: skip
