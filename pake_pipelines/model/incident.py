"""Incidents: what went wrong badly enough that a person must answer for it, and everything that was done about it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class IncidentSeverity(StrEnum):
    """How grave an incident is (MON-30), the least first."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"

    @property
    def rank(self) -> int:
        """Its place in that order, from 0."""
        return list(IncidentSeverity).index(self)


class IncidentStatus(StrEnum):
    """How far an incident has come (MON-31); the last two close it."""

    OPEN = "open"
    INVESTIGATING = "investigating"
    CONTAINED = "contained"
    RESOLVED = "resolved"
    FALSE_POSITIVE = "false_positive"

    @property
    def closed(self) -> bool:
        """Whether nothing more is to be done."""
        return self in {IncidentStatus.RESOLVED, IncidentStatus.FALSE_POSITIVE}


class IncidentEventKind(StrEnum):
    """What a line of a timeline tells of."""

    OPENED = "opened"
    ALERTS_JOINED = "alerts_joined"
    SEVERITY_RAISED = "severity_raised"
    OVERDUE = "overdue"
    ACKNOWLEDGED = "acknowledged"
    STATUS_CHANGED = "status_changed"
    OWNER_CHANGED = "owner_changed"
    NOTE = "note"
    ALERTS_OVER = "alerts_over"
    RESOLVED = "resolved"
    FIRED_AGAIN = "fired_again"


@dataclass(frozen=True, slots=True)
class IncidentEvent:
    """A line of an incident's timeline; `actor` is a person at the terminal or `pake`."""

    at: datetime
    actor: str
    kind: IncidentEventKind
    note: str = ""
    details: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Incident:
    """An incident as it stands.

    `target_minutes` is the time within which somebody must have taken it up, 0 for at once (MON-30). `alerts_over_at`
    is since when none of its alerts fires; None while one does.
    """

    incident_id: str
    group_key: str | None
    title: str
    severity: IncidentSeverity
    status: IncidentStatus
    owner: str | None
    target_minutes: float
    runbook: str | None
    opened_at: datetime
    acknowledged_at: datetime | None = None
    resolved_at: datetime | None = None
    alerts_over_at: datetime | None = None

    @property
    def is_closed(self) -> bool:
        """Whether it is over."""
        return self.resolved_at is not None

    def overdue_minutes(self, now: datetime) -> float | None:
        """Return for how many minutes it has been waiting beyond its target; None when it is not overdue at `now`."""
        if self.is_closed or self.acknowledged_at is not None:
            return None
        # the clock may have been set back: a moment that is still to come counts as now
        late = max(0.0, (now - self.opened_at).total_seconds() / 60) - self.target_minutes
        return late if late >= 0 else None


@dataclass(frozen=True, slots=True)
class IncidentChange:
    """An incident as it is to be from now on, and what its timeline says of it."""

    incident: Incident
    events: tuple[IncidentEvent, ...]


@dataclass(frozen=True, slots=True)
class IncidentStatistics:
    """Incidents that were opened within a window (MON-32); times in minutes, None where there is nothing to average.

    `mean_minutes_to_acknowledge` (MTTA) is of those that somebody took up, `mean_minutes_to_resolve` (MTTR) of those
    that are resolved, without false positives. `missed_target` were not taken up in time, closed by then or not.
    """

    total_incidents: int
    by_severity: Mapping[str, int]
    by_status: Mapping[str, int]
    still_open: int
    overdue: int
    missed_target: int
    mean_minutes_to_acknowledge: float | None
    mean_minutes_to_resolve: float | None
