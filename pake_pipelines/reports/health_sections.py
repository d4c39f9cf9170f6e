"""The sections of the health report, built of its figures; what matters most comes first."""

from datetime import timedelta
from typing import Final

from pake_pipelines.health.catalogue import CATALOGUE
from pake_pipelines.model.health import HealthStatus, Uptime
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
    Strip,
    Strips,
    Table,
    Tag,
    Tone,
    Value,
)
from pake_pipelines.reports.health_figures import Health, OverallUptime, lead, overall_uptime, since_when
from pake_pipelines.reports.monitoring_figures import ServiceLine
from pake_pipelines.store.analyses import Analysis

_DAY: Final = timedelta(days=1)
_JUDGED: Final = {"improving": Tone.GOOD, "declining": Tone.WARN, "stable": Tone.PLAIN, "insufficient": Tone.UNKNOWN}


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
            _services(health),
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


def _services(health: Health) -> Section:
    watched = health.watched
    blocks: list[Block] = [
        Strips("day", [_strip(one) for one in watched], health.made_at - _DAY, health.made_at),
        Table(
            "services",
            [
                Column("service", "Service"), Column("status", "Status"), Column("since", "Since"),
                Column("critical", "Critical"), Column("response_ms", "Answer", "ms"),
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
    return f"{share(uptime.up_share)} of the last day" if uptime and uptime.up_share is not None else ""


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
        [one.service, one.attempts, one.verified, one.failed, one.by_hand, one.last_at] for one in health.restarts
    ]
    columns = [
        Column("service", "Service"), Column("attempts", "Restarts", "count"), Column("verified", "Helped", "count"),
        Column("failed", "Did not", "count"), Column("by_hand", "By hand", "count"), Column("last_at", "Last"),
    ]  # fmt: skip
    return Table("restarts", columns, rows, title="Healing in the last 7 days")


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
    return all(one.result.get(window, {}).get("judged") in {None, "insufficient"} for window in ("week", "month"))


def _trend(one: Analysis) -> list[Value]:
    unit = str(one.result.get("unit") or (CATALOGUE[one.subject].unit if one.subject in CATALOGUE else "percent"))
    week, month = (one.result.get(window) or {} for window in ("week", "month"))
    mean = month.get("mean")
    return [
        one.subject,
        _judged(week.get("judged")),
        _change(week.get("change"), unit),
        _judged(month.get("judged")),
        _change(month.get("change"), unit),
        amount(mean, unit) if mean is not None else None,
        one.made_at,
    ]


def _judged(word: str | None) -> Tag:
    told = word or "insufficient"
    return Tag(told, _JUDGED.get(told, Tone.PLAIN))


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
