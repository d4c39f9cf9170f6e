"""The figures of the weekly executive summary: this week beside the one before."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from pake_pipelines.model.incident import Incident, IncidentStatistics
from pake_pipelines.model.maintenance import ProofState
from pake_pipelines.reports.advice.bounds import BackupBounds
from pake_pipelines.reports.advice.upkeep import usable
from pake_pipelines.reports.document import Recommendation
from pake_pipelines.reports.health.figures import OverallUptime
from pake_pipelines.reports.parts.periods import Period
from pake_pipelines.reports.qa.figures import Statistics
from pake_pipelines.store.alert_statistics import AlertCounts
from pake_pipelines.store.backups import BackupRow
from pake_pipelines.store.forecasts import ForecastRow
from pake_pipelines.store.intake_statistics import Intake, IntakeBin, SourceIntake
from pake_pipelines.store.metric_samples import CounterWindow
from pake_pipelines.store.operation_statistics import IncidentLine
from pake_pipelines.store.trust_statistics import ChangeBin, Standing

SHOWN: Final = 3
_FEWEST_NODES: Final = 5  # of a source, before a mean says something
_FEWEST_VISITS: Final = 3
_HALF: Final = 0.5


@dataclass(frozen=True, slots=True)
class Runs:
    """Runs of Dagster that ended within a period, and those that went well; both None where no sample tells."""

    finished: int | None
    succeeded: int | None

    @property
    def failed(self) -> int | None:
        """Runs that ended badly."""
        return None if self.finished is None or self.succeeded is None else max(0, self.finished - self.succeeded)


@dataclass(frozen=True, slots=True)
class Week:
    """What happened within one week; whatever nothing is known of is None, or empty."""

    uptime: OverallUptime
    incidents: IncidentStatistics
    runs: Runs
    intake: Intake
    changes: Sequence[ChangeBin]


@dataclass(frozen=True, slots=True)
class Executive:
    """Everything the summary says. `then` is how the nodes stood a week ago.

    `days` is the intake of this week by day, `sources` those of this week, `forecasts` the newest of each series.
    `unjudged` says that nobody judges the alert rules, None where they are judged. `backup_bounds` is how old backups
    may be, None where nothing says so.
    """

    made_at: datetime
    period: Period
    statistics: Statistics
    then: Standing
    week: Week
    before: Week
    days: Sequence[IntakeBin]
    sources: Sequence[SourceIntake]
    incidents: Sequence[IncidentLine]
    open_incidents: Sequence[Incident]
    alerts: AlertCounts
    unjudged: str | None
    forecasts: Sequence[ForecastRow]
    backups: Sequence[BackupRow]
    backup_bounds: BackupBounds | None
    recommendations: Sequence[Recommendation]


def came_to(changes: Iterable[ChangeBin], status: str) -> tuple[int, float | None]:
    """Return how many verdicts of a week were `status`, and their share of all; None without any verdict."""
    found = list(changes)
    total = sum(one.nodes for one in found)
    number = sum(one.nodes for one in found if one.new == status)
    return number, number / total if total else None


def runs(finished: CounterWindow | None, succeeded: CounterWindow | None) -> Runs:
    """Return the runs that two counters tell of; one that is not known makes both unknown."""
    if finished is None or succeeded is None:
        return Runs(None, None)
    return Runs(round(finished.increase), round(succeeded.increase))


def best(sources: Iterable[SourceIntake]) -> list[SourceIntake]:
    """Return the sources whose nodes of this week are trusted most, of those that brought some."""
    told = [one for one in sources if one.nodes >= _FEWEST_NODES and one.average is not None]
    return sorted(told, key=lambda one: (-(one.average or 0), -one.nodes, one.source))[:SHOWN]


def worst(sources: Iterable[SourceIntake]) -> list[SourceIntake]:
    """Return the sources to look at: those that fail most, then those of which most was rejected."""
    found = []
    for one in sources:
        failing = one.failed / one.visits if one.visits >= _FEWEST_VISITS else 0.0
        rejected = one.rejected / one.nodes if one.nodes >= _FEWEST_NODES else 0.0
        if failing >= _HALF or rejected >= _HALF:
            found.append((failing >= _HALF, max(failing, rejected), one))
    return [one for *_, one in sorted(found, key=lambda told: (not told[0], -told[1], told[2].source))][:SHOWN]


def newest(backups: Sequence[BackupRow], *, proven: bool) -> BackupRow | None:
    """Return the newest backup that is there and not damaged, or the newest that was restored and found equal."""
    return next((one for one in usable(backups) if not proven or one.state is ProofState.PROVEN), None)
