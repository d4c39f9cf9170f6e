"""The sections of the health report, built of its figures; what matters most comes first."""

from datetime import timedelta
from typing import Final

from pake_pipelines.reports import tones
from pake_pipelines.reports.amounts import amount, counted, share
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
    Tone,
    Value,
)
from pake_pipelines.reports.health.figures import Health, OverallUptime, lead, overall_uptime
from pake_pipelines.reports.health.services import services_section
from pake_pipelines.reports.insights.trends import too_short, trends_table
from pake_pipelines.reports.parts.dagster_section import dagster_section
from pake_pipelines.reports.parts.failed import failures_table
from pake_pipelines.reports.parts.standing_tables import alerts_table, incidents_table

_DAY: Final = timedelta(days=1)


def document(health: Health) -> Document:
    """Return the report."""
    head = _head(health)
    return Document(
        name="health_report",
        title="Health report",
        made_at=health.made_at,
        tone=tones.worst(*(one.tone for one in head)),
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
        figures=head,
        missing=_missing(health),
    )


def _missing(health: Health) -> list[str]:
    found = []
    if all(one.month is None for one in health.services):
        found.append("No service was probed in the last 30 days: see whether the sensor service_health is on.")
    if health.unjudged:
        found.append(f"{health.unjudged}.")
    if health.facts is None:
        found.append("Dagster could not be asked: nothing is known of its daemons, schedules and runs.")
    return found


def _head(health: Health) -> list[Figure]:
    asset, at, status = "service_health", health.made_at, tones.of_health(health.overall)
    unbroken = health.unbroken()
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
        _open(health, "Alerts that fire", health.counts.firing, Tone.WARN, "alerts"),
        _open(health, "Open incidents", len(health.open_incidents), Tone.BAD, "incidents"),
    ]  # fmt: skip


def _open(health: Health, name: str, number: int, tone: Tone, asset: str) -> Figure:
    """Return how many there are; that there are none is only known where the alert rules are judged."""
    if health.unjudged and not number:
        return Figure(name, None, "count", Tone.UNKNOWN, "alert rules are not judged", health.made_at, asset)
    return Figure(name, number, "count", tone if number else Tone.GOOD, at=health.made_at, asset=asset)


def _uptime(name: str, found: OverallUptime, health: Health) -> Figure:
    if found.share is None:
        return Figure(name, None, "share", Tone.UNKNOWN, "nothing was probed", health.made_at, "service_health")
    services = "of the one service" if found.services == 1 else f"mean of {found.services} services"
    parts = [f"{services}, {share(found.seen)} of the time looked at"]
    if found.services > 1 and found.lowest_share is not None and found.lowest_share < 1:
        parts.append(f"lowest {found.lowest}: {share(found.lowest_share)}")
    return Figure(name, found.share, "share", Tone.PLAIN, "; ".join(parts), health.made_at, "service_health")


def _alerts(health: Health) -> Section:
    counts = health.counts
    known = "that is known of " if health.unjudged else ""
    blocks: list[Block] = [
        alerts_table(health.alerts, title="Alerts that fire", empty=f"No alert {known}fires."),
        incidents_table(health.open_incidents, title="Open incidents", empty=f"No incident {known}is open."),
        Figures(
            "alert_counts",
            [
                Figure("Fired in 24 hours", counts.fired, "count"),
                Figure("Resolved in 24 hours", counts.resolved, "count"),
                Figure("About to fire", counts.pending, "count"),
                *_incident_figures(health),
            ],
        ),
    ]
    return Section("alerts", "Alerts and incidents", blocks)


def _incident_figures(health: Health) -> list[Figure]:
    numbers = health.incidents
    if not numbers.total_incidents:
        return [Figure("Incidents in 30 days", 0, "count")]
    taken, solved = numbers.mean_minutes_to_acknowledge, numbers.mean_minutes_to_resolve
    late = f"{numbers.missed_target} not taken up in time" if numbers.missed_target else ""
    return [
        Figure("Incidents in 30 days", numbers.total_incidents, "count", note=late),
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
        return Section("trends", "Trends", [], ["No trend was reckoned in the last two days (asset health_trends)."])
    told = [(name, one) for name, one in health.trends.items() if not too_short(one)]
    in_order = sorted(told, key=lambda pair: (pair[0] != "health", pair[0]))
    blocks: list[Block] = [trends_table(in_order, empty="No figure was measured on enough days.")]
    if silent := len(health.trends) - len(told):
        measured = counted(silent, "further figure was", "further figures were")
        blocks.append(Prose(f"{measured} measured on too few days to have a trend."))
    return Section("trends", "Trends", blocks)


def _changes(health: Health) -> Section:
    rows: list[list[Value]] = [
        [one.at, health.title(one.service), tones.of_health(one.before) if one.before else "not probed",
         tones.of_health(one.after), one.detail]
        for one in health.changes
    ]  # fmt: skip
    columns = [
        Column("at", "When"), Column("service", "Service"), Column("before", "From"), Column("after", "To"),
        Column("says", "It said"),
    ]  # fmt: skip
    probed = any(one.day is not None for one in health.services)
    empty = "No service changed its status." if probed else "No service was probed."
    return Section("changes", "Changes of status in 24 hours", [Table("changes", columns, rows, empty, most=25)])


def _errors(health: Health) -> Section:
    missing = []
    if health.facts is None or health.facts.runs_of_last_day is None:
        missing.append("Dagster did not tell of its runs: those that failed are not among these.")
    return Section("errors", "What failed in 24 hours", [failures_table("errors", health.errors)], missing)
