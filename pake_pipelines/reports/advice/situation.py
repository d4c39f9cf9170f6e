"""What recommendations are made from: everything that is known at one moment, as plain data.

Whatever is None was not read or cannot be known: the rules say nothing of it then.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from pake_pipelines.model.health import HealthSample
from pake_pipelines.model.incident import Incident
from pake_pipelines.reports.advice.bounds import Bounds
from pake_pipelines.reports.document import Link
from pake_pipelines.reports.qa.figures import RuleLine, Statistics
from pake_pipelines.store.alert_statistics import ActiveAlert
from pake_pipelines.store.analyses import STANDS_FOR, Analysis
from pake_pipelines.store.anomalies import Anomaly
from pake_pipelines.store.backups import BackupRow
from pake_pipelines.store.channel_use import ChannelUse
from pake_pipelines.store.forecasts import ForecastRow
from pake_pipelines.store.maintenance_runs import TaskRun
from pake_pipelines.store.monitoring_statistics import Bin
from pake_pipelines.store.qa_findings import FactorMean
from pake_pipelines.store.qa_statistics import SourceLine


@dataclass(frozen=True, slots=True)
class Places:
    """Where links lead: the address of Dagster's pages, and the way from a report to the runbooks."""

    dagster: str | None = None
    runbooks: str | None = None

    def runbook(self, name: str) -> Link | None:
        """Return a link to a runbook; a path is shown as it is."""
        if self.runbooks is None:
            return None
        return Link(f"docs/runbooks/{name}.md", f"{self.runbooks}/{name}.md")

    def asset(self, name: str) -> Link | None:
        """Return a link to an asset of Dagster."""
        return Link(name, f"{self.dagster}/assets/{name}") if self.dagster is not None else None


@dataclass(frozen=True, slots=True)
class Alerts:
    """How many alerts fire, and those that are shown of them, the gravest first."""

    firing: int
    active: Sequence[ActiveAlert] = ()


@dataclass(frozen=True, slots=True)
class Sampling:
    """When metrics were sampled last; None: never."""

    at: datetime | None


@dataclass(frozen=True, slots=True)
class Knowledge:
    """The figures of the knowledge base, and what the evidence names: empty where it was not needed."""

    statistics: Statistics
    rules: Sequence[RuleLine] = ()
    factors: Sequence[FactorMean] = ()
    sources: Sequence[SourceLine] = ()


@dataclass(frozen=True, slots=True)
class Situation:
    """Everything at `now`.

    `hour` are the means of the last hour by series, `incidents` the open ones, `tasks` the newest run of each task of
    maintenance that has ended (or its first, under way), `analyses` the newest results by kind and subject,
    `anomalies` those that go on, `channels` the last message of each channel that was ever used.
    """

    now: datetime
    bounds: Bounds = field(default_factory=Bounds)
    places: Places = Places()
    alerts: Alerts | None = None
    services: Sequence[HealthSample] | None = None
    sampling: Sampling | None = None
    hour: Sequence[Bin] | None = None
    incidents: Sequence[Incident] | None = None
    knowledge: Knowledge | None = None
    forecasts: Sequence[ForecastRow] | None = None
    analyses: Mapping[str, Mapping[str, Analysis]] | None = None
    anomalies: Sequence[Anomaly] | None = None
    backups: Sequence[BackupRow] | None = None
    tasks: Mapping[str, TaskRun] | None = None
    channels: Mapping[str, ChannelUse] | None = None

    def analysis(self, kind: str) -> Mapping[str, Mapping[str, Any]]:
        """Return the results of a kind by subject, without those that are too old to tell of now."""
        found = (self.analyses or {}).get(kind, {})
        return {subject: one.result for subject, one in found.items() if self.now - one.made_at <= STANDS_FOR}

    def task(self, name: str) -> TaskRun | None:
        """Return the newest run of a task that has come to its end, None where none has."""
        found = (self.tasks or {}).get(name)
        return found if found is not None and found.state != "running" else None
