"""What is held back because something else explains it: configured inhibitions, and dead parents.

An alert of a service is held back while a service that it depends on, however far up, is bad or has an open alert,
be it pending or firing: also in the very evaluation in which both turn bad. After the parent serves again the child
has a grace to come back by itself. A parent of which merely nothing is known holds nothing back, nor does one that no
rule looks at: nobody would be told of it. Alerts about healing are never held back by a parent.
"""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Final

from pake_pipelines.alerts.matching import fits
from pake_pipelines.config import services as config
from pake_pipelines.config.alerting import Inhibition, Rule
from pake_pipelines.config.services import Service
from pake_pipelines.model.alert import Condition
from pake_pipelines.model.episode import Episode, Series

# two rounds of probes after the parent's alert is over
GRACE: Final = timedelta(seconds=60)


def ancestors(services: Mapping[str, Service]) -> dict[str, frozenset[str]]:
    """Return service -> everything that it depends on, directly or not."""
    return {name: config.ancestors(services, name) for name in services}


def dead(
    rules: Mapping[str, Rule], series: Iterable[Series], episodes: Iterable[Episode], now: datetime
) -> frozenset[str]:
    """Return the services that hold back those which depend on them, by what is known after this evaluation."""
    watching = {name: rule for name, rule in rules.items() if rule.input == "service" and rule.enabled}
    down = {one.labels.get("service", "") for one in series if one.rule in watching and _is_down(watching, one, now)}
    down |= {one.labels.get("service", "") for one in episodes if one.rule in watching}
    return frozenset(down - {""})


def _is_down(watching: Mapping[str, Rule], series: Series, now: datetime) -> bool:
    if series.condition is Condition.BAD:
        return True
    over = series.since + timedelta(seconds=watching[series.rule].keep_firing_seconds)
    return now < over + GRACE


def held_by_parents(
    episodes: Iterable[Episode], rules: Mapping[str, Rule], above: Mapping[str, frozenset[str]], down: Collection[str]
) -> dict[str, frozenset[str]]:
    """Return alert -> the dead services that hold it back, for open `episodes`."""
    held = {}
    for one in episodes:
        rule = rules.get(one.rule)
        if rule is None or rule.input == "healing":
            continue
        parents = above.get(one.labels.get("service", ""), frozenset()).intersection(down)
        if parents:
            held[one.alert_id] = parents
    return held


def inhibited(episodes: Iterable[Episode], inhibitions: Iterable[Inhibition]) -> frozenset[str]:
    """Return the alerts among open `episodes` that a configured inhibition holds back; none holds back itself."""
    labelled = [(one.alert_id, one.matchable()) for one in episodes]
    held: set[str] = set()
    for one in inhibitions:
        sources: dict[tuple[str, ...], set[str]] = {}
        for alert_id, labels in labelled:
            if fits(one.source, labels):
                sources.setdefault(_equal(one, labels), set()).add(alert_id)
        for alert_id, labels in labelled:
            others = sources.get(_equal(one, labels), set())
            if others and fits(one.target, labels) and (len(others) > 1 or alert_id not in others):
                held.add(alert_id)
    return frozenset(held)


def _equal(inhibition: Inhibition, labels: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(labels.get(label, "") for label in inhibition.equal)
