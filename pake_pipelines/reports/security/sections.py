"""The sections of the security report, built of its figures; what is open comes first."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from pake_pipelines.reports import tones
from pake_pipelines.reports.document import (
    Advice,
    BarChart,
    Block,
    Checklist,
    Column,
    Document,
    Figure,
    Layer,
    Prose,
    Section,
    Table,
    Tag,
    Tone,
    Value,
)
from pake_pipelines.reports.security.figures import Looked, Security, lead, security_updates, standing, tone
from pake_pipelines.reports.security.posture import posture

_DAYS: Final = 14
_SEVERITIES: Final = {"error": Tone.BAD, "warning": Tone.WARN}


def document(security: Security) -> Document:
    """Return the report."""
    return Document(
        name="security_report",
        title="Security report",
        made_at=security.made_at,
        tone=tone(security),
        lead=lead(security),
        sections=[
            Section("recommendations", "What to do", [Advice("recommendations", security.recommendations)]),
            _open(security),
            _audits(security),
            _refused(security),
            Section("practice", "Good practice", [Checklist("practice", posture(security))]),
        ],
        since=security.since,
        until=security.made_at,
        figures=_head(security),
        missing=_missing(security),
    )


def _missing(security: Security) -> list[str]:
    looks = (("dependencies", security.scan), ("the configuration", security.audit))
    return [f"Nobody has looked at {name} yet." for name, one in looks if one.told is None]


def _head(security: Security) -> list[Figure]:
    at, events, critical = security.made_at, security.events(), security.critical_events()
    return [
        Figure("Security events", events, "count", Tone.PLAIN, "refusals, alerts, incidents", at),
        Figure("Critical events", critical, "count", Tone.BAD if critical else Tone.GOOD, "of these", at),
        Figure(
            "Open incidents", len(security.open_incidents), "count",
            Tone.BAD if security.open_incidents else Tone.GOOD, "about security", at, "incidents",
        ),
        _looked("Vulnerabilities", security.scan, security.scan.number("total_vulnerabilities"), at),
        _looked("Faults in the configuration", security.audit, security.audit.number("errors"), at),
        Figure("Refused logins", security.failed_logins(), "count", _refusing(security.failed_logins()),
               "sources that refused our credentials", at, "security_metrics"),
    ]  # fmt: skip


def _refusing(number: int) -> Tone:
    return Tone.WARN if number else Tone.GOOD


def _looked(name: str, one: Looked, found: int | None, now: datetime) -> Figure:
    tag, why = standing(one, found, now)
    if tag.tone is Tone.UNKNOWN:
        return Figure(name, tag, "", tag.tone, why, one.told.started_at if one.told else None, one.task)
    return Figure(name, found, "count", tag.tone, "", one.told.started_at if one.told else None, one.task)


def _open(security: Security) -> Section:
    incidents = Table(
        "incidents",
        [
            Column("severity", "Severity"), Column("title", "Incident"), Column("status", "Status"),
            Column("owner", "Owner"), Column("opened_at", "Opened"), Column("resolved_at", "Over since"),
        ],
        [
            [tones.of_severity(one.severity), one.title, one.status.replace("_", " "), one.owner or "nobody",
             one.opened_at, one.resolved_at or "open"]
            for one in security.incidents
        ],
        empty="None is open, and none was opened in 7 days.",
        title="Incidents",
    )  # fmt: skip
    alerts = Table(
        "alerts",
        [
            Column("severity", "Severity"), Column("summary", "Alert"), Column("fired_at", "Fired"),
            Column("resolved_at", "Over since"), Column("rule", "Rule"),
        ],
        [
            [tones.of_severity(one.severity), one.summary, one.fired_at, one.resolved_at or "fires", one.rule]
            for one in security.alerts
        ],
        empty="None fires, and none fired in 7 days.",
        title="Alerts",
    )  # fmt: skip
    return Section("open", "Incidents and alerts about security", [incidents, alerts])


def _audits(security: Security) -> Section:
    now, pending = security.made_at, security_updates(security.updates)
    looks = [
        ("Known vulnerabilities", security.scan, security.scan.number("total_vulnerabilities")),
        ("Configuration", security.audit, security.audit.number("errors")),
        ("Updates of the system for security", security.updates, pending),
    ]
    blocks: list[Block] = [
        Table(
            "audits",
            [
                Column("what", "Looked for"), Column("standing", "Standing"), Column("says", "It says"),
                Column("looked_at", "Looked last"), Column("ran_at", "Ran last"),
            ],
            [_audit(name, one, found, now) for name, one, found in looks],
        )
    ]  # fmt: skip
    if vulnerable := security.scan.rows("vulnerabilities"):
        columns = [
            Column("package", "Package"), Column("version", "Version"), Column("advisory", "Advisory"),
            Column("fixed_in", "Fixed in"), Column("what", "What"),
        ]  # fmt: skip
        blocks.append(Table("vulnerabilities", columns, _cells(columns, vulnerable), title="Known vulnerabilities"))
    if findings := security.audit.rows("findings"):
        columns = [
            Column("severity", "Severity"), Column("where", "Where"), Column("what", "What"),
            Column("do", "What to do"), Column("rule", "Rule"),
        ]  # fmt: skip
        rows = [[_severity(str(row[0])), *row[1:]] for row in _cells(columns, findings)]
        blocks.append(Table("findings", columns, rows, title="What the audit of the configuration found", most=25))
    return Section("audits", "What was looked for", blocks)


def _audit(name: str, one: Looked, found: int | None, now: datetime) -> list[Value]:
    tag, why = standing(one, found, now)
    told = one.told.started_at if one.told else "never"
    return [name, tag, why, told, one.newest.started_at if one.newest else "never"]


def _cells(columns: Sequence[Column], rows: Sequence[object]) -> list[list[Value]]:
    return [[str(row.get(one.key, "")) for one in columns] for row in rows if isinstance(row, dict)]


def _severity(word: str) -> Tag:
    return Tag(word, _SEVERITIES.get(word, Tone.PLAIN))


def _refused(security: Security) -> Section:
    if not security.refusals and not security.spam:
        none = "No login and no address was refused in 14 days, and nothing was rejected as spam."
        return Section("refused", "What was refused", [Prose(none)])
    days = _days(security)
    by_day = {one.day: one for one in security.refusals}
    moments = [datetime.combine(day, time(), UTC) for day in days]
    logins = [by_day[day].failed_logins if day in by_day else 0 for day in days]
    addresses = [by_day[day].refused_addresses if day in by_day else 0 for day in days]
    blocks: list[Block] = []
    if security.refusals:
        layers = [Layer("refused logins", Tone.BAD, logins), Layer("refused addresses", Tone.WARN, addresses)]
        blocks.append(BarChart("refused_by_day", "Refused logins and addresses by day (UTC)", "count", moments, layers))
        blocks.append(_sources(security))
    if security.spam:
        spam = [Layer("items", Tone.NOTICE, [security.spam.get(day, 0) for day in days])]
        blocks.append(BarChart("spam_by_day", "Items rejected as spam by day (UTC)", "count", moments, spam))
    return Section("refused", "What was refused", blocks)


def _days(security: Security) -> list[date]:
    last = security.made_at.astimezone(UTC).date()
    return [last - timedelta(days=back) for back in range(_DAYS, -1, -1)]


def _sources(security: Security) -> Table:
    columns = [
        Column("source", "Source"), Column("failed_logins", "Refused logins", "count"),
        Column("refused_addresses", "Refused addresses", "count"), Column("last_at", "Last"),
        Column("says", "It said"),
    ]  # fmt: skip
    rows: list[list[Value]] = [
        [one.source, one.failed_logins, one.refused_addresses, one.last_at, one.detail] for one in security.sources
    ]
    return Table("refused_sources", columns, rows, "None in the last 7 days.", "By source, in 7 days", most=20)
