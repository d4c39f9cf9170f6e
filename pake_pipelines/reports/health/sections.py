"""The sections of the health report, built of its figures; what matters most comes first."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

from pake_pipelines.reports import tones
from pake_pipelines.reports.amounts import amount, share
from pake_pipelines.reports.dagster_section import dagster_section
from pake_pipelines.reports.document import (
    Advice,
    Block,
    Column,
    Document,
    Figure,
    Figures,
    Prose,
    Section,
    Table,
    Tag,
    Tone,
    Value,
)
from pake_pipelines.reports.health.figures import Health, OverallUptime, lead, overall_uptime
from pake_pipelines.reports.health.services import services_section
from pake_pipelines.store.analyses import Analysis

_DAY: Final = timedelta(days=1)
_JUDGED: Final = {"improving": Tone.GOOD, "declining": Tone.WARN, "insufficient": Tone.UNKNOWN, "unclear": Tone.UNKNOWN}
_TOO_FEW: Final = frozenset({"insufficient", "unclear"})


def document(health: Health) -> Document:
    """Return the report."""
    status = tones.of_health(health.overall)
    return Document(
        name="health_report",
        title="Health report",
        made_at=health.made_at,
        tone=status.tone,
        lead=lead(health),
        sections=[
            Section("recommendations", "What to do", [Advice("recommendations", health.recommendations)]),
            services_section(health),
            _alerts(health),
            _key_figures(health),
            dagster_section(health.facts, health.dagster),
            _trends(health),
            _changes(health),
            _errors(health),
        ],
        since=health.made_at - _DAY,
        until=health.made_at,
        figures=_head(health, status),
        missing=_missing(health),
    )


def _missing(health: Health) -> list[str]:
    found = []
    if health.watched_since is None:
        found.append("Nobody has probed any service for 30 days: switch on the sensor `service_health_sensor`.")
    if health.facts is None:
        found.append("Dagster could not be asked: nothing is known of its daemons, schedules and runs.")
    return found


def _head(health: Health, status: Tag) -> list[Figure]:
    asset, at = "service_health", health.made_at
    unbroken = health.unbroken()
    firing = health.counts.firing
    return [
        Figure("Overall status", status, tone=status.tone, at=at, asset=asset),
        *(
            _uptime(name, overall_uptime([(one.title, getattr(one, field)) for one in health.watched]), health)
            for name, field in (("Uptime, 24 hours", "day"), ("Uptime, 7 days", "week"), ("Uptime, 30 days", "month"))
        ),
        Figure(
            "No critical service down for", unbroken.total_seconds() if unbroken is not None else None, "s",
            Tone.BAD if unbroken == timedelta(0) else Tone.PLAIN,
            "as far as probes of 30 days tell", at, asset,
        ),
        Figure("Alerts that fire", firing, "count", Tone.WARN if firing else Tone.GOOD, at=at, asset="alerts"),
        Figure(
            "Open incidents", len(health.open_incidents), "count", Tone.BAD if health.open_incidents else Tone.GOOD,
            at=at, asset="incidents",
        ),
    ]  # fmt: skip


def _uptime(name: str, found: OverallUptime, health: Health) -> Figure:
    if found.share is None:
        return Figure(name, None, "share", Tone.UNKNOWN, "nothing was probed", health.made_at, "service_health")
    parts = [f"mean of {found.services} services, {share(found.seen)} of the time looked at"]
    if found.lowest is not None and found.lowest_share is not None and found.lowest_share < 1:
        parts.append(f"lowest {found.lowest}: {share(found.lowest_share)}")
    return Figure(name, found.share, "share", Tone.PLAIN, "; ".join(parts), health.made_at, "service_health")


def _alerts(health: Health) -> Section:
    counts, numbers = health.counts, health.incidents
    blocks: list[Block] = [
        Table(
            "alerts",
            [
                Column("severity", "Severity"), Column("summary", "Alert"), Column("fired_at", "Fires since"),
                Column("acknowledged_by", "Taken up by"), Column("rule", "Rule"),
            ],
            [
                [tones.of_severity(one.severity), one.summary, one.fired_at, one.acknowledged_by or "nobody", one.rule]
                for one in health.alerts
            ],
            empty="No alert fires.",
            title="Alerts that fire",
        ),
        Table(
            "incidents",
            [
                Column("severity", "Severity"), Column("title", "Incident"), Column("status", "Status"),
                Column("owner", "Owner"), Column("opened_at", "Opened"), Column("incident_id", "Id"),
            ],
            [
                [tones.of_severity(one.severity), one.title, one.status.value, one.owner or "nobody", one.opened_at,
                 one.incident_id]
                for one in health.open_incidents
            ],
            empty="No incident is open.",
            title="Open incidents",
        ),
        Figures(
            "alert_counts",
            [
                Figure("Fired in 24 hours", counts.fired, "count"),
                Figure("Resolved in 24 hours", counts.resolved, "count"),
                Figure("About to fire", counts.pending, "count"),
                *_incident_figures(health),
            ],
        ),
    ]  # fmt: skip
    if numbers.missed_target:
        blocks.append(Prose(f"{numbers.missed_target} of them were not taken up in time."))
    return Section("alerts", "Alerts and incidents", blocks)


def _incident_figures(health: Health) -> list[Figure]:
    numbers = health.incidents
    if not numbers.total_incidents:
        return [Figure("Incidents in 30 days", 0, "count")]
    taken, solved = numbers.mean_minutes_to_acknowledge, numbers.mean_minutes_to_resolve
    return [
        Figure("Incidents in 30 days", numbers.total_incidents, "count"),
        Figure("Taken up after", None if taken is None else 60 * taken, "s", note="on average"),
        Figure("Resolved after", None if solved is None else 60 * solved, "s", note="on average"),
    ]


def _key_figures(health: Health) -> Section:
    figures = [
        Figure(
            one.name, one.value, one.unit, tones.of_check(one.status).tone,
            f"target {amount(one.target, one.unit)}, warns at {amount(one.warn, one.unit)}"
            + (f"; {one.detail}" if one.value is None and one.detail else ""),
            one.at,
        )
        for one in health.kpis
    ]  # fmt: skip
    missing = [] if any(one.value is not None for one in health.kpis) else ["No key figure has a recent sample."]
    return Section("key_figures", "Key figures", [Figures("key_figures", figures)], missing)


def _trends(health: Health) -> Section:
    if not health.trends:
        return Section(
            "trends", "Trends", [], ["No trend was reckoned yet: that is what the asset `health_trends` does."]
        )
    columns = [
        Column("subject", "Figure"), Column("week", "7 days"), Column("week_change", "Change"),
        Column("month", "30 days"), Column("month_change", "Change"), Column("mean", "Mean of 30 days"),
        Column("made_at", "As of"),
    ]  # fmt: skip
    told = [one for one in health.trends.values() if not _insufficient(one)]
    rows: list[list[Value]] = [
        _trend(one) for one in sorted(told, key=lambda one: (one.subject != "health", one.subject))
    ]
    silent = len(health.trends) - len(told)
    blocks: list[Block] = [Table("trends", columns, rows, empty="No figure has been measured on enough days.")]
    if silent:
        blocks.append(Prose(f"{silent} further figures were not measured on enough days to have a trend."))
    return Section("trends", "Trends", blocks)


def _insufficient(one: Analysis) -> bool:
    return all(_word(one.result.get(window) or {}) in _TOO_FEW for window in ("week", "month"))


def _word(window: Mapping[str, Any]) -> str:
    """Return what a trend means, or its direction where neither is better."""
    return str(window.get("judged") or window.get("direction") or "insufficient")


def _trend(one: Analysis) -> list[Value]:
    unit = str(one.result.get("unit") or "percent")
    week, month = (one.result.get(window) or {} for window in ("week", "month"))
    mean = month.get("mean")
    return [
        one.subject,
        Tag(_word(week), _JUDGED.get(_word(week), Tone.PLAIN)),
        _change(week.get("change"), unit),
        Tag(_word(month), _JUDGED.get(_word(month), Tone.PLAIN)),
        _change(month.get("change"), unit),
        amount(mean, unit) if mean is not None else None,
        one.made_at,
    ]


def _change(change: float | None, unit: str) -> str | None:
    return None if change is None else f"{'+' if change >= 0 else ''}{amount(change, unit)}"


def _changes(health: Health) -> Section:
    titles = {one.name: one.title for one in health.services}
    rows: list[list[Value]] = [
        [one.at, titles.get(one.service, one.service), tones.of_health(one.before) if one.before else "not probed",
         tones.of_health(one.after), one.detail]
        for one in health.changes
    ]  # fmt: skip
    columns = [
        Column("at", "When"), Column("service", "Service"), Column("before", "From"), Column("after", "To"),
        Column("says", "It said"),
    ]  # fmt: skip
    empty = "No service changed its status." if health.watched_since else "Nobody looked."
    return Section("changes", "Changes of status in 24 hours", [Table("changes", columns, rows, empty, most=25)])


def _errors(health: Health) -> Section:
    columns = [
        Column("kind", "What failed"), Column("subject", "Whose"), Column("count", "How often", "count"),
        Column("last_at", "Last"), Column("says", "It said"),
    ]  # fmt: skip
    rows: list[list[Value]] = [[one.kind, one.subject, one.count, one.last_at, one.detail] for one in health.errors]
    missing = []
    if health.facts is None or health.facts.runs_of_last_day is None:
        missing.append("Failed runs of Dagster are not among them: it did not tell of its runs.")
    table = Table("errors", columns, rows, "Nothing that is kept on record failed.", most=25)
    return Section("errors", "What failed in 24 hours", [table], missing)
