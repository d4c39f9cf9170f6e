"""The catalogue of metrics: every name that is ever sampled, with its unit, its labels and what it says.

Rules, key figures and objectives name metrics by these names; docs/metrics.md shows the same list.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from pake_pipelines.model.metric import MetricSample
from pake_pipelines.model.status import CheckStatus


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric: its unit, what it says, and its labels if it has any.

    Units are percent, ms, s, h, d, bytes, count and per_minute. A name that ends in `_total` is a counter: it only
    grows, or starts anew.
    """

    unit: str
    says: str
    labels: tuple[str, ...] = ()


_SYSTEM: Final = {
    "cpu_usage_percent": Metric("percent", "busy share of all processors since the sample before"),
    "cpu_count": Metric("count", "logical processors"),
    "cpu_busy_seconds_total": Metric("s", "processor time spent busy since the machine started"),
    "cpu_seconds_total": Metric("s", "processor time, busy or idle, since the machine started"),
    "load_average": Metric("count", "processes that run or wait, on average", ("period",)),
    "memory_usage_percent": Metric("percent", "memory that is not available for new use"),
    "memory_total_bytes": Metric("bytes", "memory of the machine"),
    "memory_used_bytes": Metric("bytes", "memory in use"),
    "memory_available_bytes": Metric("bytes", "memory available without swapping"),
    "disk_usage_percent": Metric("percent", "used space of a file system", ("mount",)),
    "disk_total_bytes": Metric("bytes", "size of a file system", ("mount",)),
    "disk_used_bytes": Metric("bytes", "used space of a file system", ("mount",)),
    "disk_free_bytes": Metric("bytes", "space that is left to us on a file system", ("mount",)),
    "network_sent_bytes_total": Metric("bytes", "bytes sent over all interfaces since the machine started"),
    "network_received_bytes_total": Metric("bytes", "bytes received over all interfaces"),
    "network_sent_packets_total": Metric("count", "packets sent over all interfaces"),
    "network_received_packets_total": Metric("count", "packets received over all interfaces"),
    "process_count": Metric("count", "processes on the machine"),
}

_APPLICATION: Final = {
    "run_duration_seconds": Metric("s", "how long the runs of the last 24 hours took, p50 and p95", ("quantile",)),
    "run_error_rate_percent": Metric("percent", "failed runs among those that ended in the last 24 hours"),
    "runs_finished_total": Metric("count", "runs that have ended, cancelled ones left out"),
    "runs_succeeded_total": Metric("count", "runs that have ended well"),
    "items_per_minute": Metric("per_minute", "items stored, new or in a new version, over the last hour"),
    "stage_items_per_minute": Metric(
        "per_minute", "items that a stage got through per minute of its work in the last 24 hours", ("stage",)
    ),
    "source_visits_total": Metric("count", "visits to sources"),
    "source_visits_good_total": Metric("count", "visits to sources that went well"),
    "source_success_percent": Metric("percent", "visits that went well among those of the last 24 hours"),
    "probe_response_ms": Metric("ms", "how long a service took to answer its probes, on average", ("service",)),
    "api_response_ms": Metric("ms", "the slowest of the services that are probed by http"),
    "backup_age_hours": Metric("h", "age of the newest backup; where there is none, how long one has been missing"),
    "backup_proven_age_hours": Metric(
        "h", "age of the newest backup that was restored and found equal; where there is none, how long it is missing"
    ),
    "maintenance_failed": Metric(
        "count", "1 when the latest run of a task of maintenance failed or was cut off", ("task",)
    ),
}

