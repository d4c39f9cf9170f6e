"""Items on where things go: trends, pressure, forecasts, regressions, reports that were made."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from pake_pipelines.reports.advice.ahead import UNDER_PRESSURE
from pake_pipelines.reports.advice.rule import named
from pake_pipelines.reports.amounts import counted
from pake_pipelines.reports.checklists.judged import Judged, failed, passed, unknown
from pake_pipelines.reports.checklists.seen import RHYTHMS, Seen
from pake_pipelines.reports.checklists.tasks import Judge
from pake_pipelines.reports.parts.foreseen import fresh
from pake_pipelines.reports.parts.series_names import series_name, subject_name
from pake_pipelines.reports.strangers import shown


def trends(seen: Seen) -> Judged:
    """Judge whether anything declines over the week."""
    found = seen.situation.analysis("trend")
    judged = {subject: (one.get("week") or {}).get("judged") for subject, one in found.items()}
    declining = [subject for subject, word in judged.items() if word == "declining"]
    if declining:
        said = named(map(subject_name, sorted(declining)))
        return failed(f"declining over 7 days, of {counted(len(judged), 'figure', 'figures')}: {said}")
    told = [word for word in judged.values() if word not in {None, "insufficient"}]
    if not told:
        return unknown("no trend is known: too few days were measured, or the asset health_trends was not made")
    short = sum(word == "insufficient" for word in judged.values())
    rest = f"; of {counted(short, 'further one', 'further ones')} too few days are known" if short else ""
    return passed(f"none of {len(told)} declines over 7 days{rest}")


def scaling(seen: Seen) -> Judged:
    """Judge whether anything is under pressure, or reaches its limit within the days that count."""
    pressed = seen.situation.analysis("pressure")
    over = [_pressed(subject, one) for subject, one in sorted(pressed.items()) if one.get("state") in UNDER_PRESSURE]
    if over:
        return failed(named(over))
    horizon = timedelta(days=seen.situation.bounds.advising.days_to_full)
    foreseen = fresh(seen.situation.forecasts or (), seen.now)
    near = [one for one in foreseen if one.reaches_at is not None and one.reaches_at - seen.now <= horizon]
    if near:
        return failed(
            named(f"{series_name(one.metric, one.labels)} reaches its limit on {one.reaches_at:%d %b}" for one in near)
        )
    unclear = [subject for subject, one in pressed.items() if one.get("state") == "unknown"]
    if unclear:
        return unknown(f"not enough is known of {named(map(subject_name, unclear))}")
    if not pressed or not foreseen:
        return unknown("nothing was judged in the last two days: see the assets insights and forecasts")
    none = f"none of {len(pressed)} series is under pressure"
    return passed(f"{none}; no limit is reached within {counted(horizon.days, 'day', 'days')}")


def _pressed(subject: str, one: Mapping[str, Any]) -> str:
    return f"{subject_name(subject)}: {shown(one.get('reason', ''))}"


def run_performance(seen: Seen) -> Judged:
    """Judge whether jobs became slower."""
    found = seen.situation.analysis("regression")
    slower = [job for job, one in sorted(found.items()) if one.get("regressed")]
    if slower:
        return failed(f"slower than they were: {named(shown(job, 60) for job in slower)}")
    judged = [one for one in found.values() if one.get("recent_seconds") is not None]
    if not judged:
        return unknown("no job has run often enough to be judged, or the asset run_performance was not made")
    return passed(f"none of {len(judged)} jobs became slower")


def report_made(report: str, rhythm: str) -> Judge:
    """Return an item that asks for a report within the rhythm."""

    def judge(seen: Seen) -> Judged:
        at = seen.reports.get(report)
        if at is None:
            return unknown(f"{report} was never made here")
        said = f"{report} was made on {at:%d %b %H:%M} UTC"
        return passed(said) if seen.now - at <= RHYTHMS[rhythm] else failed(said)

    return judge
