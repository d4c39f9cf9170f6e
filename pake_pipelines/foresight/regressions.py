"""Runs that became slower (ANA-14): tasks of maintenance and visits to sources, against their trailing median."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

from pake_pipelines.foresight.finding import Finding, Place, Verdict
from pake_pipelines.store import analyses, run_performance

KIND: Final = "regression"
NO_REGRESSION: Final = "no_regression"
VISITS: Final = "ingest"
"""The subject of a visit's mean duration in runs of ingestion."""

_LOOKED_BACK: Final = timedelta(days=60)
_COLUMNS: Final = ("job", "usual (s)", "last (s)", "times", "runs", "why")


async def find_regressions(place: Place) -> Finding:
    """Hold the last runs of every job against those before, and keep what came of it."""
    from pake_pipelines.analytics.regression import RunDuration, regressions

    rules = place.rules.reports.analytics.regression
    most = rules.trailing_runs + rules.recent_runs
    async with place.database.connection() as connection:
        timed = await run_performance.task_durations(connection, most)
        timed += await run_performance.visit_durations(connection, VISITS, place.now - _LOOKED_BACK, most)
    found = regressions(
        [RunDuration(one.job, one.started_at, one.seconds) for one in timed],
        recent_runs=rules.recent_runs, trailing_runs=rules.trailing_runs, factor=rules.factor,
        least_seconds=rules.least_seconds,
    )  # fmt: skip
    results = {
        one.job: {
            "median_seconds": one.usual,
            "recent_seconds": one.recent,
            "ratio": one.ratio,
            "runs": one.runs,
            "since": one.since.isoformat() if one.since else None,
            "reason": one.reason,
            "regressed": one.state == "slower",
            "state": one.state,
        }
        for one in found
    }
    async with place.database.transaction() as connection:
        await analyses.save(connection, KIND, results, run_id=place.run_id, now=place.now)
    return _told(results)


def _told(results: Mapping[str, Mapping[str, Any]]) -> Finding:
    slower = [name for name, one in results.items() if one["regressed"]]
    judged = [name for name, one in results.items() if one["state"] != "insufficient"]
    numbers: dict[str, float] = {"jobs": len(results), "judged": len(judged), "slower": len(slower)}
    numbers |= {f"{name} times": round(results[name]["ratio"], 3) for name in judged if results[name]["ratio"]}
    rows = [
        (name, _rounded(one["median_seconds"]), _rounded(one["recent_seconds"]), _rounded(one["ratio"]), one["runs"],
         one["reason"])
        for name, one in results.items()
    ]  # fmt: skip
    summary = f"{len(slower)} of {len(judged)} jobs became slower"
    if few := len(results) - len(judged):
        summary += f"; too few runs are known of {few} more"
    checks = {NO_REGRESSION: _verdict(results, slower, judged)} if judged else {}
    return Finding(summary, numbers, _COLUMNS, rows, checks)


def _verdict(results: Mapping[str, Mapping[str, Any]], slower: list[str], judged: list[str]) -> Verdict:
    if slower:
        return Verdict(False, "; ".join(f"{name}: {results[name]['reason']}" for name in slower))
    return Verdict(True, f"no job became slower, of {len(judged)} judged")


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 2)
