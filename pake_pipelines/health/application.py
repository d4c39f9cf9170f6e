"""Metrics of the project's own work (MON-16): runs, throughput, visits, answers to probes; security (MON-17).

Runs are Dagster's to tell, the rest is in the store.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Final

from pake_pipelines.health.catalogue import measured, missing
from pake_pipelines.model.dagster_facts import DagsterFacts, RunFact
from pake_pipelines.model.metric import MetricSample
from pake_pipelines.model.status import CheckStatus
from pake_pipelines.store.application_metrics import Answer, Kept, Visited

_QUANTILES: Final = {"p50": 0.5, "p95": 0.95}


def sample_runs(facts: DagsterFacts | None, now: datetime) -> list[MetricSample]:
    """Return the metrics of runs; unknown where Dagster did not tell of them."""
    return [*_last_day(facts, now), *_totals(facts, now)]


def sample_work(
    visits: Visited, rates: Mapping[str, float], answers: Sequence[Answer], now: datetime
) -> list[MetricSample]:
    """Return the metrics of visits to sources, of the stages behind them and of services that answer."""
    return [
        measured("source_visits_total", visits.total, now),
        measured("source_visits_good_total", visits.good, now),
        _success(visits, now),
        measured("items_per_minute", visits.items_last_hour / 60, now),
        *(measured("stage_items_per_minute", rate, now, stage=stage) for stage, rate in rates.items()),
        *(measured("probe_response_ms", one.response_ms, now, service=one.service) for one in answers),
        _api_response(answers, now),
    ]


def sample_maintenance(kept: Kept, states: Mapping[str, tuple[str, str]], now: datetime) -> list[MetricSample]:
    """Return how old backups are, and which tasks failed when they last ran.

    What has never been there is as old as the time for which it could have been: a project without any backup is not
    one of which nothing is known.
    """
    return [
        _age("backup_age_hours", kept.newest, "there is no backup", kept.first or kept.watched_since, now),
        _age("backup_proven_age_hours", kept.proven, "no backup is proven", kept.first or kept.watched_since, now),
        *_failures(states, now),
    ]


def _age(metric: str, made: datetime | None, why: str, missing_since: datetime | None, now: datetime) -> MetricSample:
    since = made or missing_since
    if since is None:
        return missing(metric, f"{why}, and nothing is older than this moment", now)
    detail = f"made {made:%Y-%m-%d %H:%M} UTC" if made else why
    return measured(metric, max((now - since).total_seconds(), 0.0) / 3600, now, detail=detail)


def _failures(states: Mapping[str, tuple[str, str]], now: datetime) -> Iterator[MetricSample]:
    for task, (state, summary) in states.items():
        bad = state in {"failed", "abandoned"}
        yield measured("maintenance_failed", bad, now, detail=summary if bad else state, task=task)
    if not states:
        yield missing("maintenance_failed", "no task has run yet", now)


def sample_security(counts: Mapping[str, int], now: datetime) -> list[MetricSample]:
    """Return the security counters; `counts` are by the names of their metrics."""
    return [measured(name, count, now) for name, count in counts.items()]


def quantile(values: Sequence[float], share: float) -> float:
    """Return the smallest of `values` that at least `share` of them do not exceed (nearest rank)."""
    ordered = sorted(values)
    rank = -(-len(ordered) * share // 1)
    return ordered[max(int(rank) - 1, 0)]


def _last_day(facts: DagsterFacts | None, now: datetime) -> Iterator[MetricSample]:
    runs = facts.runs_of_last_day if facts else None
    if runs is None:
        why = _why(facts, "runs_of_last_day")
        yield missing("run_error_rate_percent", why, now, status=CheckStatus.UNKNOWN)
        for name in _QUANTILES:
            yield missing("run_duration_seconds", why, now, status=CheckStatus.UNKNOWN, quantile=name)
        return
    if runs:
        failed = sum(not run.succeeded for run in runs)
        yield measured("run_error_rate_percent", 100 * failed / len(runs), now, detail=f"{failed} of {len(runs)} runs")
    else:
        yield missing("run_error_rate_percent", "no run ended within 24 hours", now)
    durations = [taken for taken in map(_seconds, runs) if taken is not None]
    for name, share in _QUANTILES.items():
        if durations:
            yield measured("run_duration_seconds", quantile(durations, share), now, quantile=name)
        else:
            yield missing("run_duration_seconds", "no run ended within 24 hours", now, quantile=name)


def _seconds(run: RunFact) -> float | None:
    """Return how long `run` took; None where a moment is missing. The clock may have stepped back in between."""
    if run.started_at is None or run.ended_at is None:
        return None
    return max((run.ended_at - run.started_at).total_seconds(), 0.0)


def _totals(facts: DagsterFacts | None, now: datetime) -> Iterator[MetricSample]:
    totals = facts.run_totals if facts else None
    if totals is None:
        for name in ("runs_finished_total", "runs_succeeded_total"):
            yield missing(name, _why(facts, "run_totals"), now, status=CheckStatus.UNKNOWN)
        return
    yield measured("runs_finished_total", totals.finished, now)
    yield measured("runs_succeeded_total", totals.succeeded, now)


def _why(facts: DagsterFacts | None, part: str) -> str:
    return (facts.errors.get(part) if facts else None) or "Dagster was not asked"


def _success(visits: Visited, now: datetime) -> MetricSample:
    if not visits.last_day:
        return missing("source_success_percent", "no source was visited within 24 hours", now)
    return measured("source_success_percent", 100 * visits.good_last_day / visits.last_day, now)


def _api_response(answers: Sequence[Answer], now: datetime) -> MetricSample:
    asked = [one for one in answers if one.kind == "http"]
    if not asked:
        return missing("api_response_ms", "no service that is probed by http has answered", now)
    slowest = max(asked, key=lambda one: one.response_ms)
    return measured("api_response_ms", slowest.response_ms, now, detail=slowest.service)
