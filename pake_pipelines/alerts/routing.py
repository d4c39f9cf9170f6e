"""Routing: by which channels an alert is told (NOT-13, NOT-14), and when further ones are."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from pake_pipelines.alerts.matching import fits
from pake_pipelines.config.alerting import Alerting, Rule
from pake_pipelines.model.alert import Severity
from pake_pipelines.model.episode import Episode


def channels_of(
    rule: Rule | None, severity: Severity, labels: Mapping[str, str], alerting: Alerting
) -> tuple[str, ...]:
    """Return the channels that tell an alert: those of its rule, else of the first route that fits, each once."""
    if rule is not None and rule.channels is not None:
        return tuple(dict.fromkeys(rule.channels))
    for route in alerting.routes:
        if severity.rank >= route.min_severity.rank and fits(route.match, labels):
            return tuple(dict.fromkeys(route.channels))
    return ()


def escalated_to(episode: Episode, alerting: Alerting, now: datetime) -> dict[str, tuple[str, ...]]:
    """Return channel -> the steps of escalation that an alert has reached; none once it is acknowledged.

    A step is named by its minutes, so that another order in the configuration sends nothing twice.
    """
    if episode.fired_at is None or episode.acknowledged_at is not None:
        return {}
    reached: dict[str, tuple[str, ...]] = {}
    for step in alerting.escalations:
        late = now - episode.fired_at >= timedelta(minutes=step.after_minutes)
        if late and episode.severity.rank >= step.min_severity.rank:
            for channel in dict.fromkeys(step.channels):
                reached[channel] = (*reached.get(channel, ()), f"{step.after_minutes:g}")
    return reached
