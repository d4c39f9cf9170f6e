"""Tasks that have left their schedules (MNT-15, MNT-16): which of them is due now, and why.

What runs more often than daily follows the interval that its last runs recommend; anything else waits for quiet hours,
but never for longer than it can wait. Without a recommendation or quiet hours a task keeps to its schedule's interval.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from pake_pipelines.config.maintenance import MaintenanceConfig
from pake_pipelines.config.schedule_text import cron_of
from pake_pipelines.foresight import frequencies, windows
from pake_pipelines.foresight.finding import Rules
from pake_pipelines.foresight.intervals import usual_interval
from pake_pipelines.store import analyses, maintenance_runs
from pake_pipelines.store.analyses import STANDS_FOR, Analysis
from pake_pipelines.store.database import Connection

if TYPE_CHECKING:
    from pake_pipelines.analytics.adaptive import Decision
    from pake_pipelines.analytics.windows import Window

_WAITS_AT_MOST: Final = timedelta(days=1)


def intervals(config: MaintenanceConfig, tasks: tuple[str, ...], now: datetime) -> dict[str, timedelta]:
    """Return how often each of `tasks` runs by its schedule; those that are off or have no time are left out."""
    found = {}
    for name in tasks:
        task = config.tasks.get(name)
        if task is not None and task.enabled and task.schedule is not None:
            found[name] = usual_interval(cron_of(task.schedule), now)
    return found


async def decisions(
    connection: Connection, rules: Rules, launched: Mapping[str, datetime], now: datetime
) -> "dict[str, Decision]":
    """Return for each task that follows whether it runs now; `launched` is when each was launched last, if known."""
    adaptive, quiet = rules.reports.analytics.adaptive, rules.reports.analytics.quiet_hours
    last = await maintenance_runs.latest(connection)
    recommended = await analyses.latest(connection, frequencies.KIND)
    window = _window((await analyses.latest(connection, windows.KIND)).get(quiet.metric), now)
    every = intervals(rules.maintenance, adaptive.tasks, now)
    began = {
        name: max(
            (at for at in (last[name].started_at if name in last else None, launched.get(name)) if at), default=None
        )
        for name in every
    }
    return {name: decide(now, began[name], interval, recommended.get(name), window) for name, interval in every.items()}


def decide(
    now: datetime, began: datetime | None, interval: timedelta, recommended: Analysis | None, window: "Window | None"
) -> "Decision":
    """Return whether a task that last began at `began` runs at `now`."""
    from pake_pipelines.analytics.adaptive import due_decision

    if interval < frequencies.FREQUENT and recommended is not None and now - recommended.made_at <= STANDS_FOR:
        interval = timedelta(seconds=recommended.result["recommended_seconds"])
    return due_decision(now, began, interval, window, latest_by=min(interval / 2, _WAITS_AT_MOST))


def _window(quiet: Analysis | None, now: datetime) -> "Window | None":
    return None if quiet is None or now - quiet.made_at > STANDS_FOR else windows.window_of(quiet.result)
