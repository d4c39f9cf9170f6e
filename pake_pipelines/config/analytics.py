"""Typed form of `analytics` in `reports.yaml`: anomalies, forecasts, quiet hours, frequencies, regressions."""

from fnmatch import fnmatchcase
from typing import Annotated

from pydantic import Field

from pake_pipelines.config.maintenance import TASK_NAMES
from pake_pipelines.config.schedule_text import Schedule
from pake_pipelines.config.section import Faults, Section

MetricPattern = Annotated[str, Field(pattern=r"^[a-z0-9_*?]+$", max_length=80)]


class Anomalies(Section):
    """Which series are watched for what they do not do; after `warm_up_hours` of samples, in the last `days`."""

    enabled: bool = True
    metrics: tuple[MetricPattern, ...]
    every_minutes: float = Field(15, ge=5)
    days: int = Field(14, ge=2, le=93)
    warm_up_hours: float = Field(48, gt=0)
    threshold: float | None = Field(None, gt=0, lt=1, description="the detector's own where none is given")

    def watches(self, metric: str) -> bool:
        """Tell whether a metric is watched."""
        return any(fnmatchcase(metric, pattern) for pattern in self.metrics)


class Forecast(Section):
    """What is foreseen of a metric; `limit` is what it must not reach, in its unit, `bounds` what it cannot leave."""

    limit: float | None = None
    bounds: tuple[float | None, float | None] = (0, None)


class Forecasts(Section):
    """Forecasts by metric, `horizon_days` ahead; no date is given that is further away than `furthest_days`."""

    metrics: dict[str, Forecast]
    horizon_days: int = Field(7, ge=1, le=93)
    furthest_days: int = Field(365, ge=1)
    level: float = Field(0.8, gt=0, lt=1, description="the share of truths that lies within the interval")


class QuietHours(Section):
    """When upkeep disturbs least (ANA-08): so many hours in a row, by the load of `metric`."""

    metric: str = "cpu_usage_percent"
    hours: int = Field(2, ge=1, le=12)
    low_share: float = Field(0.3, gt=0, le=1, description="an hour is quiet below so much of the day's mean")
    fewest_days: int = Field(7, ge=2)


class Adaptive(Section):
    """Tasks that leave their schedules (MNT-15, MNT-16): frequent ones follow how things go, others quiet hours."""

    tasks: tuple[str, ...] = ()
    slower_above: float = Field(0.9, ge=0, le=1)
    faster_below: float = Field(0.7, ge=0, le=1)
    slower_factor: float = Field(1.2, ge=1)
    faster_factor: float = Field(1.5, ge=1)
    bounds: float = Field(4, ge=1, description="an interval never gets longer or shorter by more than this factor")


class Regression(Section):
    """When runs of a job count as slower than they were (ANA-14)."""

    trailing_runs: int = Field(20, ge=5)
    recent_runs: int = Field(3, ge=1)
    factor: float = Field(1.5, gt=1)
    least_seconds: float = Field(5, ge=0, description="a smaller difference is no matter")


class Analytics(Section):
    """Everything that is reckoned from stored samples, and when."""

    schedule: Schedule = "every 4 hours"
    keep_days: int = Field(400, ge=31)
    anomalies: Anomalies
    forecasts: Forecasts
    quiet_hours: QuietHours = QuietHours()
    adaptive: Adaptive = Adaptive()
    regression: Regression = Regression()

    def faults(self) -> Faults:
        """Yield bounds in the wrong order, and tasks that do not exist."""
        if self.adaptive.faster_below > self.adaptive.slower_above:
            yield ("adaptive", "faster_below"), "must not be more than slower_above"
        for number, task in enumerate(self.adaptive.tasks):
            if task not in TASK_NAMES:
                yield ("adaptive", "tasks", number), f"no task {task!r}; there are {', '.join(sorted(TASK_NAMES))}"
        for name, one in self.forecasts.metrics.items():
            low, high = one.bounds
            if low is not None and high is not None and low >= high:
                yield ("forecasts", "metrics", name, "bounds"), "the first must be less than the second"
