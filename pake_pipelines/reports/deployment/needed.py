"""What this project needs and what it is recommended to have, item by item, each held against what is here."""

from pake_pipelines.health.environment import OPTIONAL_COMMANDS, Finding
from pake_pipelines.model.status import CheckStatus
from pake_pipelines.reports.advice.rule import named
from pake_pipelines.reports.deployment.figures import Deployment
from pake_pipelines.reports.document import Item, Verdict


def needed(deployment: Deployment) -> list[Item]:
    """Return what must be there."""
    machine = [one for one in deployment.findings if not is_optional(one.name) and one.status is not CheckStatus.WARN]
    return [_tables(deployment), _files(deployment), _fitting(deployment), *map(_machine_item, machine)]


def recommended(deployment: Deployment) -> list[Item]:
    """Return the lock file, and what of the machine only warns: the project works without it."""
    machine = [one for one in deployment.findings if not is_optional(one.name) and one.status is CheckStatus.WARN]
    return [_locked(deployment), *map(_machine_item, machine)]


def _machine_item(one: Finding) -> Item:
    verdicts = {CheckStatus.OK: Verdict.PASS, CheckStatus.FAIL: Verdict.FAIL, CheckStatus.WARN: Verdict.FAIL}
    key = one.name.replace(" ", "_")
    return Item(f"machine_{key}", one.name.capitalize(), verdicts.get(one.status, Verdict.UNKNOWN), one.message)


def _tables(deployment: Deployment) -> Item:
    revision = deployment.installation.revision or "none"
    return Item(
        "tables", "The tables are those that this version needs",
        Verdict.PASS if deployment.migrated else Verdict.FAIL,
        f"revision {revision}, needed is {deployment.head}", "`pake db migrate`",
    )  # fmt: skip


def _files(deployment: Deployment) -> Item:
    faults = [fault for one in deployment.faulty for fault in one.faults]
    more = f" (and {len(faults) - 1} more)" if len(faults) > 1 else ""
    evidence = f"{faults[0]}{more}" if faults else f"{len(deployment.files)} files were read"
    return Item(
        "configuration", "The configuration files can be used", Verdict.FAIL if faults else Verdict.PASS, evidence,
        "`pake config validate`",
    )  # fmt: skip


def _fitting(deployment: Deployment) -> Item:
    unfit = [f"{one.name} {one.installed or 'is missing'} (needed: {one.wanted})" for one in deployment.unfit]
    if not deployment.packages:
        return Item("packages", "All packages are there", Verdict.UNKNOWN, "nothing tells which are needed", "")
    return Item(
        "packages", "All packages are there, of releases that the project works with",
        Verdict.FAIL if unfit else Verdict.PASS,
        named(unfit) or f"{len(deployment.packages)} packages fit their bounds", "`pip install --upgrade .`",
    )  # fmt: skip


def _locked(deployment: Deployment) -> Item:
    drifted = [f"{one.name} {one.installed} instead of {one.locked}" for one in deployment.drifted]
    says = "Packages are of the releases that the project was tested with"
    if deployment.lock is None:
        return Item("lock", says, Verdict.UNKNOWN, "there is no requirements.lock", "")
    return Item(
        "lock", says, Verdict.FAIL if drifted else Verdict.PASS, named(drifted) or "as requirements.lock says",
        "`pip install -r requirements.lock`",
    )  # fmt: skip


def is_optional(name: str) -> bool:
    """Tell whether a finding is of a command that only some services need."""
    return name in OPTIONAL_COMMANDS or name == "docker engine"
