"""One round of measuring: every metric sampled and kept, what is too old deleted, and the key figures judged."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from pake_pipelines.alerts.retention import forget_old
from pake_pipelines.alerts.watch import METRICS, TICK, Watch
from pake_pipelines.health.kpis import KpiResult, judge
from pake_pipelines.health.sampling import sample_all
from pake_pipelines.model.dagster_facts import DagsterFacts
from pake_pipelines.model.metric import MetricSample
from pake_pipelines.model.status import CheckStatus
from pake_pipelines.store import metric_samples, monitor_ticks
from pake_pipelines.store.database import addresses, open_database

_SILENT_AFTER = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class Measured:
    """What a round found: the newest sample of every series, and the key figures that can be had here.

    `watched_at` is when services were looked at last, None when they never were.
    """

    at: datetime
    latest: tuple[MetricSample, ...]
    kpis: tuple[KpiResult, ...]
    watched_at: datetime | None

    def nobody_watches(self, since: datetime) -> bool:
        """Tell whether nobody has looked at the services for two minutes, though somebody could have from `since` on.

        A stack that has just come up is not silent yet.
        """
        last = max(self.watched_at, since) if self.watched_at else since
        return self.at - last > _SILENT_AFTER


async def measure(what: Watch, facts: DagsterFacts | None, clock: Callable[[], datetime]) -> Measured:
    """Sample all metrics and keep them. Raises StoreError where the database does not answer."""
    now, config = clock(), what.config
    async with open_database(addresses(what.settings).knowledge) as database:
        samples = await sample_all(database, what.settings, config, facts, now)
        async with database.transaction() as connection:
            await metric_samples.save(connection, samples)
            await monitor_ticks.note(connection, METRICS, now, (clock() - now).total_seconds())
        async with database.connection() as connection:
            latest = await metric_samples.latest(connection, until=now)
            ticks = await monitor_ticks.read_all(connection)
        await forget_old(database, config, now)
    kpis = judge(config.kpis, latest, now - config.metrics.stands_for)
    absent = _absent(latest)
    return Measured(
        at=now,
        latest=tuple(latest),
        kpis=tuple(one for one in kpis if one.metric not in absent),
        watched_at=ticks[TICK].ticked_at if TICK in ticks else None,
    )


def _absent(latest: list[MetricSample]) -> set[str]:
    """Return the metrics that cannot be had here: a key figure of such a one is not in doubt, there is none."""
    had = {one.metric for one in latest if one.status is not CheckStatus.UNAVAILABLE}
    return {one.metric for one in latest} - had
