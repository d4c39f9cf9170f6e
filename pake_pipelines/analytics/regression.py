"""Performance regression (ANA-14): a job whose last runs all took clearly longer than those before."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from math import isfinite
from statistics import median
from typing import Final, Literal

_FEWEST: Final = 8  # runs before the recent ones
_SCATTERS: Final = 3.0
_SCATTER: Final = 1.4826  # of a normal distribution, by the median absolute deviation


@dataclass(frozen=True, slots=True)
class RunDuration:
    """How long a run of a job took."""

    job: str
    started_at: datetime
    seconds: float


@dataclass(frozen=True, slots=True)
class Regression:
    """How the last runs of a job were beside the trailing ones: medians in seconds, None where `state` is insufficient.

    `since` is when the first of the slow runs began.
    """

    job: str
    state: Literal["slower", "steady", "insufficient"]
    usual: float | None
    recent: float | None
    runs: int
    since: datetime | None
    reason: str

    @property
    def ratio(self) -> float | None:
        """How many times as long the last runs took."""
        return self.recent / self.usual if self.recent is not None and self.usual else None


def regressions(
    durations: Sequence[RunDuration],
    *,
    recent_runs: int,
    trailing_runs: int,
    factor: float,
    least_seconds: float,
) -> tuple[Regression, ...]:
    """Return what is known of each job, those that became slower first.

    The last `recent_runs` are held against up to `trailing_runs` before them; slower is what takes more than `factor`
    times as long, and `least_seconds` longer.
    """
    by_job: dict[str, list[RunDuration]] = {}
    for one in sorted(durations, key=lambda one: one.started_at):
        if isfinite(one.seconds) and one.seconds >= 0:
            by_job.setdefault(one.job, []).append(one)
    jobs = {one.job: by_job.get(one.job, []) for one in durations}
    found = [_judged(job, runs, recent_runs, trailing_runs, factor, least_seconds) for job, runs in jobs.items()]
    return tuple(sorted(found, key=lambda one: (one.state != "slower", -(one.ratio or 0.0), one.job)))


def _judged(
    job: str, runs: Sequence[RunDuration], number: int, trailing: int, factor: float, least_seconds: float
) -> Regression:
    """Hold each of the last runs against median and scatter of those before them."""
    before, last = runs[-number - trailing : -number], runs[-number:]
    fewest = min(_FEWEST, trailing)
    if len(before) < fewest:
        said = f"only {len(runs)} runs of at least {fewest + number}"
        return Regression(job, "insufficient", None, None, len(runs), None, said)
    usual, recent = median(one.seconds for one in before), median(one.seconds for one in last)
    scatter = _SCATTER * median(abs(one.seconds - usual) for one in before)
    bound = max(usual * factor, usual + least_seconds, usual + _SCATTERS * scatter)
    slow = all(one.seconds > bound for one in last)
    said = (
        f"the last {number} runs took {recent:.1f} s (median), the {len(before)} before {usual:.1f} s; "
        f"slower is what takes more than {bound:.1f} s each time"
    )
    since = last[0].started_at if slow else None
    return Regression(job, "slower" if slow else "steady", usual, recent, len(runs), since, said)
