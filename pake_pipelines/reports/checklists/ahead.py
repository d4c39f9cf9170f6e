"""Items on where things go: trends, pressure, forecasts, regressions, reports that were made."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from pake_pipelines.reports.advice.ahead import UNDER_PRESSURE
from pake_pipelines.reports.advice.rule import named
from pake_pipelines.reports.checklists.judged import Judged, failed, passed, unknown
from pake_pipelines.reports.checklists.seen import RHYTHMS, Seen
from pake_pipelines.reports.checklists.tasks import Judge
from pake_pipelines.reports.strangers import shown
from pake_pipelines.store.analyses import STANDS_FOR


def trends(seen: Seen) -> Judged:
    """Judge whether anything declines over the week."""
    found = seen.situation.analysis("trend")
    judged = {subject: (one.get("week") or {}).get("judged") for subject, one in found.items()}
    declining = [subject for subject, word in judged.items() if word == "declining"]
    if declining:
        return failed(f"{len(declining)} of {len(judged)} decline over 7 days: {named(map(shown, sorted(declining)))}")
    told = [word for word in judged.values() if word not in {None, "insufficient"}]
    if not told:
        return unknown("no trend is known: too few days were measured, or the asset health_trends was not made")
    short = sum(word == "insufficient" for word in judged.values())
    rest = f"; of {short} too few days are known" if short else ""
    return passed(f"none of {len(told)} declines over 7 days{rest}")


def scaling(seen: Seen) -> Judged:
    """Judge whether anything is under pressure, or reaches its limit within the days that count."""
    pressed = seen.situation.analysis("pressure")
    over = [_pressed(subject, one) for subject, one in sorted(pressed.items()) if one.get("state") in UNDER_PRESSURE]
    if over:
        return failed(named(over))
    horizon = timedelta(days=seen.situation.bounds.advising.days_to_full)
    fresh = [one for one in seen.situation.forecasts or () if seen.now - one.made_at <= STANDS_FOR]
    near = [one for one in fresh if one.reaches_at is not None and one.reaches_at - seen.now <= horizon]
    if near:
        return failed(named(f"{one.metric} reaches its limit on {one.reaches_at:%d %b}" for one in near))
    unclear = [subject for subject, one in pressed.items() if one.get("state") == "unknown"]
    if not pressed or unclear or not fresh:
        said = f"not enough is known of {named(unclear)}" if unclear else "nothing was judged: see the asset forecasts"
        return unknown(said)
    return passed(f"none of {len(pressed)} series is under pressure; no limit is reached within {horizon.days} days")


def _pressed(subject: str, one: Mapping[str, Any]) -> str:
    return f"{shown(subject, 60)}: {shown(one.get('reason', ''))}"


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
