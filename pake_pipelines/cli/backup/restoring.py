"""`pake backup restore` and `pake backup kept`: put a backup in the place of the live databases, and go back."""

import asyncio
from dataclasses import asdict
from typing import Annotated

import typer
from rich.markup import escape

from pake_pipelines.cli.actor import at_the_terminal
from pake_pipelines.cli.backup.place import told, workplace
from pake_pipelines.cli.console import fail, out, print_json
from pake_pipelines.cli.sources.options import Json
from pake_pipelines.cli.stack import database_up, running
from pake_pipelines.cli.tables import Rows
from pake_pipelines.maintenance.backup import kept as keeping
from pake_pipelines.maintenance.backup.restore import Wish
from pake_pipelines.maintenance.backup.restore import restore as put_back
from pake_pipelines.maintenance.backup.sizes import in_words
from pake_pipelines.maintenance.workplace import Workplace
from pake_pipelines.model.maintenance import Outcome


def _place(*, dry_run: bool = False) -> Workplace:
    return workplace(dry_run=dry_run, say=told)


def _refuse_while_up(place: Workplace) -> None:
    if held := running(place.settings):
        fail(
            f"the project is up at {held[1]} (process {held[0]}) and works with the databases that would be replaced",
            hint="`pake down` first",
        )


def restore(
    name: Annotated[
        str | None, typer.Argument(metavar="NAME", help="A backup; without it the newest.", show_default=False)
    ] = None,
    latest: Annotated[bool, typer.Option("--latest", help="The newest backup; this is what happens without.")] = False,
    database: Annotated[
        list[str] | None, typer.Option("--database", metavar="ROLE", help="Only `knowledge`, or only `dagster`.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Also over live data; they are kept aside.")] = False,
    without_safety_backup: Annotated[
        bool, typer.Option("--without-safety-backup", help="For live data that can no longer be backed up.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would change, and stop.")] = False,
    as_json: Json = False,
) -> None:
    """Restore a proven backup beside the live databases, compare it there, and swap them in one go.

    What was live is backed up first and kept under another name; `pake backup kept` goes back to it.
    """
    if name is not None and latest:
        fail("a NAME and --latest exclude each other")
    place = _place(dry_run=dry_run)
    if not dry_run:
        _refuse_while_up(place)
    wish = Wish(at_the_terminal(), name, tuple(database or ()), force=force, safety=not without_safety_backup)
    with database_up(place.settings):
        outcome = asyncio.run(put_back(place, wish))
    if as_json:
        print_json(asdict(outcome))
        return
    if dry_run:
        _show_changes(outcome)
    out.print(escape(outcome.summary), soft_wrap=True)


def _show_changes(outcome: Outcome) -> None:
    table = Rows("database", "table that would change", "rows now", "rows then", right={"rows now", "rows then"})
    for one in outcome.details["tables"]:
        table.add_row(one["database"], one["table"], _rows(one["rows_now"]), _rows(one["rows_then"]))
    if table.row_count:
        out.print(table)


def _rows(count: int | None) -> str:
    return "no such table" if count is None else f"{count:,}"


def kept(
    use: Annotated[list[str] | None, typer.Option("--use", metavar="NAME", help="Let this one be live again.")] = None,
    drop: Annotated[list[str] | None, typer.Option("--drop", metavar="NAME", help="Remove this one for good.")] = None,
    as_json: Json = False,
) -> None:
    """List the databases that a restore took the place of; go back to some (all in one go), or remove them."""
    if use and drop:
        fail("--use and --drop exclude each other")
    place = _place()
    if use:
        _refuse_while_up(place)
    with database_up(place.settings):
        if use:
            outgoing = asyncio.run(keeping.use(place, use, at_the_terminal()))
            out.print(f"live again: {escape(', '.join(use))}", soft_wrap=True)
            out.print(f"kept instead: {escape(', '.join(outgoing) or 'nothing')}", soft_wrap=True)
            return
        if drop:
            asyncio.run(keeping.remove(place, drop, at_the_terminal()))
            out.print(f"removed: {escape(', '.join(drop))}", soft_wrap=True)
            return
        found = asyncio.run(keeping.listed(place))
    if as_json:
        print_json([asdict(one) for one in found])
        return
    for one in found:
        out.print(f"{escape(one.name)}  {in_words(one.bytes)}  [dim]{escape(one.note)}[/]", soft_wrap=True)
    if not found:
        out.print("nothing is kept")
