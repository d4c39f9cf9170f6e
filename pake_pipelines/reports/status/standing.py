"""Sections of what stands now: services with their last day, alerts that fire, incidents that are open."""

from collections.abc import Sequence
from typing import Final

from pake_pipelines.model.health import HealthStatus
from pake_pipelines.reports import tones
from pake_pipelines.reports.amounts import amount, share
from pake_pipelines.reports.desk import Desk
from pake_pipelines.reports.document import Block, Column, Prose, Section, Strip, Strips, Table, Value
from pake_pipelines.reports.monitoring.figures import NEVER
from pake_pipelines.reports.parts.service_lines import GRAVITY
from pake_pipelines.reports.parts.uptime_words import MOST_OF_IT
from pake_pipelines.reports.status.reading import DAY, Seen, Service
from pake_pipelines.store.health_samples import LONGEST_GAP

_ALERTS: Final = (
    Column("severity", "Severity"),
    Column("says", "What"),
    Column("since", "Since"),
    Column("taken_up_by", "Taken up by"),
)
_INCIDENTS: Final = (
    Column("severity", "Severity"),
    Column("title", "What"),
    Column("status", "Status"),
    Column("owner", "Owner"),
    Column("opened_at", "Opened"),
)


def services(desk: Desk, seen: Seen) -> Section:
    """Return every service, the worst first, with the time at which it was probed last."""
    ordered = sorted(seen.services, key=lambda one: (GRAVITY.index(one.sample.status), not one.sample.critical))
    strips = [_strip(desk, one) for one in ordered if one.sample.status is not HealthStatus.NOT_CONFIGURED]
    absent = [one.title for one in ordered if one.sample.status is HealthStatus.NOT_CONFIGURED]
    blocks: list[Block] = [Strips("services", strips, seen.now - DAY, seen.now)]
    if absent:
        blocks.append(Prose(f"Not configured: {', '.join(absent)}."))
    return Section("services", "Services", blocks)


def _strip(desk: Desk, one: Service) -> Strip:
    sample, now = one.sample, desk.now
    told = [sample.detail] if sample.status is not HealthStatus.HEALTHY else []
    if sample.response_ms is not None:
        told.append(f"answers in {amount(sample.response_ms, 'ms')}")
    if one.day and one.day.up_share is not None:
        told.append(f"up {share(one.day.up_share)}")
        if one.day.known_share is not None and one.day.known_share < MOST_OF_IT:
            told.append(f"{100 * one.day.known_share:.0f} % of the day seen")
    if now - sample.at <= LONGEST_GAP and sample.detail != NEVER:  # otherwise the detail says since when it was not
        told.append(f"probed {sample.at:%d %b %H:%M}")
    cells = [None if status is None else tones.of_health(status).tone for status in one.strip]
    return Strip(one.title, cells, tones.of_health(sample.status), ", ".join(told), desk.asset("service_health"))


def alerts(seen: Seen) -> Section:
    """Return the alerts that fire, the gravest first."""
    rows: list[Sequence[Value]] = [
        (tones.of_severity(one.severity), one.summary, one.fired_at, one.acknowledged_by or "nobody")
        for one in seen.alerts
    ]
    blocks: list[Block] = [Table("alerts", _ALERTS, rows, "No alert fires.", most=12)]
    left = seen.counts.firing - len(rows)
    told = [f"{left} more fire"] if left > 0 else []
    told += [f"{seen.counts.pending} pending"] if seen.counts.pending else []
    if told:
        blocks.append(Prose(f"{', '.join(told)}; `pake alerts list` shows all."))
    return Section("alerts", "Alerts", blocks)


def incidents(seen: Seen) -> Section:
    """Return the incidents that are open, and which are waiting for longer than they should."""
    rows: list[Sequence[Value]] = []
    for one in seen.incidents:
        late = one.overdue_minutes(seen.now) is not None
        status = f"{one.status.value.replace('_', ' ')}{', overdue' if late else ''}"
        rows.append((tones.of_severity(one.severity), one.title, status, one.owner or "nobody", one.opened_at))
    return Section("incidents", "Incidents", [Table("incidents", _INCIDENTS, rows, "No incident is open.", most=12)])
