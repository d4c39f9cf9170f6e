"""What Dagster's instance knows of itself, as plain data: the face reads it, lower floors judge it.

Every part is None where it was not read; `errors` says of which part and why, when that was not on purpose.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final

HEARTBEAT_TOLERANCE: Final = timedelta(minutes=5)
"""A daemon beats every 30 s; Dagster's own tolerance of half an hour is for its UI, not for a pager."""
LEAKED_AFTER: Final = timedelta(minutes=5)
"""A slot is freed one minute after its run's end; one that is held for so long is held by the dead."""


@dataclass(frozen=True, slots=True)
class DaemonFact:
    """One of Dagster's daemons and its last heartbeat; `errors` are what it reported with it."""

    kind: str
    required: bool
    healthy: bool | None
    last_heartbeat: datetime | None
    errors: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class QueueFact:
    """The queue of runs."""

    queued: int
    oldest_queued_at: datetime | None
    in_progress: int


@dataclass(frozen=True, slots=True)
class PoolFact:
    """One pool: `claimed` slots of `limit` (None: no limit), steps or runs that wait, and slots held by dead runs."""

    name: str
    limit: int | None
    claimed: int
    waiting: int
    leaked: int = 0


@dataclass(frozen=True, slots=True)
class PartitionsFact:
    """The failed partitions of one asset: the exact number and up to 20 keys."""

    asset: str
    failed: int
    sample: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RunFact:
    """A finished run of a job (or of assets launched by hand: job is `assets`); in `runs` the latest of each job."""

    job: str
    run_id: str
    succeeded: bool
    started_at: datetime | None
    ended_at: datetime | None
    detail: str = ""


@dataclass(frozen=True, slots=True)
class RunTotals:
    """How many runs have ended so far, as counters for objectives; cancelled runs are not counted."""

    finished: int
    succeeded: int


@dataclass(frozen=True, slots=True)
class CheckFact:
    """The latest evaluation of one asset check; `passed` is None where the check could not be evaluated."""

    asset: str
    check: str
    passed: bool | None
    error_severity: bool
    at: datetime | None
    run_id: str | None
    detail: str = ""


@dataclass(frozen=True, slots=True)
class TickFact:
    """The latest tick of a schedule or sensor that is switched on.

    `overdue` says that a tick should have come by now; it is None where that cannot be told.
    """

    name: str
    kind: str
    failed: bool
    at: datetime | None
    overdue: bool | None
    error: str = ""


@dataclass(frozen=True, slots=True)
class ScheduleFact:
    """A schedule or a sensor as it stands; of one that is stopped nothing but that is told.

    `crons` (UTC) are a schedule's, `every` a sensor's rhythm. `last_state` is success, failure, skipped or started.
    `page` is its place below the address of Dagster's pages.
    """

    name: str
    kind: str
    on: bool
    crons: tuple[str, ...]
    every: timedelta | None
    last_at: datetime | None
    last_state: str | None
    page: str

    def next_at(self, now: datetime) -> datetime | None:
        """Return when it ticks next; None for one that is stopped, and for a sensor that has not ticked yet."""
        if not self.on:
            return None
        if self.every is not None:
            return None if self.last_at is None else max(self.last_at + self.every, now)
        from cronsim import CronSim

        return min((next(CronSim(cron, now.astimezone(UTC))) for cron in self.crons), default=None)


@dataclass(frozen=True, slots=True)
class FreshnessFact:
    """How an asset stands against its freshness policy: pass, warn, fail or unknown."""

    asset: str
    state: str


@dataclass(frozen=True, slots=True)
class DagsterFacts:
    """Everything that was read of the instance at one moment; None is what was not."""

    at: datetime
    daemons: tuple[DaemonFact, ...] | None = None
    code_location_error: str | None = None
    code_location_loaded: bool | None = None
    queue: QueueFact | None = None
    pools: tuple[PoolFact, ...] | None = None
    partitions: tuple[PartitionsFact, ...] | None = None
    runs: tuple[RunFact, ...] | None = None
    runs_of_last_day: tuple[RunFact, ...] | None = None
    run_totals: RunTotals | None = None
    checks: tuple[CheckFact, ...] | None = None
    ticks: tuple[TickFact, ...] | None = None
    schedules: tuple[ScheduleFact, ...] | None = None
    freshness: tuple[FreshnessFact, ...] | None = None
    errors: Mapping[str, str] = field(default_factory=dict)
