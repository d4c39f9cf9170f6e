"""Sections of what is known and how quick that is: performance (REP-09), items by verdict, quality, backups."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from pake_pipelines.model.metric import MetricSample
from pake_pipelines.model.status import VerificationStatus
from pake_pipelines.reports import tones
from pake_pipelines.reports.desk import Desk
from pake_pipelines.reports.document import BarChart, Column, Figure, Figures, Layer, Section, Table, Tone, Value
from pake_pipelines.reports.status.freshness import figure
from pake_pipelines.reports.status.reading import DAY, DAYS_SHOWN, HOUR, HOURS_SHOWN, Seen, first_day, first_hour
from pake_pipelines.store.backups import BackupRow
from pake_pipelines.store.monitoring_statistics import Bin
from pake_pipelines.store.recent_activity import StatusBin, StatusLine

HIT_RATIO, RESPONSE_TIME, MEMORY_EFFICIENCY = "Cache hit ratio", "Avg response time", "Memory efficiency"
_BACKUPS: Final = (
    Column("name", "Backup"),
    Column("created_at", "Made"),
    Column("bytes", "Size", "bytes"),
    Column("state", "State"),
    Column("proved_at", "Proved"),
)


def performance(desk: Desk, seen: Seen) -> Section:
    """Return the cards of the cache and of response times (REP-10), and how full the machine is."""
    lasts = desk.configs.monitoring.metrics.stands_for
    newest = _newest(seen.metrics)
    cards = [
        _sample(newest, HIT_RATIO, "cache_hit_ratio_percent", seen.now, lasts, "database_health", cache="entries"),
        _response(seen.probes, newest, seen.now, lasts),
        _memory_efficiency(seen),
        _sample(newest, "Query of the database", "db_query_ms", seen.now, lasts, "database_health"),
        _sample(newest, "Processors", "cpu_usage_percent", seen.now, lasts, "system_metrics"),
        _sample(newest, "Memory", "memory_usage_percent", seen.now, lasts, "system_metrics"),
        _fullest(seen.metrics, seen.now, lasts),
    ]
    return Section("performance", "Performance", [Figures("performance", cards)])


Newest = Mapping[tuple[str, frozenset[tuple[str, str]]], MetricSample]


def _newest(metrics: Sequence[MetricSample]) -> Newest:
    return {(one.metric, frozenset(one.labels.items())): one for one in metrics}


def _sample(
    newest: Newest, name: str, metric: str, now: datetime, lasts: timedelta, asset: str, **labels: str
) -> Figure:
    one = newest.get((metric, frozenset(labels.items())))
    if one is None:
        return Figure(name, None, tone=Tone.UNKNOWN, note="never measured", asset=asset)
    return figure(name, one.value, one.unit, at=one.at, now=now, lasts=lasts, asset=asset, note=one.detail)


def _response(probes: Sequence[Bin], newest: Newest, now: datetime, lasts: timedelta) -> Figure:
    """Return how long services took to answer on average over a day; it ends with the last sample."""
    samples = sum(one.samples for one in probes)
    mean = sum(one.mean * one.samples for one in probes) / samples if samples else None
    at = max((one.at for (metric, _), one in newest.items() if metric == "probe_response_ms"), default=None)
    services = f"{len(probes)} {'service' if len(probes) == 1 else 'services'}"
    note = f"over 24 hours, {services}" if probes else "no service has answered in 24 hours"
    return figure(RESPONSE_TIME, mean, "ms", at=at, now=now, lasts=lasts, asset="application_metrics", note=note)


def _memory_efficiency(seen: Seen) -> Figure:
    note = "of the cache's bytes hold results that were used again"
    if seen.used_again is None:
        return Figure(
            MEMORY_EFFICIENCY, None, "percent", Tone.UNKNOWN, "the cache is empty", seen.now, "database_health"
        )
    return Figure(MEMORY_EFFICIENCY, 100 * seen.used_again, "percent", Tone.PLAIN, note, seen.now, "database_health")


def _fullest(metrics: Sequence[MetricSample], now: datetime, lasts: timedelta) -> Figure:
    disks = [one for one in metrics if one.metric == "disk_usage_percent" and one.value is not None]
    # a disk that was taken away has an old sample, and says nothing of the others
    fresh = [one for one in disks if now - one.at <= lasts] or disks
    fullest = max(fresh, key=lambda one: one.value or 0, default=None)
    if fullest is None:
        return Figure("Fullest disk", None, tone=Tone.UNKNOWN, note="never measured", asset="system_metrics")
    return figure(
        "Fullest disk", fullest.value, "percent", at=fullest.at, now=now, lasts=lasts, asset="system_metrics",
        note=fullest.labels.get("mount", ""),
    )  # fmt: skip


def ingestion(desk: Desk, seen: Seen) -> Section:
    """Return the items that were made by hour and by day, by what they are now, and how the sources do."""
    known, visits = seen.knowledge, seen.knowledge.visits
    rate = None if visits.success_rate is None else 100 * visits.success_rate
    sources = known.sources
    resting = f"{sources.resting} at rest, {sources.failing} failed at their last visit"
    cards = [
        Figure("Items in 24 hours", visits.processed, "count", note=f"{visits.new} new", at=seen.now, asset="entries"),
        Figure("Visits that went well", rate, "percent", _rate_tone(rate), _visits(visits.succeeded, visits.errors),
               seen.now, "entries"),
        Figure("Sources", sources.enabled, "count", Tone.WARN if sources.resting else Tone.PLAIN, resting, seen.now),
    ]  # fmt: skip
    charts = [
        _bars("items_by_hour", "New items by hour, 48 hours", known.hourly, first_hour(seen.now), HOUR, HOURS_SHOWN),
        _bars("items_by_day", "New items by day, 30 days", known.daily, first_day(seen.now), DAY, DAYS_SHOWN),
    ]
    return Section("ingestion", "Ingestion", [Figures("ingestion", cards), *charts])


def _rate_tone(rate: float | None) -> Tone:
    return Tone.UNKNOWN if rate is None else Tone.PLAIN


def _visits(good: int, failed: int) -> str:
    return f"{good + failed} visits in 24 hours, {failed} failed" if good + failed else "no visit in 24 hours"


def _bars(key: str, title: str, bins: Sequence[StatusBin], since: datetime, width: timedelta, count: int) -> BarChart:
    times = [since + number * width for number in range(count)]
    found = {(one.at, one.status): one.items for one in bins}
    layers = [
        Layer(status.value, tone, [found.get((at, status.value), 0) for at in times])
        for status, tone in tones.VERDICTS.items()
    ]
    return BarChart(key, title, "count", times, layers)


def quality(seen: Seen) -> Section:
    """Return how far the knowledge can be trusted."""
    lines, asset = seen.knowledge.statuses, "qa_report"
    total = sum(one.items for one in lines)
    verified = next((one.items for one in lines if one.status == VerificationStatus.VERIFIED.value), 0)
    shares = ", ".join(f"{one.items} {one.status}" for one in lines)
    cards = [
        Figure("Items", total, "count", note=shares, at=seen.now, asset="knowledge_nodes"),
        Figure("Quality score", 100 * verified / total if total else None, "percent",
               Tone.PLAIN if total else Tone.UNKNOWN, "the share that is verified", seen.now, asset),
        Figure("Mean confidence", _mean(lines, total), "", Tone.PLAIN if total else Tone.UNKNOWN, "", seen.now, asset),
    ]  # fmt: skip
    return Section("quality", "Quality", [Figures("quality", cards)])


def _mean(lines: Sequence[StatusLine], total: int) -> float | None:
    return round(sum(one.items * one.average for one in lines) / total, 3) if total else None


def backups(seen: Seen) -> Section:
    """Return the newest backups and whether they were proved by restoring them."""
    rows: list[Sequence[Value]] = [_backup(one) for one in seen.backups]
    return Section("backups", "Backups", [Table("backups", _BACKUPS, rows, "There is no backup.", most=5)])


def _backup(one: BackupRow) -> Sequence[Value]:
    return one.name, one.created_at, one.bytes, tones.of_proof(one.state), one.proved_at or "never"
