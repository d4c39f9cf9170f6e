"""Typed form of `upkeep`, `dagster`, `capacity` and `audit` in `maintenance.yaml`."""

from typing import Final

from pydantic import Field

from pake_pipelines.config.section import Section

REPORTED_ASSETS: Final = (
    "service_health",
    "alerts",
    "incidents",
    "system_metrics",
    "application_metrics",
    "database_health",
    "security_metrics",
    "project_metrics",
    "status_dashboard",
)


class Upkeep(Section):
    """When tables and indexes of the knowledge database are worked on, and how long a lock is waited for.

    Bounds: bloat from pgdoctor's and AWS' guidance (reindex above 20 to 30 per cent), wraparound from AWS' (warn at 500
    million transactions).
    """

    dead_percent: float = Field(10, ge=0, le=100, description="more dead rows: VACUUM")
    dead_rows: int = Field(1000, ge=0, description="and at least so many")
    bloat_percent: float = Field(30, ge=0, le=100, description="more estimated bloat of an index: REINDEX CONCURRENTLY")
    bloat_bytes: int = Field(1_048_576, ge=0, description="and at least so much")
    unused_days: float = Field(7, gt=0, description="statistics younger than this say nothing about unused indexes")
    xid_warning: int = Field(500_000_000, ge=1)
    lock_timeout_ms: int = Field(1000, ge=1, description="a lock is waited for so long and no longer")
    rebuild_wait_seconds: float = Field(
        30,
        gt=0,
        description="a rebuild waits so long for each transaction that is older than itself; nobody waits for it",
    )
    recall_sample: int = Field(20, ge=0, description="vectors whose neighbours are searched for exactly, too; 0: none")
    recall_percent: float = Field(90, ge=0, le=100, description="the vector index finds less: it is rebuilt")
    proof_days: float = Field(2, gt=0, description="deep upkeep wants a backup that is proven and no older (BAK-15)")


class DagsterRetention(Section):
    """How long Dagster's own records stay; materializations and check results always do.

    The spans are those of Dagster's guide on tuning its database.
    """

    debug_days: float = Field(7, gt=0)
    event_days: float = Field(60, gt=0, description="INFO and WARNING lines, step and engine events")
    transitory_days: float = Field(30, gt=0, description="events that only matter while a run is under way")
    tick_days: float = Field(30, gt=0)
    run_days: float = Field(180, gt=0, description="runs that materialized and checked nothing")
    reported_assets: tuple[str, ...] = Field(
        REPORTED_ASSETS,
        description="assets that sensors report at a rhythm, without a run; of others nothing is thinned",
    )
    reported_days: float = Field(7, gt=0, description="older reports of these, and of their checks, are thinned out")
    reported_per_day: int = Field(24, ge=1, description="to the last so many of each asset or check and day")
    batch: int = Field(5000, ge=1, description="rows that one transaction looks at")


class Capacity(Section):
    """Bounds of the capacity check, held against the mean of a window and never against one sample (D-41)."""

    window_hours: float = Field(4, gt=0)
    min_samples: int = Field(6, ge=2, description="fewer, or less than half of the window between them, tell nothing")
    cpu_percent: float = Field(80, ge=0, le=100)
    memory_percent: float = Field(85, ge=0, le=100)
    disk_percent: float = Field(80, ge=0, le=100)
    connections_percent: float = Field(80, ge=0, le=100)


class Audit(Section):
    """What the configuration audit and the dependency scan look at."""

    example_domains: tuple[str, ...] = ("example.com", "example.org", "example.net")
    advisories_file: str | None = Field(
        None, description="a pip-audit report made elsewhere, used where no service answers"
    )
    max_age_days: float = Field(7, gt=0, description="an older report is too old to say anything")
    timeout_seconds: float = Field(120, gt=0)
