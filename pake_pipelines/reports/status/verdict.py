"""How everything together stands, in one word, and because of what (REP-09: healthy, warning, critical)."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from pake_pipelines.model.alert import Severity
from pake_pipelines.model.dagster_facts import DagsterFacts
from pake_pipelines.model.health import HealthStatus, overall
from pake_pipelines.model.incident import IncidentSeverity
from pake_pipelines.model.maintenance import ProofState
from pake_pipelines.reports import tones
from pake_pipelines.reports.document import Tone
from pake_pipelines.reports.status.reading import Seen, Service

_NAMED: Final = 3


class Word(StrEnum):
    """The word; what is not known is no health."""

    HEALTHY = "healthy"
    WARNING = "warning"
    CRITICAL = "critical"
    UNKNOWN = "unknown"


_TONES: Final = {
    Word.HEALTHY: Tone.GOOD,
    Word.WARNING: Tone.WARN,
    Word.CRITICAL: Tone.BAD,
    Word.UNKNOWN: Tone.UNKNOWN,
}
# the gravest first: what is critical is so whatever is not known beside it
_GRAVITY: Final = (Word.CRITICAL, Word.UNKNOWN, Word.WARNING)
_HEALTH: Final = {
    HealthStatus.CRITICAL: Word.CRITICAL,
    HealthStatus.UNHEALTHY: Word.CRITICAL,
    HealthStatus.UNKNOWN: Word.UNKNOWN,
    HealthStatus.DEGRADED: Word.WARNING,
}
_GRAVE: Final = frozenset({IncidentSeverity.CRITICAL, IncidentSeverity.HIGH})


@dataclass(frozen=True, slots=True)
class Overall:
    """The word, and the reasons for anything but health, the gravest first."""

    word: Word
    because: Sequence[str]

    @property
    def tone(self) -> Tone:
        """Its colour."""
        return _TONES[self.word]


def judge(seen: Seen, facts: DagsterFacts | None) -> Overall:
    """Return how everything stands: services, then alerts, incidents, schedules, maintenance and backups."""
    found = [*_services(seen.services), *_alerts(seen), *_incidents(seen), *_dagster(facts), *_upkeep(seen)]
    found.sort(key=lambda one: _GRAVITY.index(one[0]))
    return Overall(found[0][0] if found else Word.HEALTHY, [because for _, because in found])


def _services(services: Sequence[Service]) -> list[tuple[Word, str]]:
    together = overall(one.sample for one in services)
    if together is HealthStatus.HEALTHY:
        return []
    word = _HEALTH[together]
    if not services:
        return [(word, "no service is watched")]
    troubled = [one for one in services if one.sample.status not in {HealthStatus.HEALTHY, HealthStatus.NOT_CONFIGURED}]
    if not troubled:
        return [(word, "no service is configured")]
    said = named([f"{one.title} is {one.sample.status.value}" for one in sorted(troubled, key=_graveness)])
    return [(word, said)]


def _graveness(service: Service) -> tuple[bool, bool]:
    return not service.sample.critical, service.sample.status is HealthStatus.DEGRADED


def _alerts(seen: Seen) -> list[tuple[Word, str]]:
    firing = {severity: count for severity, count in seen.counts.by_severity.items() if severity is not Severity.INFO}
    if not firing:
        return []
    word = Word.CRITICAL if Severity.CRITICAL in firing else Word.WARNING
    total = sum(firing.values())
    by = ", ".join(f"{count} {severity.value}" for severity, count in firing.items())
    return [(word, f"{total} {'alert fires' if total == 1 else 'alerts fire'} ({by})")]


def _incidents(seen: Seen) -> list[tuple[Word, str]]:
    if not seen.incidents:
        return []
    word = Word.CRITICAL if any(one.severity in _GRAVE for one in seen.incidents) else Word.WARNING
    count = len(seen.incidents)
    overdue = sum(one.overdue_minutes(seen.now) is not None for one in seen.incidents)
    late = f", {overdue} overdue" if overdue else ""
    return [(word, f"{count} {'incident is' if count == 1 else 'incidents are'} open{late}")]


def _dagster(facts: DagsterFacts | None) -> list[tuple[Word, str]]:
    if facts is None or facts.daemons is None:
        return []
    silent = [one.kind.lower().replace("_", " ") for one in facts.daemons if one.required and not one.healthy]
    late = [one.name for one in facts.ticks or () if one.overdue or one.failed]
    found = [(Word.CRITICAL, f"Dagster's daemon does not beat: {named(silent)}")] if silent else []
    return [*found, *([(Word.WARNING, f"ticks failed or did not come: {named(late)}")] if late else [])]


def _upkeep(seen: Seen) -> list[tuple[Word, str]]:
    failed = [one.task for one in seen.work.latest if tones.of_outcome(one.state).tone is Tone.BAD]
    found = [(Word.WARNING, f"maintenance failed: {named(failed)}")] if failed else []
    newest = seen.backups[0] if seen.backups else None
    if newest is not None and newest.state is ProofState.DAMAGED:
        found.append((Word.CRITICAL, f"the newest backup, {newest.name}, is damaged"))
    return found


def named(things: Collection[str]) -> str:
    """Return the first of `things`, and how many more there are."""
    some = list(things)
    more = len(some) - _NAMED
    return ", ".join(some[:_NAMED]) + (f" and {more} more" if more > 0 else "")
