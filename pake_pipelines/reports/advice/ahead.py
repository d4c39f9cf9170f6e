"""Rules on what is odd, what declines, what grows and what comes next (ANA-02..14, MNT-15, MNT-16)."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any, Final

from pake_pipelines.reports.advice.rule import Rule, named
from pake_pipelines.reports.advice.situation import Situation
from pake_pipelines.reports.amounts import amount, share
from pake_pipelines.reports.document import Tone
from pake_pipelines.reports.parts.foreseen import dated, fresh
from pake_pipelines.reports.parts.series_names import series_name
from pake_pipelines.reports.strangers import shown
from pake_pipelines.store.analyses import STANDS_FOR
from pake_pipelines.store.forecasts import ForecastRow

UNDER_PRESSURE: Final = frozenset({"consistent", "increased"})
"""The states of an analysis of pressure that call for something."""

_SOON: Final = timedelta(days=7)
"""The horizon of the guides' forecasts (ANA-06): what comes within it is grave."""


def _odd(now: Situation) -> str | None:
    found = [one for one in now.anomalies or () if now.now - one.last_at <= STANDS_FOR]
    return (
        named(f"{series_name(one.metric, one.labels)} since {one.started_at:%d %b %H:%M} UTC" for one in found) or None
    )


def _insight(kind: str) -> Callable[[Situation], str | None]:
    def find(now: Situation) -> str | None:
        found = [one for one in now.analysis("insight").values() if one.get("type") == kind]
        return named(_told(one) for one in found) or None

    return find


def _told(insight: Mapping[str, Any]) -> str:
    return shown(insight.get("message") or insight.get("evidence") or "", 240)


def _reaches(now: Situation, since: timedelta, until: timedelta) -> list[ForecastRow]:
    found = dated(fresh(now.forecasts or (), now.now))
    return [one for one in found if one.reaches_at is not None and since < one.reaches_at - now.now <= until]


def _full_soon(now: Situation) -> str | None:
    return named(_date(one) for one in _reaches(now, timedelta.min, _SOON)) or None


def _full_later(now: Situation) -> str | None:
    until = timedelta(days=now.bounds.advising.days_to_full)
    return named(_date(one) for one in _reaches(now, _SOON, until)) or None


def _date(one: ForecastRow) -> str:
    said = (
        f"{series_name(one.metric, one.labels)} reaches {amount(one.limit_value, one.unit)} on {one.reaches_at:%d %b}"
    )
    if one.reaches_early is None:
        return said
    early, late = f"{one.reaches_early:%d %b}", f"{one.reaches_late:%d %b}" if one.reaches_late else "later"
    return said if early == late else f"{said} (between {early} and {late})"


def _health_declines(now: Situation) -> str | None:
    trends = now.analysis("trend").get("health", {})
    for window, words in (("month", "30 days"), ("week", "7 days")):
        found = trends.get(window) or {}
        if found.get("judged") == "declining":
            change = found.get("change")
            by = "" if change is None else f" by {abs(change):.1f} points"
            return f"the health of all services declined{by} over {words}"
    return None


def _pressed(metric: str) -> Callable[[Situation], str | None]:
    def find(now: Situation) -> str | None:
        found = [
            _share(subject, one)
            for subject, one in sorted(now.analysis("pressure").items())
            if subject.split(" ")[0] == metric and one.get("state") in UNDER_PRESSURE
        ]
        return named(found) or None

    return find


def _share(subject: str, one: Mapping[str, Any]) -> str:
    metric, _, label = subject.partition(" ")
    name = series_name(metric, {"label": label} if label else None)
    if one.get("share_above") is None:
        return f"{name}: {shown(one.get('reason', ''), 240)}"
    return f"{name} was above {one['bound']:g} % in {share(one['share_above'])} of {one['samples']} samples"


def _slower_runs(now: Situation) -> str | None:
    found = sorted((job, one) for job, one in now.analysis("regression").items() if one.get("regressed"))
    return named(_slower(job, one) for job, one in found) or None


def _slower(job: str, one: Mapping[str, Any]) -> str:
    recent, before = amount(one["recent_seconds"], "s"), amount(one["median_seconds"], "s")
    return f"{shown(job, 60)} takes {recent}, {one['ratio']:.1f} times its median of {before}"


def _busy_hours(now: Situation) -> str | None:
    window = next(iter(now.analysis("quiet_hours").values()), {})
    start, hours = window.get("start_hour"), window.get("hours")
    if start is None or not hours:
        return None
    quiet = [(start + one) % 24 for one in range(hours)]
    others = {name: hour for name, hour in now.bounds.fixed_hours.items() if name not in now.bounds.adaptive}
    busy = sorted((hour, name) for name, hour in others.items() if hour not in quiet)
    if not busy:
        return None
    sure = window.get("confidence")
    said = f"it is quiet from {start:02}:00 to {(start + hours) % 24:02}:00 UTC"
    said += f" (confidence {share(sure)})" if sure is not None else ""
    return f"{said}; at other hours begin {named(f'{name} at {hour:02}:00' for hour, name in busy)}"


def _frequency(now: Situation) -> str | None:
    found = [
        f"{task} every {amount(one['recommended_seconds'], 's')} instead of {amount(one['current_seconds'], 's')}"
        for task, one in sorted(now.analysis("frequency").items())
        if task not in now.bounds.adaptive
        and one.get("recommended_seconds")
        and one["recommended_seconds"] != one.get("current_seconds")
    ]
    return named(found) or None


