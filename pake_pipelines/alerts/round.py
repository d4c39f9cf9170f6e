"""One evaluation as a pure decision: what stands, what was read, and the moment, to everything that follows.

Nothing here knows of a database; `evaluate.py` loads what stands and writes what is decided in one transaction.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from pake_pipelines.alerts.actions import ActionRequest, Asked, ask
from pake_pipelines.alerts.conditions import Seen, look, look_at_rules
from pake_pipelines.alerts.holding import Held, hold
from pake_pipelines.alerts.lifecycle import fields
from pake_pipelines.alerts.lives import Lives, live
from pake_pipelines.alerts.telling import fired, tell
from pake_pipelines.alerts.template import render
from pake_pipelines.config.alerting import Rule
from pake_pipelines.config.monitoring import MonitoringConfig
from pake_pipelines.model.alert import AlertState, Condition, GroupFired, Message, Readings, is_gone
from pake_pipelines.model.episode import Episode, GroupState, Series, Silence


@dataclass(frozen=True, slots=True)
class Standing:
    """What is remembered: series and open episodes by fingerprint, groups by key and channel.

    `over` are resolved episodes, by id, of which some channel has still to be told.
    """

    series: Mapping[str, Series] = field(default_factory=dict)
    episodes: Mapping[str, Episode] = field(default_factory=dict)
    groups: Mapping[tuple[str, str], GroupState] = field(default_factory=dict)
    over: Mapping[str, Episode] = field(default_factory=dict)
    silences: Sequence[Silence] = ()
    asked: Asked = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Decision:
    """Everything that follows from one evaluation. `groups` are those in which something is left to remember.

    `over` are the groups with nothing firing any more, and the reason where that is not that all is good.
    """

    seen: Mapping[str, Seen]
    lives: Lives
    held: Held
    groups: Mapping[tuple[str, str], GroupState]
    outbox: tuple[tuple[str, Message], ...]
    fired: tuple[GroupFired, ...]
    over: Mapping[str, str]
    actions: tuple[ActionRequest, ...]
    asked: Asked
    unfilled: Mapping[str, tuple[str, ...]]


def decide(config: MonitoringConfig, standing: Standing, inputs: Sequence[Readings], now: datetime) -> Decision:
    """Decide everything that follows from `inputs` at `now`."""
    rules = config.alerting.rules
    seen = look(rules, inputs, now)
    seen |= look_at_rules(rules, seen, now)
    lives = live(config.alerting, standing.series, standing.episodes, seen, now)
    held = hold(config, lives, standing.silences, now)
    over = {**standing.over, **{one.alert_id: one for one in lives.ended}}
    groups, outbox = tell(config, lives.episodes.values(), held, standing.groups, over, now)
    actions, asked = ask(
        rules, [one for one in lives.episodes.values() if one.alert_id not in held.alerts], standing.asked, now
    )
    firing = {one.group_key for one in lives.episodes.values() if one.state is AlertState.FIRING}
    return Decision(
        seen=seen,
        lives=lives,
        held=held,
        groups=groups,
        outbox=outbox,
        fired=fired(outbox, lives.episodes.values()),
        # also what was closed by hand since the last round
        over=_over(one for one in over.values() if one.group_key not in firing),
        actions=actions,
        asked=asked,
        unfilled=_unfilled(rules, lives.series.values()),
    )


def _over(episodes: Iterable[Episode]) -> dict[str, str]:
    found: dict[str, str] = {}
    for one in episodes:
        if one.group_key is not None:
            gone = one.resolved_because if is_gone(one.resolved_because) else None
            found[one.group_key] = found.get(one.group_key) or gone or ""
    return found


def _unfilled(rules: Mapping[str, Rule], series: Iterable[Series]) -> dict[str, tuple[str, ...]]:
    """Return rule -> the fields of its summary that a bad series of it does not have."""
    examples = {one.rule: one for one in series if one.condition is Condition.BAD and one.rule in rules}
    missing = {name: render(rules[name].summary, fields(rules[name], one)).missing for name, one in examples.items()}
    return {name: names for name, names in missing.items() if names}
