"""Sections of the monthly report on how it ran: uptime, incidents, alerts, upkeep, backups, capacity, metrics."""

from collections.abc import Sequence
from typing import Final

from pake_pipelines.health.catalogue import CATALOGUE
from pake_pipelines.model.incident import IncidentSeverity
from pake_pipelines.model.maintenance import ProofState
from pake_pipelines.reports import tones
from pake_pipelines.reports.amounts import amount, lasting
from pake_pipelines.reports.document import BarChart, Block, Column, Figure, Figures, Layer, Section, Table, Tone, Value
from pake_pipelines.reports.monthly.figures import CAPACITY, SEEN, Mean, Monthly, ends, means
from pake_pipelines.reports.parts import foreseen
from pake_pipelines.reports.parts.binned import counts, highest, line
from pake_pipelines.reports.parts.periods import versus
from pake_pipelines.reports.parts.series_names import series_title
from pake_pipelines.reports.parts.uptime_words import uptime_tone

_CHARTED: Final = (
    "cpu_usage_percent", "memory_usage_percent", "disk_usage_percent", "db_query_ms", "api_response_ms",
)  # fmt: skip


def ran(told: Monthly) -> Section:
    """Return uptime by service, incidents, alerts and restarts."""
    found, before = told.month, told.before
    number = found.incidents.total_incidents
    taken, solved = found.incidents.mean_minutes_to_acknowledge, found.incidents.mean_minutes_to_resolve
    known = before.uptime is not None
    shown = [
        Figure("Uptime", found.overall.share, "share", uptime_tone(found.overall.share),
               versus(found.overall.share, before.uptime, "share", told.period)),
        Figure("Incidents", number, "count",
               note=versus(number, before.incidents.total_incidents if known else None, "count", told.period)),
        *([
            Figure("Taken up after", None if taken is None else 60 * taken, "s", note="on average (MTTA)"),
            Figure("Resolved after", None if solved is None else 60 * solved, "s", note="on average (MTTR)"),
            Figure("Not taken up in time", found.incidents.missed_target, "count"),
        ] if number else []),
        Figure("Alerts that fired", sum(one.episodes for one in told.rules), "count"),
    ]  # fmt: skip
    blocks: list[Block] = [
        Figures("ran", shown),
        *([_trouble(told)] if told.rules or told.incidents else []),
        _uptimes(told),
    ]
    blocks += [one for one in (_incidents(told), _alerts(told), _restarts(told)) if one.rows]
    return Section("ran", "How it ran", blocks)


def _trouble(told: Monthly) -> BarChart:
    starts = told.period.starts()
    layers = [
        Layer("alerts", Tone.WARN, counts(told.events, starts, lambda one: one.alerts)),
        Layer("incidents", Tone.BAD, counts(told.events, starts, lambda one: one.incidents)),
    ]
    return BarChart("trouble", "Alerts and incidents by day", "count", starts, layers)


def _uptimes(told: Monthly) -> Table:
    """Return the services that were seen, those that served least first."""
    before = {name: one.up_share for name, one in told.before.uptimes.items() if (one.known_share or 0.0) >= SEEN}
    columns = [
        Column("service", "Service"), Column("uptime", "Uptime", "share"),
        *([Column("before", f"In {told.period.before}", "share")] if before else []),
        Column("seen", "Of the time seen", "share"), Column("down", "Down for", "s"),
    ]  # fmt: skip
    seen = [(one.up_share, name, one) for name, one in told.month.uptimes.items() if name in told.titles]
    known = sorted(((share, name, one) for share, name, one in seen if share is not None), key=lambda row: row[:2])
    rows: list[list[Value]] = []
    for share, name, one in known:
        beside = [before.get(name)] if before else []
        rows.append([told.titles[name], share, *beside, one.known_share, one.unhealthy_seconds])
    return Table("uptime", columns, rows, "No service was probed.", "Uptime by service")


def _incidents(told: Monthly) -> Table:
    columns = [
        Column("severity", "Severity"), Column("title", "Incident"), Column("opened_at", "Opened"),
        Column("lasted", "Lasted"), Column("status", "Status"), Column("incident_id", "Id"),
    ]  # fmt: skip
    rows: list[list[Value]] = [
        [tones.of_severity(IncidentSeverity(one.severity)), one.title, one.opened_at,
         lasting(one.minutes(told.made_at)), one.status.replace("_", " "), one.incident_id]
        for one in told.incidents
    ]  # fmt: skip
    return Table("incidents", columns, rows, "None.", "Incidents", most=25)


def _alerts(told: Monthly) -> Table:
    columns = [Column("rule", "Rule"), Column("episodes", "Fired", "count"), Column("hours", "For", "h")]
    rows: list[list[Value]] = [[one.rule, one.episodes, one.hours] for one in told.rules]
    return Table("alerts", columns, rows, "None.", "Alerts by rule", most=25)


