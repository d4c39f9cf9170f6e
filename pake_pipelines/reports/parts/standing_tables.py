"""Alerts and incidents as tables, the same in every report that lists them."""

from collections.abc import Iterable

from pake_pipelines.model.episode import Episode
from pake_pipelines.model.incident import Incident
from pake_pipelines.reports import tones
from pake_pipelines.reports.document import Column, Table


def alerts_table(alerts: Iterable[Episode], *, title: str, empty: str, past: bool = False) -> Table:
    """Return alerts in the given order; with `past` since when they are over, too."""
    over = [Column("resolved_at", "Over since")] if past else []
    columns = [
        Column("severity", "Severity"), Column("summary", "Alert"), Column("fired_at", "Fired"), *over,
        Column("acknowledged_by", "Taken up by"), Column("rule", "Rule"),
    ]  # fmt: skip
    rows = [
        [tones.of_severity(one.severity), one.summary, one.fired_at, *([one.resolved_at or "fires"] if past else []),
         one.acknowledged_by or "nobody", one.rule]
        for one in alerts
    ]  # fmt: skip
    return Table("alerts", columns, rows, empty, title)


def incidents_table(incidents: Iterable[Incident], *, title: str, empty: str, past: bool = False) -> Table:
    """Return incidents in the given order; with `past` since when they are over, too."""
    over = [Column("resolved_at", "Over since")] if past else []
    columns = [
        Column("severity", "Severity"), Column("title", "Incident"), Column("status", "Status"),
        Column("owner", "Owner"), Column("opened_at", "Opened"), *over, Column("incident_id", "Id"),
    ]  # fmt: skip
    rows = [
        [tones.of_severity(one.severity), one.title, one.status.value.replace("_", " "), one.owner or "nobody",
         one.opened_at, *([one.resolved_at or "open"] if past else []), one.incident_id]
        for one in incidents
    ]  # fmt: skip
    return Table("incidents", columns, rows, empty, title)
