"""Automatic actions: what firing rules ask for by themselves, bounded by a cool-down and by the day (D-48).

The moments at which each rule asked are kept over restarts, and written before anything acts on them: a crash in
between costs one action, never the bound.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from pake_pipelines.config.alerting import Action, Rule
from pake_pipelines.model.alert import AlertState
from pake_pipelines.model.episode import Episode

_DAY: Final = timedelta(days=1)

Asked = Mapping[str, tuple[datetime, ...]]
"""Rule -> when it asked for its action, as far back as the bounds look."""


@dataclass(frozen=True, slots=True)
class ActionRequest:
    """A recovery that a firing alert asks for."""

    rule: str
    recovery: str
    alert_id: str


def ask(
    rules: Mapping[str, Rule], episodes: Iterable[Episode], asked: Asked, now: datetime
) -> tuple[tuple[ActionRequest, ...], Asked]:
    """Return the actions that open `episodes` ask for now, and when rules have asked so far, with these."""
    kept = {name: _recent(rules[name].action, moments, now) for name, moments in asked.items() if name in rules}
    acting = {name: rule.action for name, rule in rules.items() if rule.action is not None}
    firing = [one for one in episodes if one.rule in acting and one.state is AlertState.FIRING]
    requests = []
    for episode in sorted(firing, key=lambda one: (one.started_at, one.alert_id)):
        action, before = acting[episode.rule], kept.get(episode.rule, ())
        if _may_ask(action, before, now):
            kept[episode.rule] = (*before, now)
            requests.append(ActionRequest(episode.rule, action.recovery, episode.alert_id))
    return tuple(requests), {name: moments for name, moments in kept.items() if moments}


def _recent(action: Action | None, moments: Iterable[datetime], now: datetime) -> tuple[datetime, ...]:
    if action is None:
        return ()
    reach = max(_DAY, timedelta(minutes=action.cooldown_minutes))
    return tuple(min(moment, now) for moment in moments if now - moment < reach)


def _may_ask(action: Action, before: tuple[datetime, ...], now: datetime) -> bool:
    today = sum(now - moment < _DAY for moment in before)
    cooled = not before or now - before[-1] >= timedelta(minutes=action.cooldown_minutes)
    return cooled and today < action.max_per_day