_DATABASE: Final = {
    "db_query_ms": Metric("ms", "a small query on the knowledge nodes, the median of three"),
    "db_connections": Metric("count", "connections of clients to this database"),
    "db_connections_active": Metric("count", "connections of clients that are running a statement"),
    "db_connections_used_percent": Metric("percent", "connections to the server among those it allows"),
    "db_size_bytes": Metric("bytes", "size of the knowledge database"),
    "db_table_bytes": Metric("bytes", "size of a table with its indexes, the ten largest", ("table",)),
    "db_unused_indexes": Metric("count", "indexes beyond 10 MB that no query has used, uniqueness left out"),
    "db_slowest_query_ms": Metric("ms", "the highest mean time of a statement in pg_stat_statements"),
    "db_blocks_hit_total": Metric("count", "blocks that were found in the buffer cache"),
    "db_blocks_read_total": Metric("count", "blocks that were not, and had to be read"),
    "db_deadlocks_total": Metric("count", "deadlocks that the server broke"),
    "cache_hit_ratio_percent": Metric("percent", "what a cache could answer since the sample before", ("cache",)),
    "cache_total_entries": Metric("count", "results in the cache of dear work"),
    "cache_total_bytes": Metric("bytes", "what their values take"),
    "cache_avg_access_count": Metric("count", "how often a result was used since it was made, on average"),
    "cache_hot_entries": Metric("count", "results that were used within the last hour"),
    "cache_active_categories": Metric("count", "kinds of results in the cache"),
    "cache_avg_age_seconds": Metric("s", "how long ago results were made, on average"),
    "cache_optimized_entries": Metric("count", "results whose values a clean-up has compressed"),
    "knowledge_nodes": Metric("count", "knowledge nodes"),
    "knowledge_nodes_last_hour": Metric("count", "knowledge nodes made in the last hour"),
}

_SECURITY: Final = {
    "failed_logins_24h": Metric("count", "visits that were refused for their credentials, or had none"),
    "refused_addresses_24h": Metric(
        "count", "addresses that were not asked because they are not public or not allowed"
    ),
    "rejected_spam_24h": Metric("count", "items of the last 24 hours that were rejected as spam"),
}

_FORESIGHT: Final = {
    "metric_anomaly": Metric(
        "count", "1 while a series does what it does not do, 0 after; `of` is its metric", ("of", "series")
    ),
    "days_to_full": Metric(
        "d",
        "days until a series is expected to reach its limit; those that are looked ahead where it does not",
        ("of", "series"),
    ),
}

_PROJECT: Final = {
    "project_coverage_percent": Metric("percent", "lines covered by tests (coverage.xml)"),
    "project_tests": Metric("count", "tests of the project (junit.xml)"),
    "project_tests_failed": Metric("count", "tests that failed or broke (junit.xml)"),
    "project_vulnerabilities": Metric("count", "known vulnerabilities in dependencies (pip-audit.json)"),
    "project_lines_of_code": Metric("count", "lines of Python that are neither blank nor comment"),
    "project_todos": Metric("count", "comments with TODO, FIXME, XXX or HACK: debts that were noted"),
}

FAMILIES: Final[Mapping[str, Mapping[str, Metric]]] = {
    "system": _SYSTEM,
    "application": _APPLICATION,
    "database": _DATABASE,
    "security": _SECURITY,
    "foresight": _FORESIGHT,
    "project": _PROJECT,
}
"""What is measured together, and shown together."""
CATALOGUE: Final[Mapping[str, Metric]] = {name: metric for of in FAMILIES.values() for name, metric in of.items()}
PROJECT_METRICS: Final = frozenset(_PROJECT)
"""Those that are read from files of the project, which change seldom."""


def measured(metric: str, value: float, at: datetime, *, detail: str = "", **labels: str) -> MetricSample:
    """Return a sample of `metric`. Raises KeyError for a name that is not in the catalogue.

    A value that is no finite number is none: the sample is then unknown.
    """
    if not math.isfinite(value):
        return missing(metric, f"measured {value}", at, status=CheckStatus.UNKNOWN, **labels)
    return MetricSample(metric, float(value), CATALOGUE[metric].unit, at, labels, detail=detail)


def missing(
    metric: str, why: str, at: datetime, *, status: CheckStatus = CheckStatus.UNAVAILABLE, **labels: str
) -> MetricSample:
    """Return a sample without a value: it cannot be had here (UNAVAILABLE), or could not be read (UNKNOWN)."""
    return MetricSample(metric, None, CATALOGUE[metric].unit, at, labels, status, why)
