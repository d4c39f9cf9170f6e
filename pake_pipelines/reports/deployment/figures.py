"""The figures of the deployment report, and what they mean: is everything here that is needed?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from pake_pipelines.health.environment import Finding
from pake_pipelines.model.dagster_facts import DagsterFacts
from pake_pipelines.model.health import HealthSample
from pake_pipelines.model.status import CheckStatus
from pake_pipelines.reports.deployment.configuration import ConfigFile, Setting
from pake_pipelines.reports.deployment.features import Feature
from pake_pipelines.reports.deployment.packages import Package
from pake_pipelines.reports.document import Tone
from pake_pipelines.store.installation import Installation


@dataclass(frozen=True, slots=True)
class Place:
    """A directory of ours: `free_bytes` is what is left to us on its disk, None where that could not be told."""

    name: str
    path: str
    present: bool
    free_bytes: int | None
    total_bytes: int | None


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A service that is switched on, where it is asked, and how it stood when it was probed last."""

    name: str
    kind: str
    address: str | None
    critical: bool
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
    failed = any(one.status is CheckStatus.FAIL for one in deployment.findings)
    if deployment.faulty or deployment.unfit or failed or not deployment.migrated:
        return Tone.BAD
    if any(one.standing.tone is Tone.WARN for one in deployment.features):
        return Tone.WARN
    lacks = any(one.standing.tone is Tone.NOTICE for one in deployment.features)
    return Tone.NOTICE if lacks or deployment.drifted else Tone.GOOD


def lead(deployment: Deployment) -> str:
    """Return the one sentence of the report."""
    faults = [
        _named("cannot be used", [one.name for one in deployment.faulty]),
        _named("not as needed", [one.name for one in deployment.unfit]),
        "" if deployment.migrated else f"the tables are of revision {deployment.installation.revision}",
        _named("missing", [one.name for one in deployment.findings if one.status is CheckStatus.FAIL]),
    ]
    version = deployment.versions.get("pake_pipelines") or "of unknown version"
    said = "; ".join(one for one in faults if one)
    if said:
        return f"pake_pipelines {version}, and not everything is as it must be: {said}."
    lacks = sum(one.standing.tone in {Tone.NOTICE, Tone.WARN} for one in deployment.features)
    more = f"; {lacks} of {len(deployment.features)} features lack something" if lacks else ""
    return f"pake_pipelines {version} has everything that it needs{more}."


def _named(what: str, names: Sequence[str]) -> str:
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return f"{', '.join(names[:3])}{more} {what}" if names else ""
