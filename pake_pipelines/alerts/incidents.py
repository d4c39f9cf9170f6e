"""Incidents follow the alerts, and people: `incident_steps` decides, `store.incidents` keeps."""

import secrets
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from pake_pipelines.alerts import incident_steps as steps
from pake_pipelines.alerts.incident_steps import Wanted
from pake_pipelines.config.alerting import Incidents
from pake_pipelines.model.alert import GroupFired
from pake_pipelines.model.incident import Incident, IncidentChange
from pake_pipelines.store import audit
from pake_pipelines.store import incidents as store
from pake_pipelines.store.database import Connection


@dataclass(frozen=True, slots=True)
class Followed:
    """What became of incidents at one evaluation, by their ids."""

    opened: tuple[str, ...] = ()
    joined: tuple[str, ...] = ()
    over: tuple[str, ...] = ()
    closed: tuple[str, ...] = ()


async def follow(
    connection: Connection, config: Incidents, fired: Sequence[GroupFired], over: Mapping[str, str], now: datetime
) -> Followed:
    """Let incidents follow the alerts, within the transaction that decided on these.

    `fired` are groups, each once, with alerts that have begun to fire (their rows are in `alerts` already), `over` the
    keys of groups with nothing firing any more, and why where that is not that all is good. The same alerts again
    change nothing. Only one process at a time may call it.
    """
    if not fired and not over:
        return Followed()
    about = await store.named_by_alerts(connection, [alert for group in fired for alert in group.alert_ids])
    concerning = [group for group in fired if not set(group.alert_ids) <= about.keys()]
    quiet = sorted(over.keys() - {group.group_key for group in fired})
    keys = {*quiet, *(group.group_key for group in concerning)}
    latest = await store.lock_latest(connection, keys)
    known = await store.alerts_of(connection, [one.incident_id for one in latest.values()])
    told = _told_overdue(await store.lock(connection, set(about.values())), about, fired, now)
    taken = await store.acknowledged_alerts(connection, [alert for group in concerning for alert in group.alert_ids])
    ids = await _new_ids(connection, len(concerning), now)
    opened, joined = [], []
    for group in concerning:
        before = latest.get(group.group_key)
        alerts = known.get(before.incident_id, frozenset()) if before else frozenset()
        if steps.opens(config, group, before, alerts):
            new, *linked = steps.opened(config, group, ids.pop(), before, now)
            opened.append((_taken_up(new, group, taken, now), *linked))
        elif before is not None and (change := steps.joined(config, before, group, alerts, now)):
            joined.append(_taken_up(change, group, taken, now))
    ended = [change for key in quiet if key in latest and (change := steps.alerts_over(latest[key], now, over[key]))]
    # what is only told of goes first: the incident may change by the others
    changes = [*told, *(change for pair in opened for change in pair), *joined, *ended]
    await store.save(connection, changes)
    return Followed(
        opened=tuple(pair[0].incident.incident_id for pair in opened),
        joined=tuple(change.incident.incident_id for change in joined),
        over=tuple(change.incident.incident_id for change in ended),
        closed=tuple(change.incident.incident_id for change in ended if change.incident.is_closed),
    )


def _taken_up(change: IncidentChange, fired: GroupFired, taken: Mapping[str, str], now: datetime) -> IncidentChange:
    """Return a change of an incident; it is taken up as well when a person has one of its alerts already."""
    for alert, person in taken.items():
        if alert in fired.alert_ids and (more := steps.taken_up_by_alert(change.incident, alert, person, "", now)):
            return IncidentChange(more.incident, (*change.events, *more.events))
    return change


def _told_overdue(
    incidents: Mapping[str, Incident], about: Mapping[str, str], fired: Sequence[GroupFired], now: datetime
) -> list[IncidentChange]:
    """Return the incidents whose being overdue is alerted: they are told of in their own timelines.

    Such an alert opens no incident: that would be overdue in its turn, and so on for ever.
    """
    told = []
    for group in fired:
        by_incident: dict[str, set[str]] = {}
        for alert in group.alert_ids:
            if alert in about:
                by_incident.setdefault(about[alert], set()).add(alert)
        told += [
            steps.overdue(incidents[name], alerts, group.summary or group.title, now)
            for name, alerts in sorted(by_incident.items())
            if name in incidents and not incidents[name].is_closed
        ]
    return told


async def _new_ids(connection: Connection, count: int, now: datetime) -> list[str]:
    """Return `count` names that no incident has: many may be opened within the second that a name tells."""
    if not count:
        return []
    taken = await store.ids_beginning(connection, steps.new_id(now, ""))
    ids: set[str] = set()
    while len(ids) < count:
        ids |= {steps.new_id(now, secrets.token_hex(2))} - taken
    return sorted(ids)


async def take_up_alert(connection: Connection, alert_id: str, actor: str, note: str, now: datetime) -> tuple[str, ...]:
    """Take up the open incidents that an acknowledged alert belongs to; return their ids.

    Belongs into the transaction that acknowledges the alert.
    """
    found = await store.lock(connection, await store.open_with_alert(connection, alert_id))
    changes = [
        change
        for incident in found.values()
        if (change := steps.taken_up_by_alert(incident, alert_id, actor, note, now))
    ]
    await store.save(connection, changes)
    return tuple(change.incident.incident_id for change in changes)


async def resolved_by_hand(
    connection: Connection, config: Incidents, alert_ids: Collection[str], actor: str, note: str, now: datetime
) -> tuple[str, ...]:
    """Let incidents follow alerts that a person has resolved; return those that are theirs, which stay open.

    Belongs into the transaction that resolves the alerts, which no evaluation overlaps.
    """
    ids = {name for alert in alert_ids for name in await store.open_with_alert(connection, alert)}
    for alert in sorted(alert_ids):
        await take_up_alert(connection, alert, actor, note, now)
    await follow(connection, config, (), dict.fromkeys(await store.quiet_groups(connection, alert_ids), ""), now)
    return tuple(sorted(ids))


async def update(connection: Connection, incident_id: str, wanted: Wanted, actor: str, now: datetime) -> IncidentChange:
    """Change an incident as a person wants, and note it in the audit. Raises IncidentError."""
    found = await store.lock(connection, {incident_id})
    if incident_id not in found:
        raise steps.IncidentError(f"no incident {incident_id}")
    change = steps.updated(found[incident_id], wanted, actor, now)
    await store.save(connection, [change])
    details = {
        "status": change.incident.status.value,
        "owner": change.incident.owner,
        "note": wanted.note or "",
        "events": [event.kind.value for event in change.events],
    }
    await audit.record(connection, actor=actor, action="incident.update", subject=incident_id, details=details)
    return change
