"""The sections of the security report, built of its figures; what is open comes first."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

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
from pake_pipelines.reports.parts.periods import midnights
from pake_pipelines.reports.parts.standing_tables import alerts_table, incidents_table
from pake_pipelines.reports.security.figures import (
    WINDOW,
    Looked,
    Security,
    lead,
    looks,
    security_updates,
    standing,
    tone,
)
from pake_pipelines.reports.security.posture import posture
from pake_pipelines.store.security_statistics import Refusals

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
    found = [f"Nobody has looked through {name} yet." for name, one, _ in looks(security) if one.told is None]
    return [*found, f"{security.unjudged}."] if security.unjudged else found


def _head(security: Security) -> list[Figure]:
    at, events, critical = security.made_at, security.events(), security.critical_events()
    logins = security.refusals.failed_logins
    none = Tone.PLAIN if security.unjudged else Tone.GOOD
    return [
        Figure("Security events", events, "count", Tone.PLAIN, "refusals, alerts, incidents", at),
        Figure("Critical events", critical, "count", Tone.BAD if critical else none, "of these", at),
        Figure(
            "Open incidents", len(security.open_incidents), "count",
            Tone.BAD if security.open_incidents else none, "about security", at, "incidents",
        ),
        _looked("Vulnerabilities", security.scan, security.scan.number("total_vulnerabilities"), at),
        _looked("Faults in the configuration", security.audit, security.audit.number("errors"), at),
        Figure("Refused logins", logins, "count", Tone.WARN if logins else Tone.GOOD if security.visits else Tone.PLAIN,
               "sources that refused our credentials", at, "security_metrics"),
    ]  # fmt: skip


def _looked(name: str, one: Looked, found: int | None, now: datetime) -> Figure:
    tag, why = standing(one, found, now)
    if tag.tone is Tone.UNKNOWN:
        return Figure(name, tag, "", tag.tone, why, one.told.started_at if one.told else None, one.task)
    return Figure(name, found, "count", tag.tone, "", one.told.started_at if one.told else None, one.task)


def _open(security: Security) -> Section:
    incidents = incidents_table(
        security.incidents, title="Incidents", empty="None is open, and none was opened in 7 days.", past=True
    )
    alerts = alerts_table(security.alerts, title="Alerts", empty="None fires, and none fired in 7 days.", past=True)
    return Section("open", "Incidents and alerts about security", [incidents, alerts])


def _audits(security: Security) -> Section:
    pending = security_updates(security.updates)
    looked = [*looks(security), ("updates of the system for security", security.updates, pending)]
    blocks: list[Block] = [
        Table(
            "audits",
            [
                Column("what", "What"), Column("standing", "Standing"), Column("says", "It says"),
                Column("looked_at", "Looked last"), Column("ran_at", "Ran last"),
            ],
            [_audit(name, one, found, security.made_at) for name, one, found in looked],
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
    return [name[:1].upper() + name[1:], tag, why, told, one.newest.started_at if one.newest else "never"]


def _cells(columns: Sequence[Column], rows: Sequence[Mapping[str, object]]) -> list[list[Value]]:
    return [[str(row.get(one.key, "")) for one in columns] for row in rows]


def _severity(word: str) -> Tag:
    return Tag(word, _SEVERITIES.get(word, Tone.PLAIN))


def _refused(security: Security) -> Section:
    if not security.by_day and not security.spam:
        none = "No login and no address was refused in 14 days, and nothing was rejected as spam."
        return Section("refused", "What was refused", [Prose(none)])
    days = midnights(security.made_at - 2 * WINDOW, security.made_at)
    blocks: list[Block] = []
    if security.by_day:
        refused = [security.by_day.get(day.date(), Refusals()) for day in days]
        layers = [
            Layer("refused logins", Tone.BAD, [one.failed_logins for one in refused]),
            Layer("refused addresses", Tone.WARN, [one.refused_addresses for one in refused]),
        ]
        blocks.append(BarChart("refused_by_day", "Refused logins and addresses by day (UTC)", "count", days, layers))
        blocks.append(_sources(security))
    if security.spam:
        spam = [Layer("items", Tone.NOTICE, [security.spam.get(day.date(), 0) for day in days])]
        blocks.append(BarChart("spam_by_day", "Items rejected as spam by day (UTC)", "count", days, spam))
    return Section("refused", "What was refused", blocks)


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
