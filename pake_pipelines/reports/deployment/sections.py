"""The sections of the deployment report, built of its figures; what is not as it must be comes first."""

from typing import Final

from pake_pipelines.model.dagster_facts import ScheduleFact
from pake_pipelines.model.status import CheckStatus
from pake_pipelines.redaction import redact
from pake_pipelines.reports import tones
from pake_pipelines.reports.amounts import counted
from pake_pipelines.reports.deployment.configuration import ConfigFile
from pake_pipelines.reports.deployment.figures import Deployment, lead, tone
from pake_pipelines.reports.deployment.needed import is_optional, needed, recommended
from pake_pipelines.reports.deployment.packages import EXTRAS, PRODUCT
from pake_pipelines.reports.document import (
    Block,
    Checklist,
    Column,
    Document,
    Figure,
    Figures,
    Link,
    Prose,
    Section,
    Table,
    Tag,
    Tone,
    Value,
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
            Section("needed", "What is needed", [Checklist("needed", needed(deployment))]),
            Section("recommended", "What is recommended", [Checklist("recommended", recommended(deployment))]),
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
    wanted = ready + len(deployment.lacking)
    return [
        Figure(PRODUCT, deployment.versions.get(PRODUCT), at=at),
        Figure("Python", deployment.versions.get("python"), at=at),
        Figure("Dagster", deployment.versions.get("dagster"), at=at),
        Figure("PostgreSQL", server.server, note=f"pgvector {server.vector or 'is missing'}", at=at),
        Figure("Database server up for", deployment.up().total_seconds(), "s",
               note=f"since {server.started_at:%d %b %Y %H:%M} UTC", at=at),
        Figure("Features ready", ready, "count", note=f"of {wanted} that are switched on", at=at),
    ]  # fmt: skip


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
        [one.name, tones.of_health(one.sample.status), one.sample.kind, one.address or "-",
         one.sample.critical, one.sample.detail]
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
        return [one.name, Tag(counted(len(one.faults), "fault", "faults"), Tone.BAD), None, ""]
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
        if one.present is None:
            tag = Tag("not looked at", Tone.UNKNOWN)
        elif free is not None and free < _LOW_SPACE:
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
    extras = [f"{name} {deployment.versions.get(name) or 'is not installed'}" for name in EXTRAS]
    return Section(
        "packages", "Packages and models",
        [Table("packages", columns, rows, most=12), Prose(f"Models and extras: {', '.join(extras)}.")],
    )  # fmt: skip


def _machine(deployment: Deployment) -> Section:
    columns = [Column("name", "What"), Column("standing", "Standing"), Column("says", "It says")]
    rows: list[list[Value]] = [
        [one.name, _optional(one.status), one.message] for one in deployment.findings if is_optional(one.name)
    ]
    table = Table("commands", columns, rows, title="Commands that some services need; the project runs without them")
    return Section("machine", "This machine", [Prose(f"{deployment.system}."), table])


def _optional(status: CheckStatus) -> Tag:
    if status is CheckStatus.WARN:
        return Tag("not usable", Tone.PLAIN)
    return tones.of_check(status)
