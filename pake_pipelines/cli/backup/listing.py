"""`pake backup list` and `pake backup show`: what lies in the target. Neither needs a database."""

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated, Final

import typer
from rich.markup import escape
from rich.text import Text

from pake_pipelines.cli.ages import ago, moment
from pake_pipelines.cli.backup.place import named, workplace
from pake_pipelines.cli.console import err, out, print_json
from pake_pipelines.cli.sources.options import Json
from pake_pipelines.cli.tables import Rows
from pake_pipelines.maintenance.backup import manifest as manifests
from pake_pipelines.maintenance.backup.sizes import in_words
from pake_pipelines.maintenance.backup.standing import Known, assess
from pake_pipelines.maintenance.backup.survey import survey
from pake_pipelines.maintenance.backup.targets import target_of
from pake_pipelines.model.maintenance import ProofState

_COLOURS: Final = {
    ProofState.PROVEN: "green",
    ProofState.UNPROVEN: "yellow",
    ProofState.DAMAGED: "red",
    ProofState.UNAVAILABLE: "yellow",
}


def list_backups(as_json: Json = False) -> None:
    """List all backups, newest first: when, how large, proven or not. Exit code 1 when the newest is too old."""
    place = workplace()
    target = target_of(place)
    with target.told():
        known = survey(target)[::-1]
    now = datetime.now(UTC)
    checks = assess(known, now, place.config.backup)
    if as_json:
        print_json(
            {
                "target": target.shown,
                "backups": [{**asdict(one), "state": _state(one)} for one in known],
                "checks": [asdict(one) for one in checks],
            }
        )
    else:
        _show_all(known, now)
        for said in dict.fromkeys(check.said for check in checks if not check.ok):
            err.print(f"[yellow]{escape(said)}[/]", soft_wrap=True)
    if not checks[0].ok:
        raise typer.Exit(1)


def _state(one: Known) -> ProofState:
    return ProofState.DAMAGED if one.is_damaged else one.state


def _show_all(known: list[Known], now: datetime) -> None:
    if not known:
        return
    table = Rows("backup", "made", "size", "rows", "", right={"size", "rows"})
    for one in known:
        state = _state(one)
        proved = f", {ago(one.proved_at, now)}" if one.proved_at else ""
        said = Text.assemble((state.value, _COLOURS[state]), proved, f": {one.fault}" if one.fault else "")
        table.add_row(one.name, ago(one.created_at, now), in_words(one.bytes), f"{one.rows:,}", said)
    out.print(table)


def show(
    name: Annotated[str, typer.Argument(metavar="NAME", help="A backup, or `latest`.")] = "latest",
    as_json: Json = False,
) -> None:
    """Show what is in a backup: files, versions, and every table with its rows, as the manifest has it."""
    target = target_of(workplace())
    chosen = named(target, name)
    with target.told():
        manifest = target.read_manifest(chosen)
    if as_json:
        print_json(manifests.as_dict(manifest))
        return
    out.print(f"[bold]{manifest.name}[/]  {target.shown}", soft_wrap=True)
    out.print(f"snapshot {moment(manifest.snapshot_at)} UTC on {escape(manifest.host)}, {manifest.seconds:.1f} s")
    out.print(
        f"revision {manifest.migration}, PostgreSQL {manifest.server_version}, pg_dump {manifest.client_version}, "
        f"pake {manifest.product_version}"
    )
    for file in manifest.files:
        hidden = ", encrypted" if file.encrypted else ""
        out.print(f"{file.name}: {in_words(file.bytes)}{hidden}, sha256 {file.sha256}", soft_wrap=True)
    for role, database in manifest.databases.items():
        out.print(f"\n[bold]{role}[/] ({escape(database.name)}): {database.rows:,} rows")
        for table in database.tables:
            if table.rows:
                out.print(f"{table.rows:12,} {escape(table.schema)}.{escape(table.name)}")
