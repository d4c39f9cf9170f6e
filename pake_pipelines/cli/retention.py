"""`pake retention`: which archive files there are, what is in them, bringing items back, and the sweep now."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from rich.markup import escape
from rich.text import Text

from pake_pipelines.cli.actor import at_the_terminal
from pake_pipelines.cli.console import err, fail, out, print_json
from pake_pipelines.cli.sources.options import Json
from pake_pipelines.cli.tables import Rows
from pake_pipelines.config.loading import load_maintenance
from pake_pipelines.maintenance.retention import archive
from pake_pipelines.maintenance.retention.moving import DIRECTORY, take_up, unrecorded
from pake_pipelines.maintenance.retention.restore import Fate, Restored
from pake_pipelines.maintenance.retention.restore import restore as bring_back
from pake_pipelines.maintenance.runner import run_task
from pake_pipelines.maintenance.workplace import Workplace
from pake_pipelines.model.maintenance import Outcome, TaskState
from pake_pipelines.reports.amounts import counted
from pake_pipelines.settings import Settings, get_settings
from pake_pipelines.store import maintenance_runs, retention
from pake_pipelines.store.database import addresses, open_database
from pake_pipelines.store.retention import StoredArchive

app = typer.Typer(help="Items that moved into archive files, and back.", no_args_is_help=True)

Named = Annotated[
    str,
    typer.Argument(metavar="ARCHIVE", help="The number of an archive, or the name of its file.", show_default=False),
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would be done, and do nothing.")]
_SHOWN: Final = 20


@app.command("list")
def list_archives(as_json: Json = False) -> None:
    """List the archive files, and whether each is still there."""
    settings = get_settings()
    directory = settings.data / DIRECTORY
    found = asyncio.run(_archives(settings))
    strays = unrecorded(directory, {one.path for one in found})
    if as_json:
        print_json(
            {
                "directory": directory,
                "archives": [{**asdict(one), "file": _file(directory, one)} for one in found],
                "unrecorded": [path.name for path in strays],
            }
        )
        return
    out.print(_table(found, directory) if found else "no item has moved into an archive yet")
    for path in strays:
        err.print(f"[yellow]{escape(path.name)}: no row tells of this file; the next sweep takes it up[/]")


@app.command()
def show(named: Named, as_json: Json = False) -> None:
    """Show what an archive file holds, after reading it back."""
    settings = get_settings()
    stored, path = asyncio.run(_named(settings, named))
    if archive.measured(path).sha256 != stored.sha256:
        fail(f"{path} is damaged: its SHA-256 is not the one it was written with")
    header = archive.read_header(path)
    if as_json:
        print_json({**asdict(stored), "header": _plain(asdict(header))})
        return
    out.print(f"[bold]archive {stored.archive_id}[/]  {escape(str(path))}", soft_wrap=True)
    out.print(f"{stored.state}, written {stored.created_at:%Y-%m-%d %H:%M} UTC, {stored.bytes:,} bytes")
    out.print(", ".join(f"{one.rows:,} {name}" for name, one in header.tables.items() if one.rows), soft_wrap=True)
    for pake_id, item in header.items.items():
        out.print(f"{pake_id}  {item.since[:10]}  {item.reason:6}  {escape(item.source)}  {escape(item.title)}")


@app.command()
def restore(named: Named, dry_run: DryRun = False, as_json: Json = False) -> None:
    """Bring the items of an archive back into the tables.

    Items that have gone on meanwhile stay as they are and are named. Doing it twice changes nothing more. The next run
    compares what came back with the rest; it stays for another `retention.days`.
    """
    settings = get_settings()
    done = asyncio.run(_restore(settings, named, dry_run=dry_run))
    conflicts = done.of(Fate.CONFLICT)
    if as_json:
        print_json({"dry_run": dry_run, "rows": done.rows, "items": [asdict(one) for one in done.decisions]})
    else:
        would = "would come back" if dry_run else "came back"
        out.print(f"{counted(len(done.of(Fate.BACK)), 'item')} {would} with {counted(done.rows, 'row')}")
        if there := done.of(Fate.THERE):
            out.print(f"there already: {counted(len(there), 'item')}")
        for one in conflicts[:_SHOWN]:
            err.print(f"[yellow]{one.pake_id} stays in the archive: {escape(one.because)}[/] {escape(one.title)}")
        if len(conflicts) > _SHOWN:
            err.print(f"[yellow]and {len(conflicts) - _SHOWN:,} more: --json names them all[/]")
    if conflicts:
        raise typer.Exit(1)


@app.command()
def sweep(dry_run: DryRun = False, as_json: Json = False) -> None:
    """Move what is too old, or too much for its source, into archive files now (ING-16)."""
    settings = get_settings()
    config = load_maintenance(settings.configs)
    place = Workplace(settings, config, dry_run=dry_run, say=lambda line: err.print(f"[dim]{escape(line)}[/]"))
    outcome = asyncio.run(run_task(place, "retention_sweep", actor=at_the_terminal()))
    if as_json:
        print_json({"state": outcome.state, "summary": outcome.summary, **outcome.details})
    else:
        _say(outcome)
    if outcome.state not in (TaskState.DONE, TaskState.SKIPPED):
        raise typer.Exit(1)


def _say(outcome: Outcome) -> None:
    out.print(f"{outcome.state}: {escape(outcome.summary)}", soft_wrap=True)
    for name, value in outcome.details.items():
        if isinstance(value, int):
            out.print(f"{name.replace('_', ' '):20} {value:,}")


async def _archives(settings: Settings) -> list[StoredArchive]:
    async with open_database(addresses(settings).knowledge) as database, database.connection() as connection:
        return await retention.archives(connection)


async def _named(settings: Settings, named: str) -> tuple[StoredArchive, Path]:
    directory = settings.data / DIRECTORY
    fitting = [one for one in await _archives(settings) if named in (str(one.archive_id), one.path)]
    if not fitting:
        fail(f"no archive {named!r}", hint="`pake retention list` shows them all")
    return fitting[0], directory / fitting[0].path


async def _restore(settings: Settings, named: str, *, dry_run: bool) -> Restored:
    directory, now = settings.data / DIRECTORY, datetime.now(UTC)
    async with open_database(addresses(settings).knowledge) as database, database.connection() as holder:
        if not await maintenance_runs.lock(holder):
            fail("a task of maintenance is under way", hint="try again when it is over: `pake maintenance history`")
        try:
            if not dry_run:
                await take_up(database, directory, now)
            stored, path = await _named(settings, named)
            return await bring_back(database, stored, path, now, actor=at_the_terminal(), keep=not dry_run)
        finally:
            await maintenance_runs.unlock(holder)


def _table(found: Sequence[StoredArchive], directory: Path) -> Rows:
    columns = ("no", "file", "state", "items", "bytes", "oldest", "newest", "")
    table = Rows(*columns, right={"no", "items", "bytes"})
    for one in found:
        state = _file(directory, one)
        table.add_row(
            one.archive_id,
            one.path,
            one.state,
            f"{one.items:,}",
            f"{one.bytes:,}",
            *(f"{moment:%Y-%m-%d}" if moment else "" for moment in (one.oldest, one.newest)),
            "" if state == "there" else Text(state, "red"),
        )
    return table


def _file(directory: Path, one: StoredArchive) -> str:
    path = directory / one.path
    if not path.is_file():
        return "missing"
    return "there" if path.stat().st_size == one.bytes else "of another size"


def _plain(header: Mapping[str, Any]) -> dict[str, Any]:
    return {**header, "items": {str(pake_id): item for pake_id, item in header["items"].items()}}
