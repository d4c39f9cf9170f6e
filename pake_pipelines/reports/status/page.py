"""The page as a document: how everything stands, then section by section of what that comes."""

from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Final

from pake_pipelines.model.alert import Severity
from pake_pipelines.model.health import HealthStatus
from pake_pipelines.model.incident import IncidentSeverity
from pake_pipelines.reports import tones
from pake_pipelines.reports.desk import Desk
from pake_pipelines.reports.document import Document, Figure, Recommendation, Tag, Tone
from pake_pipelines.reports.health.figures import overall_uptime
from pake_pipelines.reports.parts.uptime_words import MOST_OF_IT
from pake_pipelines.reports.status import automation, foresight, knowledge, standing
from pake_pipelines.reports.status.reading import Seen
from pake_pipelines.reports.status.verdict import Overall, judge

NAME: Final = "status"
TITLE: Final = "Status"


def build(desk: Desk, seen: Seen, advice: Sequence[Recommendation]) -> tuple[Document, Overall]:
    """Return the page of what was `seen`, and how everything stands."""
    overall = judge(seen, desk.facts)
    document = Document(
        name=NAME,
        title=TITLE,
        made_at=desk.now,
        tone=overall.tone,
        lead="; ".join(overall.because) or _well(advice),
        figures=_figures(seen),
        missing=_missing(desk),
        sections=[
            standing.services(desk, seen),
            standing.alerts(seen),
            standing.incidents(seen),
            foresight.recommendations(advice),
            automation.automation(desk.facts, desk.now, seen.work.latest),
            knowledge.performance(desk, seen),
            automation.activity(desk.facts, seen),
            knowledge.ingestion(desk, seen),
            knowledge.quality(seen),
            knowledge.backups(seen),
            foresight.forecasts(seen),
            foresight.anomalies(seen, timedelta(minutes=desk.configs.reports.analytics.anomalies.every_minutes)),
            automation.schedules(desk.facts, desk.now, desk.dagster),
            foresight.events(seen),
        ],
    )
    return document, overall


def _well(advice: Sequence[Recommendation]) -> str:
    """Return what there is to say when nothing is wrong with services, alerts and incidents."""
    urgent = sum(one.tone is Tone.BAD for one in advice)
    if not urgent:
        return "Everything stands as it should."
    things = "one thing needs" if urgent == 1 else f"{urgent} things need"
    return f"All services stand as they should; {things} somebody."


def _figures(seen: Seen) -> list[Figure]:
    watched = [one for one in seen.services if one.sample.status is not HealthStatus.NOT_CONFIGURED]
    healthy = [one for one in watched if one.sample.status is HealthStatus.HEALTHY]
    up = overall_uptime([(one.title, one.day) for one in watched])
    worst = tones.worst(*(tones.of_health(one.sample.status).tone for one in watched))
    seen_of_it = "" if up.seen is None or up.seen >= MOST_OF_IT else f"{100 * up.seen:.0f} % of it was watched"
    tone = Tone.UNKNOWN if up.share is None else Tone.PLAIN
    return [
        Figure(
            "services healthy", Tag(f"{len(healthy)} of {len(watched)}", worst), "", worst, "", seen.looked_at,
            "service_health",
        ),
        _open("alerts fire", seen.counts.firing, seen.counts.by_severity, "alerts", seen),
        _open("incidents open", len(seen.incidents), [one.severity for one in seen.incidents], "incidents", seen),
        Figure("uptime, 24 hours", up.share, "share", tone, seen_of_it, seen.looked_at, "service_health"),
        _backup(seen),
    ]  # fmt: skip


def _open(name: str, count: int, severities: Iterable[Severity | IncidentSeverity], asset: str, seen: Seen) -> Figure:
    """Return how many are open, in the tone of the gravest; that none is says nothing where nobody looks."""
    note, none = "", Tone.GOOD
    if not seen.is_watched:
        note, none = "nobody has looked yet", Tone.UNKNOWN
        if seen.looked_at:
            note = f"nobody has looked since {seen.looked_at:%d %b %H:%M}"
    tone = tones.worst(*(tones.of_severity(one).tone for one in severities)) if count else none
    return Figure(name, count, "count", tone, note, seen.looked_at, asset)


def _backup(seen: Seen) -> Figure:
    proven = [one for one in seen.backups if tones.of_proof(one.state).tone is Tone.GOOD]
    if not seen.backups:
        return Figure("newest backup", Tag("none", Tone.WARN), "", Tone.WARN, "", seen.now, "database_backup")
    newest = seen.backups[0]
    note = tones.of_proof(newest.state).text
    if proven and proven[0] is not newest:
        note += f", the last proven one is of {proven[0].created_at:%d %b %H:%M}"
    hours = max(seen.now - newest.created_at, timedelta()) / timedelta(hours=1)
    tone = tones.of_proof(newest.state).tone
    return Figure("newest backup's age", round(hours, 1), "h", tone, note, newest.created_at, "database_backup")


def _missing(desk: Desk) -> list[str]:
    if desk.facts is None:
        return [automation.NOT_ASKED]
    return [f"Dagster's {part}: {why}" for part, why in desk.facts.errors.items()]
