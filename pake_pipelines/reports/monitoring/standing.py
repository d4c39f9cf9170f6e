"""Sections of the monitoring report on services, alerts, errors, incidents and restarts."""

from typing import Final

from pake_pipelines.model.health import Uptime
from pake_pipelines.reports import tones
from pake_pipelines.reports.amounts import counted, lasting, share
from pake_pipelines.reports.document import Block, Column, Prose, Section, Strip, Strips, Table, Value
from pake_pipelines.reports.monitoring.figures import ServiceLine
from pake_pipelines.reports.monitoring.report import MonitoringReport
from pake_pipelines.reports.parts.failed import failures_table
from pake_pipelines.reports.parts.periods import DAY
from pake_pipelines.reports.parts.standing_tables import incidents_table

_MOSTLY: Final = 0.9  # of a time that was seen, a share needs no word on how much


def services(report: MonitoringReport) -> list[Block]:
    """Return the last day of each service at a glance, and how long each served."""
    columns = [
        Column("service", "Service"), Column("status", "Status"), Column("response_ms", "Answers in", "ms"),
        Column("uptime_24h", "24 hours"), Column("uptime_7d", "7 days"), Column("uptime_30d", "30 days"),
        Column("restarts", "Restarts, 24 h", "count"), Column("says", "It says"),
    ]  # fmt: skip
    return [
        Strips("day", [_strip(one) for one in report.services], report.made_at - DAY, report.made_at,
               "No service is watched."),
        Table("services", columns, [_service(one) for one in report.services], "No service is watched.", most=200),
    ]  # fmt: skip


def _strip(one: ServiceLine) -> Strip:
    cells = [None if status is None else tones.of_health(status).tone for status in one.strip]
    return Strip(one.title, cells, tones.of_health(one.status))


def _service(one: ServiceLine) -> list[Value]:
    said = f"{one.sample.detail}; not healed any more: {one.left_alone}" if one.left_alone else one.sample.detail
    answer = "-" if one.sample.response_ms is None else one.sample.response_ms
    return [
        one.title, tones.of_health(one.status), answer, _up(one.day), _up(one.week), _up(one.month), one.restarts_day,
        said,
    ]  # fmt: skip


def _up(found: Uptime | None) -> str:
    if found is None or found.up_share is None:
        return "-"
    seen = found.known_share
    return share(found.up_share) + (f", {100 * seen:.0f} % seen" if seen is not None and seen < _MOSTLY else "")


def alerts(report: MonitoringReport) -> list[Block]:
    """Return the alerts that fire, and what fired most."""
    counts = report.counts
    columns = [
        Column("severity", "Severity"), Column("summary", "Alert"), Column("fired_at", "Fires since"),
        Column("acknowledged_by", "Taken up by"), Column("rule", "Rule"), Column("runbook", "Runbook"),
    ]  # fmt: skip
    rows: list[list[Value]] = [
        [tones.of_severity(one.severity), one.summary, one.fired_at, one.acknowledged_by or "nobody",
         f"{one.rule}, flapping" if one.flapping else one.rule, one.runbook or "-"]
        for one in report.active
    ]  # fmt: skip
    by = ", ".join(f"{number} {severity.value}" for severity, number in counts.by_severity.items())
    said = f"{counted(counts.firing, 'fires', 'fire')} now{f' ({by})' if by else ''}, {counts.pending} pending"
    resolved = counted(counts.resolved, "was", "were")
    blocks: list[Block] = [
        Prose(
            f"{said}, {counts.flapping} flapping. In the last 24 hours {counts.fired} fired and {resolved} resolved."
        ),
        Table("alerts", columns, rows, "No alert fires."),
    ]
    if left := counts.firing - len(rows):
        blocks.append(Prose(f"And {left:,} more: see `pake alerts list`."))
    if report.rules:
        often = [f"{one.rule} {_times(one.episodes)}, {lasting(60 * one.hours)}" for one in report.rules]
        blocks.append(Prose(f"What fired most in 7 days: {'; '.join(often)}."))
    return blocks


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count:,} times"


def errors(report: MonitoringReport) -> Section:
    """Return what failed within a day."""
    missing = [] if report.runs_known else ["Dagster did not tell of its runs: failed ones are missing here."]
    left = report.errors_left_out
    more = [Prose(f"And {left:,} more: see `pake monitor errors`.")] if left else []
    return Section("errors", "Errors of the last 24 hours", [failures_table("errors", report.errors), *more], missing)


def incidents(report: MonitoringReport) -> list[Block]:
    """Return the open incidents, those of a month in a sentence, and the restarts of a week."""
    found = report.incidents
    said = "No incident was opened in 30 days."
    if found.total_incidents:
        missed = f"; {found.missed_target} not taken up in time" if found.missed_target else ""
        said = f"{found.total_incidents} opened in 30 days, {found.still_open} still open{missed}."
    columns = [
        Column("service", "Service"), Column("attempts", "Attempts", "count"), Column("helped", "Helped", "count"),
        Column("failed", "Failed", "count"), Column("by_hand", "By hand", "count"), Column("last_at", "Last"),
    ]  # fmt: skip
    rows: list[list[Value]] = [
        [one.service, one.attempts, one.verified, one.failed, one.by_hand, one.last_at] for one in report.restarts
    ]
    return [
        Prose(said),
        incidents_table(report.open_incidents, title="Open incidents", empty="No incident is open."),
        Table("restarts", columns, rows, "Nothing was restarted.", "Restarts of 7 days"),
    ]
