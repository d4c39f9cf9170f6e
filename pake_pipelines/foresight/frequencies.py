"""How often frequent work is needed (MNT-16): an interval that its last runs recommend, by task and schedule.

A run scores 1 where it found nothing to do, in the middle of the two bounds where it did its work, and 0 where it
failed. So what mostly finds nothing to do is recommended less often, what fails is to try again sooner, and what does
its work stays as often as it is. Visits to sources that fail are left out: a source has its own rests.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from pake_pipelines.config.analytics import Adaptive
from pake_pipelines.config.maintenance import MaintenanceConfig
from pake_pipelines.config.schedule_text import cron_of
from pake_pipelines.config.sources import SourcesConfig
from pake_pipelines.foresight.finding import Finding, Place
from pake_pipelines.foresight.intervals import usual_interval
from pake_pipelines.store import analyses, run_performance
from pake_pipelines.store.analyses import Analysis
from pake_pipelines.store.run_performance import SourceVisits, TaskEnds

KIND: Final = "frequency"
FREQUENT: Final = timedelta(days=1)
"""What runs more often than this follows how things go; what runs daily or less often follows quiet hours."""

_RUNS: Final = 20
_FEWEST: Final = 5
_LOOKED_BACK: Final = timedelta(days=30)
_COLUMNS: Final = ("task or schedule", "every (h)", "recommended (h)", "score", "why")


@dataclass(frozen=True, slots=True)
class Rhythm:
    """What runs every `interval` by its schedule; `scores` are those of its last runs, the newest ended `newest_at`."""

    name: str
    interval: timedelta
    scores: Sequence[float]
    newest_at: datetime | None


async def recommend_frequencies(place: Place) -> Finding:
    """Recommend an interval for every task and schedule that runs more often than daily, and keep it."""
    rules, now = place.rules, place.now
    adaptive = rules.reports.analytics.adaptive
    async with place.database.connection() as connection:
        ends = await run_performance.task_ends(connection, _RUNS)
        visits = await run_performance.source_visits(connection, now - _LOOKED_BACK, _RUNS)
        before = await analyses.latest(connection, KIND)
    rhythms = [*_of_tasks(rules.maintenance, ends, adaptive, now), *_of_schedules(rules.sources, visits, adaptive, now)]
    results = {one.name: recommended(one, adaptive, before.get(one.name)) for one in rhythms}
    async with place.database.transaction() as connection:
        await analyses.save(connection, KIND, results, run_id=place.run_id, now=now)
    return _told(results)


def _of_tasks(
    config: MaintenanceConfig, ends: Mapping[str, TaskEnds], adaptive: Adaptive, now: datetime
) -> Iterator[Rhythm]:
    for name, task in config.tasks.items():
        if not task.enabled or task.schedule is None:
            continue
        interval = usual_interval(cron_of(task.schedule), now)
        if interval < FREQUENT:
            ended = ends.get(name)
            scores = [
                score for state in (ended.states if ended else ()) if (score := _score(state, adaptive)) is not None
            ]
            yield Rhythm(name, interval, scores, ended.newest_at if ended else None)


def _score(state: str, adaptive: Adaptive) -> float | None:
    """Return the score of a run by its end, None where it says nothing: the means to do its work are not here."""
    if state == "unavailable":
        return None
    return {"skipped": 1.0, "done": _middle(adaptive)}.get(state, 0.0)


def _of_schedules(
    config: SourcesConfig, visits: Sequence[SourceVisits], adaptive: Adaptive, now: datetime
) -> Iterator[Rhythm]:
    by_source = {one.source: one for one in visits}
    for slug, schedule in config.schedules.items():
        interval = usual_interval(schedule.cron, now)
        if not schedule.enabled or interval >= FREQUENT:
            continue
        read = [by_source[source] for source in config.read_by(schedule) if source in by_source]
        scores = [_middle(adaptive) if changed else 1.0 for one in read for changed in one.changed]
        yield Rhythm(slug.replace("-", "_"), interval, scores, max((one.newest_at for one in read), default=None))


def _middle(adaptive: Adaptive) -> float:
    return (adaptive.slower_above + adaptive.faster_below) / 2


def recommended(rhythm: Rhythm, adaptive: Adaptive, before: Analysis | None) -> dict[str, Any]:
    """Return what is kept of a recommendation.

    A task that follows goes on from what was recommended before, once for every new run; any other is as often as its
    schedule says, and is compared with that.
    """
    from pake_pipelines.analytics.adaptive import adaptive_interval

    follows = rhythm.name in adaptive.tasks
    known = len(rhythm.scores) >= _FEWEST
    score = sum(rhythm.scores) / len(rhythm.scores) if known else None
    current = rhythm.interval
    if follows and before is not None:
        current = timedelta(seconds=before.result["recommended_seconds"])
    asked = score
    if follows and before is not None and (rhythm.newest_at is None or rhythm.newest_at <= before.made_at):
        asked = None
    interval = adaptive_interval(
        current, asked, shortest=rhythm.interval / adaptive.bounds, longest=rhythm.interval * adaptive.bounds,
        slower_above=adaptive.slower_above, faster_below=adaptive.faster_below,
        slower_factor=adaptive.slower_factor, faster_factor=adaptive.faster_factor,
    )  # fmt: skip
    return {
        "current_seconds": current.total_seconds(),
        "recommended_seconds": interval.total_seconds(),
        "score": score,
        "runs": len(rhythm.scores),
        "follows": follows,
        "reason": _reason(rhythm, score, adaptive),
    }


def _reason(rhythm: Rhythm, score: float | None, adaptive: Adaptive) -> str:
    if score is None:
        return f"too few runs are known: {len(rhythm.scores)} of at least {_FEWEST}"
    said = f"score {score:.2f} of {len(rhythm.scores)} runs"
    if score > adaptive.slower_above:
        return f"{said}: mostly nothing to do"
    return f"{said}: it fails" if score < adaptive.faster_below else f"{said}: as often as needed"


def _told(results: Mapping[str, Mapping[str, Any]]) -> Finding:
    changed = [name for name, one in results.items() if one["recommended_seconds"] != one["current_seconds"]]
    numbers: dict[str, float] = {"rhythms": len(results), "other_interval": len(changed)}
    numbers |= {f"{name} hours": round(one["recommended_seconds"] / 3600, 3) for name, one in results.items()}
    rows = [
        (name, round(one["current_seconds"] / 3600, 2), round(one["recommended_seconds"] / 3600, 2),
         None if one["score"] is None else round(one["score"], 3), one["reason"])
        for name, one in sorted(results.items())
    ]  # fmt: skip
    return Finding(f"another interval is recommended for {len(changed)} of {len(results)}", numbers, _COLUMNS, rows)
