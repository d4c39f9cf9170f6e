"""The section of the health report on services: the last day at a glance, and how long each served."""

from datetime import timedelta
from typing import Final

from pake_pipelines.model.health import HealthStatus, Uptime
from pake_pipelines.reports import tones
from pake_pipelines.reports.amounts import share
from pake_pipelines.reports.document import Block, Column, Prose, Section, Strip, Strips, Table, Value
from pake_pipelines.reports.health.figures import Health, since_when
from pake_pipelines.reports.monitoring.figures import ServiceLine

_DAY: Final = timedelta(days=1)


def services_section(health: Health) -> Section:
    """Return the section; services that are not configured are named, and have no line."""
    watched = health.watched
    blocks: list[Block] = [
        Strips("day", [_strip(one) for one in watched], health.made_at - _DAY, health.made_at),
        Table(
            "services",
            [
                Column("service", "Service"), Column("status", "Status"), Column("since", "Since"),
                Column("critical", "Critical"), Column("response_ms", "Answers in", "ms"),
                Column("uptime_1d", "24 hours", "share"), Column("uptime_7d", "7 days", "share"),
                Column("uptime_30d", "30 days", "share"), Column("restarts_24h", "Restarts, 24 h", "count"),
                Column("says", "It says"), Column("seen_at", "Probed"),
            ],
            [_row(one, health) for one in watched],
            empty="No service is watched.",
        ),
    ]  # fmt: skip
    if health.not_configured:
        names = ", ".join(one.title for one in health.not_configured)
        blocks.append(Prose(f"Not configured, and so neither up nor down: {names}."))
    if health.restarts:
        blocks.append(_healing(health))
    return Section("services", "Services", blocks)


def _strip(one: ServiceLine) -> Strip:
    strip = [None if status is None else tones.of_health(status).tone for status in one.strip]
    return Strip(one.title, strip, tones.of_health(one.status), _in_a_day(one.day))


def _in_a_day(uptime: Uptime | None) -> str:
    return f"up {share(uptime.up_share)}" if uptime and uptime.up_share is not None else ""


def _row(one: ServiceLine, health: Health) -> list[Value]:
    known = one.status is not HealthStatus.UNKNOWN
    since = since_when(health.changes, one.name) or ("more than a day" if known else None)
    says = f"{one.sample.detail}; not healed any more: {one.left_alone}" if one.left_alone else one.sample.detail
    return [
        one.title, tones.of_health(one.status), since, one.critical, one.sample.response_ms, _up(one.day),
        _up(one.week), _up(one.month), one.restarts_day, says, one.sample.at if known else None,
    ]  # fmt: skip


def _up(uptime: Uptime | None) -> float | None:
    return uptime.up_share if uptime else None


def _healing(health: Health) -> Table:
    rows: list[list[Value]] = [
        [health.title(one.service), one.attempts, one.verified, one.failed, one.by_hand, one.last_at]
        for one in health.restarts
    ]
    columns = [
        Column("service", "Service"), Column("attempts", "Restarts", "count"), Column("verified", "Helped", "count"),
        Column("failed", "Did not", "count"), Column("by_hand", "By hand", "count"), Column("last_at", "Last"),
    ]  # fmt: skip
    return Table("restarts", columns, rows, title="Healing in the last 7 days")
