"""Everything that a round of probes needs to know besides the services: all of it is given, nothing is looked up."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from pake_pipelines.config.monitoring import Probing
from pake_pipelines.model.dagster_facts import DagsterFacts
from pake_pipelines.model.health import OwnProcess
from pake_pipelines.settings import Settings


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Where and when probes run.

    `now` is the moment of the round, which every sample of it bears; `dagster` is what was read of the instance, and
    `processes` are those that we started, by the names of their services.
    """

    settings: Settings
    probing: Probing
    environ: Mapping[str, str] = field(repr=False)
    now: datetime
    dagster: DagsterFacts | None = None
    processes: Mapping[str, OwnProcess] = field(default_factory=dict)
