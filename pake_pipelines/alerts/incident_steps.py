"""How an incident goes on from one moment to the next: pure decisions; `incidents.py` carries them out.

An incident is *taken up* (acknowledged) by a person: with a status, with an owner, or with an acknowledged alert. One
that nobody has taken up closes by itself when its alerts are over; any other is closed by the person who has it.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from pake_pipelines.config.alerting import Incidents
from pake_pipelines.model.alert import GroupFired, Severity
from pake_pipelines.model.incident import (
    Incident,
    IncidentChange,
    IncidentEvent,
    IncidentEventKind,
    IncidentSeverity,
    IncidentStatus,
)

PAKE: Final = "pake"
# C-20: the words of alerts and those of incidents
SEVERITIES: Final[Mapping[Severity, IncidentSeverity]] = {
    Severity.CRITICAL: IncidentSeverity.CRITICAL,
    Severity.ERROR: IncidentSeverity.HIGH,
    Severity.WARNING: IncidentSeverity.MEDIUM,
    Severity.INFO: IncidentSeverity.LOW,
}
# a new incident of the same group is linked to the one before it for so long
_RELATED: Final = timedelta(hours=24)


class IncidentError(Exception):
    """What a person wants of an incident cannot be; the message says why."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a person wants to change; None is left as it is. An empty `owner` is nobody."""

    status: IncidentStatus | None = None
    owner: str | None = None
    note: str | None = None


def new_id(now: datetime, token: str) -> str:
    """Return the name of an incident opened now: `inc_<seconds since the epoch>_<4 hexadecimal digits>` (MON-31)."""
    return f"inc_{int(now.timestamp())}_{token}"


def opens(config: Incidents, fired: GroupFired, before: Incident | None, known: Collection[str]) -> bool:
    """Tell whether a group that fires opens an incident: none of it is open, and it is grave enough.

    `before` is the latest incident of the group and `known` its alerts. An alert is never part of two incidents: a
    person may have closed the first while it still fires.
    """
    is_open = before is not None and not before.is_closed
    return not is_open and fired.severity.rank >= config.open_at.rank and _has_new(fired, known)


def opened(
    config: Incidents, fired: GroupFired, incident_id: str, before: Incident | None, now: datetime
) -> tuple[IncidentChange, ...]:
    """Return the incident that a firing group opens, and the one before it with a link when that was not long ago."""
    severity = SEVERITIES[fired.severity]
    new = Incident(
        incident_id=incident_id,
        group_key=fired.group_key,
        title=fired.title,
        severity=severity,
        status=IncidentStatus.OPEN,
        owner=config.owners.get(severity),
        target_minutes=config.target_minutes[severity],
        runbook=fired.runbook,
        opened_at=now,
    )
    details: dict[str, object] = {"alert_ids": list(fired.alert_ids)}
    if before is None or before.resolved_at is None or now - before.resolved_at > _RELATED:
        return (IncidentChange(new, (_event(now, IncidentEventKind.OPENED, fired.summary or fired.title, details),)),)
    note = f"{fired.summary or fired.title} (again: {before.incident_id} was closed at {_moment(before.resolved_at)})"
    first = _event(now, IncidentEventKind.OPENED, note, {**details, "previous": before.incident_id})
    link = _event(now, IncidentEventKind.FIRED_AGAIN, f"it fires again: {incident_id}", {"next": incident_id})
    return IncidentChange(new, (first,)), IncidentChange(before, (link,))


def joined(
    config: Incidents, incident: Incident, fired: GroupFired, known: Collection[str], now: datetime
) -> IncidentChange | None:
    """Return an open incident with the alerts of its group that have begun to fire; None when it has them already."""
    if incident.is_closed or not _has_new(fired, known):
        return None
    new = [alert for alert in fired.alert_ids if alert not in known]
    note = fired.summary or fired.title
    events = [_event(now, IncidentEventKind.ALERTS_JOINED, note, {"alert_ids": new})]
    incident = replace(incident, alerts_over_at=None)
    severity = SEVERITIES[fired.severity]
    if severity.rank > incident.severity.rank:
        details = {"from": incident.severity.value, "to": severity.value}
        note = f"{incident.severity.value} -> {severity.value}"
        events.append(_event(now, IncidentEventKind.SEVERITY_RAISED, note, details))
        incident = replace(
            incident,
            severity=severity,
            target_minutes=config.target_minutes[severity],
            owner=incident.owner or config.owners.get(severity),
        )
    return IncidentChange(incident, tuple(events))


