"""The figures of the deployment report, and what they mean: is everything here that is needed?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from pake_pipelines.health.environment import Finding
from pake_pipelines.model.dagster_facts import DagsterFacts
from pake_pipelines.model.health import HealthSample
from pake_pipelines.model.status import CheckStatus
from pake_pipelines.reports.amounts import counted
from pake_pipelines.reports.deployment.configuration import ConfigFile, Setting
from pake_pipelines.reports.deployment.features import Feature
from pake_pipelines.reports.deployment.packages import PRODUCT, Package
from pake_pipelines.reports.document import Tone
from pake_pipelines.store.installation import Installation


@dataclass(frozen=True, slots=True)
class Place:
    """A directory of ours: `free_bytes` is what is left to us on its disk.

    What could not be told is None, and all of a place elsewhere is.
    """

    name: str
    path: str
    present: bool | None
    free_bytes: int | None
    total_bytes: int | None


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A service that is switched on, where it is asked, and how it stood when it was probed last."""

    name: str
    address: str | None
    sample: HealthSample


@dataclass(frozen=True, slots=True)
class Deployment:
    """Everything the deployment report says; `versions` are by name, None for what is not installed.

    `head` is the revision of the tables that this code needs. `lock` is the lock file, None where there is none.
    """

    made_at: datetime
    versions: Mapping[str, str | None]
    system: str
    packages: Sequence[Package]
    lock: Path | None
    installation: Installation
    head: str
    places: Sequence[Place]
    settings: Sequence[Setting]
    files: Sequence[ConfigFile]
    findings: Sequence[Finding]
    features: Sequence[Feature]
    services: Sequence[Endpoint]
    switched_off: Sequence[str]
    facts: DagsterFacts | None
    address: str

    @property
    def lacking(self) -> list[Feature]:
        """Features that are wanted and lack something."""
        return [one for one in self.features if one.standing.tone in {Tone.NOTICE, Tone.WARN}]

    @property
    def failed(self) -> list[Finding]:
        """What of the machine is not as the project needs it."""
        return [one for one in self.findings if one.status is CheckStatus.FAIL]

    @property
    def migrated(self) -> bool:
        """Whether the tables are those that this code needs."""
        return self.installation.revision == self.head

    @property
    def unfit(self) -> list[Package]:
        """Packages that are missing, or of a release that the project does not work with."""
        return [one for one in self.packages if one.standing.tone is Tone.BAD]

    @property
    def drifted(self) -> list[Package]:
        """Packages of another release than the one that is locked."""
        return [one for one in self.packages if one.standing.tone is Tone.NOTICE]

    @property
    def faulty(self) -> list[ConfigFile]:
        """Configuration files that cannot be used as they are now."""
        return [one for one in self.files if one.faults]

    def up(self) -> timedelta:
        """Return for how long the database server has been running."""
        return max(self.made_at - self.installation.started_at, timedelta(0))


def environment(findings: Sequence[Finding]) -> list[Finding]:
    """Return what was found of the machine; ports are left out, as ours are in use where everything runs."""
    return [one for one in findings if not one.name.startswith("port ")]


def tone(deployment: Deployment) -> Tone:
    """Return how all of it stands."""
    if deployment.faulty or deployment.unfit or deployment.failed or not deployment.migrated:
        return Tone.BAD
    if any(one.standing.tone is Tone.WARN for one in deployment.lacking):
        return Tone.WARN
    return Tone.NOTICE if deployment.lacking or deployment.drifted else Tone.GOOD


def lead(deployment: Deployment) -> str:
    """Return the one sentence of the report."""
    revision = deployment.installation.revision or "none"
    faults = [
        _named("cannot be used", [one.name for one in deployment.faulty]),
        _named("not as needed", [*(one.name for one in deployment.unfit), *(one.name for one in deployment.failed)]),
        "" if deployment.migrated else f"the tables are of revision {revision}, needed is {deployment.head}",
    ]
    version = f"{PRODUCT} {deployment.versions.get(PRODUCT) or 'of unknown version'}"
    said = "; ".join(one for one in faults if one)
    if said:
        return f"{version}, and not everything is as it must be: {said}."
    lacks = len(deployment.lacking)
    more = f"; {counted(lacks, 'feature lacks', 'features lack')} something" if lacks else ""
    return f"{version} has everything that it needs{more}."


def _named(what: str, names: Sequence[str]) -> str:
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return f"{', '.join(names[:3])}{more} {what}" if names else ""