def _restarts(told: Monthly) -> Table:
    columns = [
        Column("service", "Service"),
        Column("attempts", "Restarts", "count"),
        Column("helped", "Helped", "count"),
    ]
    rows: list[list[Value]] = [
        [told.titles.get(name, name), attempts, helped] for name, (attempts, helped) in told.restarts.items()
    ]
    return Table("restarts", columns, rows, "None.", "Restarts")


def upkeep(told: Monthly) -> Section:
    """Return the runs of maintenance by task, and the backups that were made."""
    columns = [
        Column("task", "Task"), Column("done", "Done", "count"), Column("failed", "Failed", "count"),
        Column("skipped", "Skipped", "count"), Column("unavailable", "Could not", "count"),
        Column("seconds", "Together", "s"), Column("last_at", "Last"),
    ]  # fmt: skip
    ordered = sorted(told.tasks, key=lambda one: (-one.failed, -one.unavailable, one.task))
    rows: list[list[Value]] = [
        [one.task, one.done, one.failed, one.skipped, one.unavailable, one.seconds, one.last_at] for one in ordered
    ]
    tasks = Table("maintenance", columns, rows, f"No task ran in {told.period.title}.", "Maintenance by task")
    return Section(
        "upkeep", "Upkeep and backups", [Figures("backups_made", _backup_figures(told)), tasks, _backups(told)]
    )


def _backup_figures(told: Monthly) -> list[Figure]:
    proven = sum(one.state is ProofState.PROVEN for one in told.backups)
    damaged = sum(one.state is ProofState.DAMAGED for one in told.backups)
    made = len(told.backups)
    tone = Tone.BAD if damaged or not made else Tone.GOOD if proven else Tone.WARN
    return [
        Figure("Backups made", made, "count", Tone.GOOD if made else Tone.BAD),
        Figure("Proven", proven, "count", tone, f"{damaged} damaged" if damaged else "restored and found equal"),
        Figure("Tasks that failed", sum(one.failed for one in told.tasks), "count"),
    ]


def _backups(told: Monthly) -> Table:
    columns = [
        Column("created_at", "Made"), Column("bytes", "Size", "bytes"), Column("seconds", "Took", "s"),
        Column("state", "Proof"), Column("proved_at", "Proved"), Column("name", "Name"),
    ]  # fmt: skip
    rows: list[list[Value]] = [
        [one.created_at, one.bytes, one.seconds, tones.of_proof(one.state), one.proved_at or "-", one.name]
        for one in told.backups
    ]
    return Table("backups", columns, rows, f"No backup was made in {told.period.title}.", "Backups", most=10)


def capacity(told: Monthly) -> Section:
    """Return how full everything was at both ends of the month, and when it is full."""
    columns = [
        Column("what", "What"), Column("first", "At the beginning"), Column("last", "At the end"),
        Column("change", "Change"), Column("first_day", "From"), Column("last_day", "To"),
    ]  # fmt: skip
    rows: list[list[Value]] = []
    for one in ends(told.month.metrics):
        unit = CATALOGUE[one.metric].unit
        change = one.last.mean - one.first.mean
        rows.append([
            series_title(one.metric, one.labels), amount(one.first.mean, unit), amount(one.last.mean, unit),
            foreseen.changed(change, unit), one.first.at.date(), one.last.at.date(),
        ])  # fmt: skip
    some = [one for one in told.forecasts if one.metric in CAPACITY or one.reaches_at is not None]
    table = Table("ends", columns, rows, "Nothing was sampled.", "From one end of the month to the other")
    return Section("capacity", "Capacity", [table, foreseen.table("forecasts", foreseen.soonest_first(some))])


def metrics(told: Monthly) -> Section:
    """Return the averages of metrics beside the month before, and how they went."""
    found = means(told.month, told.before)
    compared = any(one.before is not None for one in found)
    columns = [
        Column("what", "What"), Column("mean", "Mean"),
        *([Column("before", f"In {told.period.before}"), Column("change", "Change")] if compared else []),
        Column("highest", "Highest"), Column("days", "Days sampled", "count"),
    ]  # fmt: skip
    rows = [_average(one, compared=compared) for one in found]
    starts = told.period.starts()
    some = {name: highest(name, told.month.metrics) for name in _CHARTED}
    charts: Sequence[Block] = [
        line(name, series_title(name, bins[0].labels), CATALOGUE[name].unit, bins, starts)
        for name, bins in some.items()
        if bins
    ]
    return Section("metrics", "Averages", [Table("averages", columns, rows, "Nothing was sampled."), *charts])


def _average(one: Mean, *, compared: bool) -> list[Value]:
    unit = CATALOGUE[one.metric].unit
    change = None if one.mean is None or one.before is None else foreseen.changed(one.mean - one.before, unit)
    beside: list[Value] = [amount(one.before, unit), change] if compared else []
    return [series_title(one.metric, one.labels), amount(one.mean, unit), *beside, amount(one.high, unit), one.days]
