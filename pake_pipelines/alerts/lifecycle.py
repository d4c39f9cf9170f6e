"""How one series and its episode go on from one reading to the next: pure decisions.

Guaranteed here: an episode begins with a bad reading and at most one is open per series; it is resolved only by a good
reading, by a person, or because its series or rule exists no more, and never by an unknown one; it fires before it can
be resolved as fired; while a series flaps its episode stays open; one that a person has closed stays closed until its
series was good once. A stored moment that lies after now was stored by a clock that has since stepped back, and counts
as now from then on.
"""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from pake_pipelines.alerts import flapping
from pake_pipelines.alerts.conditions import Observation, severity_of
from pake_pipelines.alerts.grouping import group_key
from pake_pipelines.alerts.template import render
from pake_pipelines.config.alerting import Flapping, Rule
from pake_pipelines.model.alert import AlertState, Condition
from pake_pipelines.model.episode import Episode, Series, Transition

# what is shown of an episode that goes on is renewed so often: a write per reading would cost more than it tells
_REFRESH: Final = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Advanced:
    """A series after a reading (None: it is quiet), its episode if there is or was just one, and what changed."""

    series: Series | None
    episode: Episode | None
    transitions: tuple[Transition, ...] = ()


def new_id() -> str:
    """Return the name of a new episode (MON-36)."""
    return f"alert_{uuid.uuid4()}"


def rebased_series(series: Series, now: datetime) -> Series:
    """Return `series` without moments after `now`."""
    if series.since <= now and series.read_at <= now:
        return series
    return replace(series, since=min(series.since, now), read_at=min(series.read_at, now))


def rebased_episode(episode: Episode, now: datetime) -> Episode:
    """Return `episode` without moments after `now`."""
    fired_at = episode.fired_at and min(episode.fired_at, now)
    if episode.started_at <= now and episode.last_seen_at <= now and fired_at == episode.fired_at:
        return episode
    return replace(
        episode,
        started_at=min(episode.started_at, now),
        last_seen_at=min(episode.last_seen_at, now),
        fired_at=fired_at,
    )


def advance(
    rule: Rule,
    name: str,
    flap: Flapping,
    series: Series | None,
    episode: Episode | None,
    seen: Observation,
    now: datetime,
) -> Advanced:
    """Let `series` of the rule called `name`, and its open `episode`, go on with one reading."""
    if series is None and episode is None and seen.condition is Condition.OK:
        return Advanced(None, None)
    repeated = series is not None and seen.at is not None and min(seen.at, now) <= series.read_at
    if seen.condition is Condition.UNKNOWN or repeated:
        return Advanced(series, episode)
    series = _read(rule, name, flap, series, seen, now)
    if episode is None:
        return _without_episode(rule, series, now)
    episode = _renewed(rule, episode, series, now)
    if episode.state is AlertState.PENDING:
        return _pending(rule, series, episode, now)
    return _firing(rule, series, episode, now)


def end(series: Series | None, episode: Episode, now: datetime, because: str) -> Advanced:
    """Resolve `episode` for a reason that is no reading."""
    return _changed(series, episode, AlertState.RESOLVED, now, because)


def _read(rule: Rule, name: str, flap: Flapping, before: Series | None, seen: Observation, now: datetime) -> Series:
    bad = seen.condition is Condition.BAD
    at = now if seen.at is None else min(seen.at, now)
    history = flapping.remember(before.history if before else 0, bad=bad)
    again = before is not None and before.condition is seen.condition
    after = Series(
        fingerprint=seen.fingerprint,
        rule=name,
        labels=seen.labels,
        condition=seen.condition,
        since=before.since if before is not None and again else at,
        in_a_row=min(before.in_a_row + 1, rule.after) if before is not None and again else 1,
        read_at=at,
        history=history,
        flapping=flapping.flaps(history, flap, before=before is not None and before.flapping),
        closed_by_hand=bad and before is not None and before.closed_by_hand,
        value=seen.value,
        detail=seen.detail,
    )
    return before if before is not None and _steady(before, after) else after


def _steady(before: Series, after: Series) -> bool:
    """Tell whether a reading says nothing that is worth a write."""
    if after.read_at - before.read_at >= _REFRESH:
        return False
    return replace(after, read_at=before.read_at, value=before.value, detail=before.detail) == before


