"""Whether the machine and the database have room to work, over hours and never by one sample (MNT-05, D-41)."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Final

from pake_pipelines.analytics.pressure import uncovered
from pake_pipelines.config.upkeep import Capacity
from pake_pipelines.maintenance.workplace import Workplace
from pake_pipelines.model.maintenance import Outcome, TaskState
from pake_pipelines.model.metric import MetricSample
from pake_pipelines.model.status import CheckStatus
from pake_pipelines.store import metric_samples
from pake_pipelines.store.errors import StoreError

# metric -> the field of its bound; the size has none: what it grows towards is the disk
_METRICS: Final = {
    "cpu_usage_percent": "cpu_percent",
    "memory_usage_percent": "memory_percent",
    "disk_usage_percent": "disk_percent",
    "db_connections_used_percent": "connections_percent",
    "db_size_bytes": None,
}


@dataclass(frozen=True, slots=True)
class Window:
    """A series over the window: mean and maximum in its own unit; `why_not` says why they tell nothing."""

    series: str
    samples: int
    mean: float | None = None
    maximum: float | None = None
    bound: float | None = None
    why_not: str | None = None

    @property
    def is_over(self) -> bool:
        """Whether it was above its bound on average."""
        return self.mean is not None and self.bound is not None and self.mean > self.bound


def judge(series: str, samples: Sequence[MetricSample], bound: float | None, rules: Capacity) -> Window:
    """Return mean and maximum of a series, if there are enough samples of enough of the window."""
    known = [(one.at, one.value) for one in samples if one.status is CheckStatus.OK and one.value is not None]
    if why_not := uncovered([at for at, _ in known], timedelta(hours=rules.window_hours), rules.min_samples):
        return Window(series, len(known), bound=bound, why_not=why_not)
    values = [value for _, value in known]
    return Window(series, len(known), sum(values) / len(values), max(values), bound)


async def run(place: Workplace) -> Outcome:
    """Hold the windows against their bounds."""
    rules, since = place.config.capacity, place.clock() - timedelta(hours=place.config.capacity.window_hours)
    try:
        windows = await _windows(place, since)
    except StoreError as error:
        return Outcome(TaskState.UNAVAILABLE, f"the samples cannot be read: {error}")
    over = [one for one in windows if one.is_over]
    silent = [one for one in windows if one.why_not]
    details = {"window_hours": rules.window_hours, "over": len(over), "windows": [_line(one) for one in windows]}
    if over:
        said = "; ".join(f"{one.series} is {one.mean:.0f} % on average, its bound {one.bound:g} %" for one in over)
        return Outcome(TaskState.DONE, f"{said} (over {rules.window_hours:g} hours)", details)
    if silent:
        said = "; ".join(f"{one.series}: {one.why_not}" for one in silent)
        return Outcome(TaskState.UNAVAILABLE, f"not enough is known: {said}", details)
    return Outcome(TaskState.DONE, f"all within their bounds over {rules.window_hours:g} hours", details)


async def _windows(place: Workplace, since: datetime) -> list[Window]:
    found = []
    async with place.open() as database, database.connection() as connection:
        for metric, field in _METRICS.items():
            bound = getattr(place.config.capacity, field) if field else None
            samples = await metric_samples.series(connection, metric, since)
            by_name: dict[str, list[MetricSample]] = defaultdict(list)
            for one in samples:
                by_name[" ".join([metric, *(str(value) for value in one.labels.values())])].append(one)
            found += [judge(name, several, bound, place.config.capacity) for name, several in sorted(by_name.items())]
            if not by_name:
                found.append(judge(metric, [], bound, place.config.capacity))
    return found


def _line(window: Window) -> dict[str, object]:
    shown = {key: round(value, 1) if isinstance(value, float) else value for key, value in asdict(window).items()}
    return {key: "" if value is None else value for key, value in shown.items()}
