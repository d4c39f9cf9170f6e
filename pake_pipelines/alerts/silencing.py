"""Silences and maintenance windows: alerts that fit one have their states, and are not told."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from pake_pipelines.alerts.matching import fits
from pake_pipelines.config.alerting import MaintenanceWindow
from pake_pipelines.model.episode import Silence

Matchers = Mapping[str, str]


def in_force(silences: Iterable[Silence], windows: Iterable[MaintenanceWindow], now: datetime) -> tuple[Matchers, ...]:
    """Return the matchers of everything that silences now."""
    placed = [one.matchers for one in silences if one.starts_at <= now < one.ends_at]
    return (*placed, *(window.match for window in windows if is_open(window, now)))


def is_open(window: MaintenanceWindow, now: datetime) -> bool:
    """Tell whether a maintenance window is open: it began no longer than its minutes ago."""
    from cronsim import CronSim

    after = (now - timedelta(minutes=window.minutes)).replace(microsecond=0)
    began: datetime = next(CronSim(window.cron, after))
    return began <= now


def silenced(labels: Matchers, matchers: Sequence[Matchers]) -> bool:
    """Tell whether any of `matchers` fits."""
    return any(fits(one, labels) for one in matchers)
