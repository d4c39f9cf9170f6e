"""Which alerts are held back, for whatever reason: they have their states, and nobody is told."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from pake_pipelines.alerts import inhibition
from pake_pipelines.alerts.lives import Lives
from pake_pipelines.alerts.silencing import in_force, silenced
from pake_pipelines.config.monitoring import MonitoringConfig
from pake_pipelines.model.episode import Silence


@dataclass(frozen=True, slots=True)
class Held:
    """The alerts that are held back, and of each dead service those that wait behind it."""

    alerts: frozenset[str]
    behind: Mapping[str, frozenset[str]]


def hold(config: MonitoringConfig, lives: Lives, silences: Iterable[Silence], now: datetime) -> Held:
    """Tell what is held back: silenced, inhibited, or behind a dead parent."""
    alerting = config.alerting
    episodes = list(lives.episodes.values())
    if not episodes:
        return Held(frozenset(), {})
    # also through services that are not watched here
    above = inhibition.ancestors(config.services)
    down = inhibition.dead(alerting.rules, lives.series.values(), episodes, now)
    parents = inhibition.held_by_parents(episodes, alerting.rules, above, down)
    behind: dict[str, set[str]] = {}
    for alert, services in parents.items():
        for service in services:
            behind.setdefault(service, set()).add(alert)
    matchers = in_force(silences, alerting.maintenance_windows, now)
    quiet = {one.alert_id for one in episodes if matchers and silenced(one.matchable(), matchers)}
    explained = inhibition.inhibited(episodes, alerting.inhibitions) if alerting.inhibitions else frozenset()
    return Held(frozenset({*parents, *quiet, *explained}), {name: frozenset(all_) for name, all_ in behind.items()})
