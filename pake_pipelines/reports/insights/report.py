"""The insights report: what is odd, what declines, what grows, and what comes next (ANA-01..08, ANA-14)."""

from typing import Final

from pake_pipelines.reports.desk import Desk
from pake_pipelines.reports.document import Document
from pake_pipelines.reports.insights.figures import (
    DAYS,
    KINDS,
    PERFORMANCE,
    SYSTEM,
    Episode,
    Groups,
    Insights,
    around,
    charted,
    in_order,
)
from pake_pipelines.reports.insights.sections import document
from pake_pipelines.reports.parts.periods import DAY
from pake_pipelines.reports.qa.figures import read_statistics
from pake_pipelines.store import (
    analyses,
    anomalies,
    forecasts,
    intake_statistics,
    metric_windows,
    monitoring_statistics,
    trust_statistics,
)
from pake_pipelines.store.anomalies import Anomaly

_WEEK: Final = DAYS * DAY


async def write(desk: Desk) -> Document:
    """Write the insights as of now."""
    return document(await read(desk))


async def read(desk: Desk) -> Insights:
    """Read everything that the report says."""
    connection, now = desk.connection, desk.now
    recent = await anomalies.between(connection, now - _WEEK, now)
    found = in_order(recent, await anomalies.open_now(connection))
    return Insights(
        made_at=now,
        analyses={kind: await analyses.latest(connection, kind) for kind in KINDS},
        anomalies=found,
        episodes=[await _episode(desk, one) for one in charted(found)],
        forecasts=await forecasts.latest(connection),
        groups=await _groups(desk),
        days_to_full=desk.configs.reports.advice.days_to_full,
        quiet_share=desk.configs.reports.analytics.quiet_hours.low_share,
        dagster=desk.dagster,
    )


async def _episode(desk: Desk, one: Anomaly) -> Episode:
    since, until, width = around(one, desk.now)
    bins = await monitoring_statistics.metric_bins(desk.connection, [one.metric], since, until, width)
    return Episode(one, [bin_ for bin_ in bins if dict(bin_.labels) == dict(one.labels)], width)


async def _groups(desk: Desk) -> Groups:
    connection, now = desk.connection, desk.now
    found = await trust_statistics.found_bins(connection, now - _WEEK, now, _WEEK)
    return Groups(
        windows=await metric_windows.windows(connection, [*SYSTEM, *PERFORMANCE], now - DAY, now),
        statistics=await read_statistics(connection, desk.configs.quality),
        duplicates=sum(one.duplicates for one in found),
        connections=sum(one.connections for one in found),
        intake=await intake_statistics.intake(connection, now - _WEEK, now),
        serving=await intake_statistics.serving(connection),
    )
