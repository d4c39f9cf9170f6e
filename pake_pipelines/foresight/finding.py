"""What an analysis is carried out with, and what it leaves behind for people: a sentence, numbers, a table, checks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from pake_pipelines.config.maintenance import MaintenanceConfig
from pake_pipelines.config.monitoring import MonitoringConfig
from pake_pipelines.config.reports import ReportsConfig
from pake_pipelines.config.sources import SourcesConfig
from pake_pipelines.store.database import Database

Cell = str | int | float | bool | datetime | None


@dataclass(frozen=True, slots=True)
class Rules:
    """The configuration that analyses work by."""

    reports: ReportsConfig
    monitoring: MonitoringConfig
    maintenance: MaintenanceConfig
    sources: SourcesConfig


@dataclass(frozen=True, slots=True)
class Place:
    """Where an analysis is carried out: on which database, by which rules, by whom, as of when."""

    database: Database
    rules: Rules
    run_id: str
    now: datetime


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether something is as it should be, and why."""

    passed: bool
    says: str


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found: `summary` is one sentence, `numbers` are drawn over time, `rows` are cells below `columns`.

    `checks` are by name; one of which nothing is known yet is not among them, and so neither passes nor fails.
    """

    summary: str
    numbers: Mapping[str, float] = field(default_factory=dict)
    columns: Sequence[str] = ()
    rows: Sequence[Sequence[Cell]] = ()
    checks: Mapping[str, Verdict] = field(default_factory=dict)


def subject(metric: str, labels: Mapping[str, str]) -> str:
    """Return what a series is called as the subject of an analysis: its metric, and the values of its labels."""
    return " ".join([metric, *labels.values()])