def _without_episode(rule: Rule, series: Series, now: datetime) -> Advanced:
    if series.condition is Condition.OK:
        quiet = series.history == 0 and not series.flapping
        return Advanced(None if quiet else series, None)
    if series.closed_by_hand:
        return Advanced(series, None)
    episode = _begun(rule, series, now)
    began = Transition(episode.alert_id, None, AlertState.PENDING, now, series.detail or "a bad reading")
    further = _pending(rule, series, episode, now)
    return replace(further, transitions=(began, *further.transitions))


def _pending(rule: Rule, series: Series, episode: Episode, now: datetime) -> Advanced:
    if series.flapping:
        return _fired(rule, series, episode, now, "its state changes again and again")
    if series.condition is Condition.OK:
        return _changed(series, episode, AlertState.RESOLVED, now, "good again before it fired")
    held = (now - series.since).total_seconds()
    if series.in_a_row >= rule.after and held >= rule.for_seconds:
        return _fired(rule, series, episode, now, f"bad for {held:.0f} s")
    return Advanced(series, episode)


def _firing(rule: Rule, series: Series, episode: Episode, now: datetime) -> Advanced:
    if series.condition is Condition.BAD or series.flapping:
        return Advanced(series, episode)
    held = (now - series.since).total_seconds()
    if held < rule.keep_firing_seconds:
        return Advanced(series, episode)
    return _changed(series, episode, AlertState.RESOLVED, now, f"good for {held:.0f} s")


def _fired(rule: Rule, series: Series, episode: Episode, now: datetime, cause: str) -> Advanced:
    if series.condition is Condition.BAD:
        episode = _described(rule, episode, series, now)
    fired = replace(
        episode,
        fired_at=now,
        group_key=group_key(episode.rule, rule.group_by, episode.labels),
        metrics_snapshot=_snapshot(rule, series),
    )
    return _changed(series, fired, AlertState.FIRING, now, cause)


def _changed(series: Series | None, episode: Episode, to: AlertState, now: datetime, cause: str) -> Advanced:
    resolved = to is AlertState.RESOLVED
    changed = replace(
        episode,
        state=to,
        resolved_at=now if resolved else None,
        resolved_because=cause if resolved else None,
        flapping=episode.flapping and not resolved,
    )
    return Advanced(series, changed, (Transition(episode.alert_id, episode.state, to, now, cause),))


def _begun(rule: Rule, series: Series, now: datetime) -> Episode:
    return Episode(
        alert_id=new_id(),
        fingerprint=series.fingerprint,
        rule=series.rule,
        severity=severity_of(rule, series.labels),
        labels={**series.labels, **rule.labels},
        state=AlertState.PENDING,
        summary=_summary(rule, series),
        started_at=now,
        last_seen_at=now,
        value=series.value,
        recommendations=_recommendations(rule, series),
        runbook=rule.runbook,
        metrics_snapshot=_snapshot(rule, series),
        flapping=series.flapping,
    )


def _renewed(rule: Rule, episode: Episode, series: Series, now: datetime) -> Episode:
    if episode.flapping != series.flapping:
        episode = replace(episode, flapping=series.flapping)
    if series.condition is Condition.OK or now - episode.last_seen_at < _REFRESH:
        return episode
    return _described(rule, episode, series, now)


def _described(rule: Rule, episode: Episode, series: Series, now: datetime) -> Episode:
    return replace(
        episode,
        severity=severity_of(rule, series.labels),
        labels={**series.labels, **rule.labels},
        summary=_summary(rule, series),
        value=series.value,
        recommendations=_recommendations(rule, series),
        runbook=rule.runbook,
        last_seen_at=now,
    )


def fields(rule: Rule, series: Series) -> Mapping[str, str | float | None]:
    """Return what the templates of a rule may name of a series."""
    return {
        "severity": severity_of(rule, series.labels).value,
        **rule.labels,
        **series.labels,
        "value": series.value,
        "threshold": rule.above if rule.above is not None else rule.below,
        "detail": series.detail,
    }


def _summary(rule: Rule, series: Series) -> str:
    return render(rule.summary, fields(rule, series)).text


def _recommendations(rule: Rule, series: Series) -> tuple[str, ...]:
    return tuple(render(one, fields(rule, series)).text for one in rule.recommendations)


def _snapshot(rule: Rule, series: Series) -> dict[str, str | float | None]:
    threshold = rule.above if rule.above is not None else rule.below
    bound = {} if threshold is None else {"threshold": threshold}
    return {rule.metric or rule.input: series.value, **bound, "detail": series.detail}