def alerts_over(incident: Incident, now: datetime, because: str = "") -> IncidentChange | None:
    """Return an incident none of whose alerts fires any more, `because` of what; None when that was known."""
    if incident.is_closed or incident.alerts_over_at is not None:
        return None
    incident = replace(incident, alerts_over_at=now)
    said = "its alerts are over" + (f" ({because})" if because else "")
    if incident.acknowledged_at is not None:
        note = f"{said}; whoever has taken it up closes it"
        return IncidentChange(incident, (_event(now, IncidentEventKind.ALERTS_OVER, note),))
    over = _event(now, IncidentEventKind.ALERTS_OVER, said)
    closed = _event(now, IncidentEventKind.RESOLVED, "closed by itself: nobody had taken it up")
    return IncidentChange(replace(incident, status=IncidentStatus.RESOLVED, resolved_at=now), (over, closed))


def overdue(incident: Incident, alert_ids: Collection[str], note: str, now: datetime) -> IncidentChange:
    """Return an incident whose being overdue is alerted: its timeline says so."""
    return IncidentChange(incident, (_event(now, IncidentEventKind.OVERDUE, note, {"alert_ids": sorted(alert_ids)}),))


def taken_up_by_alert(incident: Incident, alert_id: str, actor: str, note: str, now: datetime) -> IncidentChange | None:
    """Return an incident one of whose alerts a person has acknowledged; None when it was taken up already."""
    if incident.is_closed or incident.acknowledged_at is not None:
        return None
    said = f"by its alert {alert_id}" + (f": {note}" if note else "")
    event = IncidentEvent(now, actor, IncidentEventKind.ACKNOWLEDGED, said, {"alert_id": alert_id})
    return IncidentChange(replace(incident, acknowledged_at=now), (event,))


def updated(incident: Incident, wanted: Wanted, actor: str, now: datetime) -> IncidentChange:
    """Return an incident as a person wants it to be. Raises IncidentError for what cannot be.

    Any status or owner takes it up. A closed one takes notes, and another verdict on how it ended.
    """
    status, owner = wanted.status, None if wanted.owner is None else wanted.owner.strip()
    _refuse(incident, status, owner)
    events: list[IncidentEvent] = []
    takes_up = (status is not None and status is not incident.status) or bool(owner)
    if takes_up and incident.acknowledged_at is None and not incident.is_closed:
        events.append(IncidentEvent(now, actor, IncidentEventKind.ACKNOWLEDGED))
        incident = replace(incident, acknowledged_at=now)
    if owner is not None and (owner or None) != incident.owner:
        details = {"from": incident.owner, "to": owner or None}
        said = f"{incident.owner or 'nobody'} -> {owner or 'nobody'}"
        events.append(IncidentEvent(now, actor, IncidentEventKind.OWNER_CHANGED, said, details))
        incident = replace(incident, owner=owner or None)
    note = (wanted.note or "").strip()
    if status is not None and status is not incident.status:
        events.append(_status_event(incident, status, note, actor, now))
        closed_at = incident.resolved_at or now if status.closed else None
        incident = replace(incident, status=status, resolved_at=closed_at)
    elif note:
        events.append(IncidentEvent(now, actor, IncidentEventKind.NOTE, note))
    if not events:
        raise IncidentError(f"{incident.incident_id} is so already: nothing to change")
    return IncidentChange(incident, tuple(events))


def _refuse(incident: Incident, status: IncidentStatus | None, owner: str | None) -> None:
    name = incident.incident_id
    if incident.is_closed and status is not None and not status.closed:
        raise IncidentError(f"{name} is {incident.status.value}: a closed incident is not opened again")
    if incident.is_closed and owner is not None:
        raise IncidentError(f"{name} is {incident.status.value}: it needs no owner any more")
    if status is IncidentStatus.OPEN and incident.status is not IncidentStatus.OPEN:
        raise IncidentError(f"{name} is {incident.status.value}: what was taken up does not become open again")


def _status_event(incident: Incident, status: IncidentStatus, note: str, actor: str, now: datetime) -> IncidentEvent:
    kind = IncidentEventKind.RESOLVED if status.closed else IncidentEventKind.STATUS_CHANGED
    said = f"{incident.status.value} -> {status.value}" + (f": {note}" if note else "")
    return IncidentEvent(now, actor, kind, said, {"from": incident.status.value, "to": status.value, "note": note})


def _has_new(fired: GroupFired, known: Collection[str]) -> bool:
    return any(alert not in known for alert in fired.alert_ids)


def _event(
    now: datetime, kind: IncidentEventKind, note: str, details: Mapping[str, object] | None = None
) -> IncidentEvent:
    return IncidentEvent(now, PAKE, kind, note, details or {})


def _moment(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"
