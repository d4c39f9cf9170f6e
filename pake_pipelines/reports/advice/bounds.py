"""The bounds beyond which something is recommended: each stands in a configuration file, and none is a literal."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from pake_pipelines.config.monitoring import MonitoringConfig
from pake_pipelines.config.reports import Advising
from pake_pipelines.reports.desk import Configs


@dataclass(frozen=True, slots=True)
class BackupBounds:
    """How old in hours the newest backup, and the newest proven one, may be; None where no rule says so."""

    age_hours: float
    proven_hours: float | None


@dataclass(frozen=True, slots=True)
class Bounds:
    """Everything that is compared with.

    `above` has the bounds of the alert rules on metrics that are switched on (`cpu_usage_percent` -> 80); a rule that
    is switched off recommends nothing either (MON-12). `sample_minutes` is how old the newest round of samples may be.
    `fixed_hours` are the tasks that begin at the same hour of the day, `scheduled` those that are to run at all,
    `adaptive` those that follow forecasts by themselves. `channels` are those that reach people.
    """

    advising: Advising = field(default_factory=Advising)
    above: Mapping[str, float] = field(default_factory=dict)
    sample_minutes: float = 30
    backups: BackupBounds | None = None
    fixed_hours: Mapping[str, int] = field(default_factory=dict)
    scheduled: Collection[str] = ()
    adaptive: Collection[str] = ()
    channels: Collection[str] = ()


def monitoring_bounds(monitoring: MonitoringConfig, advising: Advising) -> Bounds:
    """Return what the monitoring configuration says, and nothing of upkeep."""
    rules = monitoring.alerting.rules.values()
    # of several rules on one metric the lowest bound speaks first
    above: dict[str, float] = {}
    for rule in rules:
        if rule.enabled and rule.metric is not None and rule.above is not None:
            above[rule.metric] = min(rule.above, above.get(rule.metric, rule.above))
    return Bounds(
        advising=advising,
        above=above,
        # half a dozen rounds: one that is late is no news
        sample_minutes=6 * monitoring.metrics.every_minutes,
        channels=tuple(
            name for name, channel in monitoring.alerting.channels.items() if channel.enabled and channel.kind != "log"
        ),
    )


def bounds_of(configs: Configs) -> Bounds:
    """Return the bounds that are in force."""
    own = monitoring_bounds(configs.monitoring, configs.reports.advice)
    enabled = {name: task for name, task in configs.maintenance.tasks.items() if task.enabled}
    hours = {name: hour for name, task in enabled.items() if (hour := _hour(task.schedule)) is not None}
    return Bounds(
        advising=own.advising,
        above=own.above,
        sample_minutes=own.sample_minutes,
        backups=BackupBounds(configs.maintenance.backup.max_age_hours, own.above.get("backup_proven_age_hours")),
        fixed_hours=hours,
        scheduled=tuple(enabled),
        adaptive=configs.reports.analytics.adaptive.tasks,
        channels=own.channels,
    )


def _hour(schedule: str | None) -> int | None:
    """Return at which hour of the day (UTC) a schedule begins, None where it has no time or several hours."""
    from pake_pipelines.config.schedule_text import cron_of

    hour = cron_of(schedule).split()[1] if schedule is not None else ""
    return int(hour) if hour.isdigit() else None
