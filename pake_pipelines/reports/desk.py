"""The desk at which a report is written: one moment of the database, the configuration, and what Dagster told."""

from dataclasses import dataclass
from datetime import datetime

from pake_pipelines.config.maintenance import MaintenanceConfig
from pake_pipelines.config.monitoring import MonitoringConfig
from pake_pipelines.config.quality import QualityConfig
from pake_pipelines.config.reports import ReportsConfig
from pake_pipelines.config.sources import SourcesConfig
from pake_pipelines.model.dagster_facts import DagsterFacts
from pake_pipelines.reports.document import Link
from pake_pipelines.settings import Settings
from pake_pipelines.store.database import Connection


@dataclass(frozen=True, slots=True)
class Configs:
    """Every configuration file, as it is in force."""

    sources: SourcesConfig
    quality: QualityConfig
    monitoring: MonitoringConfig
    maintenance: MaintenanceConfig
    reports: ReportsConfig


@dataclass(frozen=True, slots=True)
class Desk:
    """What a report is written from, as of `now`.

    `connection` is within a transaction that reads and sees one moment. `facts` is what Dagster told of itself, None
    where it could not be asked: a report says so then. `dagster` is the address of Dagster's pages. `score_version`
    says which scores are of today's rules.
    """

    connection: Connection
    settings: Settings
    configs: Configs
    now: datetime
    facts: DagsterFacts | None
    dagster: str
    score_version: str

    def asset(self, name: str, text: str | None = None) -> Link:
        """Return a link to an asset's page in Dagster."""
        return Link(text or name, f"{self.dagster}/assets/{name}")