AHEAD: Final = (
    Rule(
        "performance-declines", "ANA-04", Tone.WARN,
        "Performance declines - run cache optimization, check for memory leaks, review recent configuration changes",
        "the insights of the last two days tell of a decline beyond `advice.decline_percent` of configs/reports.yaml",
        "`pake maintenance run cache_deep_cleanup` optimises the cache, `pake diagnose` shows who holds memory, "
        "`pake config show` what is configured",
        _insight("performance_decline"), runbook="performance-declines",
    ),
    Rule(
        "grows-fast", "ANA-05", Tone.NOTICE,
        "Plan for additional capacity - review retention policies, consider implementing archival",
        "the insights of the last two days tell of growth beyond `advice.growth_per_day`",
        "`retention` in configs/maintenance.yaml; `pake maintenance run monthly_archival` archives now",
        _insight("capacity_planning"), runbook="filling-up",
    ),
    Rule(
        "full-soon", "ANA-07", Tone.BAD,
        "A limit will be reached within a week - make room now",
        "a forecast has a date within 7 days",
        "`pake maintenance run storage_cleanup` frees space; limits stand under `analytics.forecasts` in "
        "configs/reports.yaml",
        _full_soon, runbook="filling-up",
    ),
    Rule(
        "full-later", "ANA-07", Tone.WARN,
        "A limit will be reached - plan for more room",
        "a forecast has a date within `advice.days_to_full` days, and not within 7",
        "Limits stand under `analytics.forecasts` in configs/reports.yaml; the capacity report says what grows",
        _full_later, runbook="filling-up",
    ),
    Rule(
        "health-declines", "ANA-10", Tone.WARN,
        "System health declines - consider capacity planning",
        "the trend of the health of all services is declining over 30 days, or over 7",
        "The capacity report says what is short, `pake health` which service serves worse",
        _health_declines, asset="capacity_report",
    ),
    Rule(
        "cpu-pressed", "ANA-13", Tone.WARN,
        "CPU usage is consistently high - consider scaling up",
        "at least four of five samples of the window are above the bound of `capacity` in configs/maintenance.yaml "
        "(ANA-11)",
        "More processors, or fewer runs at a time (`concurrency` in dagster.yaml)",
        _pressed("cpu_usage_percent"), runbook="high-load",
    ),
    Rule(
        "memory-pressed", "ANA-13", Tone.WARN,
        "Memory usage is consistently high - consider scaling up",
        "as for the CPU",
        "More memory, or fewer runs at a time (`concurrency` in dagster.yaml)",
        _pressed("memory_usage_percent"), runbook="high-memory",
    ),
    Rule(
        "disk-pressed", "ANA-13", Tone.WARN,
        "Disk usage is consistently high - consider expanding storage",
        "as for the CPU",
        "A larger disk, or `PAKE_DATA_DIR` on another one; `pake maintenance run storage_cleanup` frees what it can",
        _pressed("disk_usage_percent"), runbook="disk-full",
    ),
    Rule(
        "connections-pressed", "ANA-11", Tone.WARN,
        "Connections to the database are consistently nearly used up - allow more, or hold fewer",
        "as for the CPU",
        "`max_connections` of the server; fewer runs at a time (`concurrency` in dagster.yaml)",
        _pressed("db_connections_used_percent"), runbook="slow-database",
    ),
    Rule(
        "slower-database", "ANA-11", Tone.WARN,
        "Database query times increase significantly - optimise queries or scale the database",
        "`db_query_ms` increased by half or more, and not by chance",
        "`pake maintenance run database_upkeep` and `pake maintenance run full_optimization`",
        _pressed("db_query_ms"), runbook="slow-database",
    ),
    Rule(
        "slower-runs", "ANA-14", Tone.WARN,
        "Jobs take longer than they did - look for what has changed",
        "the last runs of a job are slower than its trailing median, by `analytics.regression` of configs/reports.yaml",
        "The asset `run_performance` has the figures; Dagster's UI compares the steps of two runs",
        _slower_runs, runbook="slower-runs",
    ),
    Rule(
        "odd-series", "ANA-02", Tone.NOTICE,
        "Something does what it does not do - look at what is odd",
        "an anomaly was seen in the last two days and is not over",
        "`pake monitor metrics` shows the series; what is watched stands under `analytics.anomalies` in "
        "configs/reports.yaml",
        _odd, runbook="anomalies",
    ),
    Rule(
        "busy-hours", "MNT-15", Tone.NOTICE,
        "Move maintenance into the quiet hours",
        "quiet hours are known, and tasks that do not follow them begin at other hours",
        "`tasks` in configs/maintenance.yaml; those named in `analytics.adaptive.tasks` of configs/reports.yaml follow "
        "by themselves",
        _busy_hours, asset="maintenance_window_forecast",
    ),
    Rule(
        "other-frequency", "MNT-16", Tone.NOTICE,
        "Run frequent tasks as often as they are needed",
        "how a task goes recommends another interval, and it does not follow by itself",
        "`tasks` in configs/maintenance.yaml; those named in `analytics.adaptive.tasks` of configs/reports.yaml follow "
        "by themselves",
        _frequency, asset="schedule_frequencies",
    ),
)  # fmt: skip
