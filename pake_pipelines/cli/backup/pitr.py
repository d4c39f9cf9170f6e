"""`pake backup pitr`: look at everything as it was at a moment."""

import asyncio
import shlex
import signal
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from rich.markup import escape

from pake_pipelines.cli.backup.place import told, workplace
from pake_pipelines.cli.console import err, fail, out, print_json
from pake_pipelines.cli.sources.options import Json
from pake_pipelines.cli.stack import database_up
from pake_pipelines.cli.tables import Rows
from pake_pipelines.maintenance.backup.pitr import recover
from pake_pipelines.maintenance.backup.recovery import Recovered
from pake_pipelines.model.maintenance import Outcome
from pake_pipelines.settings import Settings
from pake_pipelines.store.embedded import programs
from pake_pipelines.store.errors import StoreError

_SHOWN: Final = 20


def pitr(
    to: Annotated[str, typer.Option("--to", metavar="TIME", help="2026-11-22T14:30:00, UTC unless it says another.")],
    into: Annotated[
        Path | None, typer.Option(help="Make a backup of it in this directory, for `pake backup restore`.")
    ] = None,
    keep: Annotated[bool, typer.Option("--keep", help="Leave the recovered server running until Ctrl-C.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say from what it would be recovered, and stop.")] = False,
    as_json: Json = False,
) -> None:
    """Recover what was committed at a moment, into a server beside the live one, and say what is different now.

    Live data are only read. Needs backup.point_in_time in configs/maintenance.yaml, switched on before that moment.
    """
    moment = _moment(to)
    place = workplace(dry_run=dry_run, say=told)

    async def look(found: Recovered, outcome: Outcome) -> None:
        if not as_json:
            _show(outcome)
        if keep:
            await _until_interrupted(found)

    with _beside_the_live_one(place.settings):
        outcome = asyncio.run(recover(place, moment, into=into, look=look))
    if as_json:
        print_json(asdict(outcome))
    elif dry_run:
        out.print(escape(outcome.summary), soft_wrap=True)
    elif into is not None:
        out.print(f"[green]✓[/] {escape(str(into))}/{outcome.details['backup']}", soft_wrap=True)
        out.print("[dim]`pake backup verify` and `pake backup restore` know it when it lies among the backups[/]")
    elif not keep:
        out.print("[dim]nothing of it is kept: --into makes a backup of it, --keep leaves it running to look at[/]")


@contextmanager
def _beside_the_live_one(settings: Settings) -> Iterator[None]:
    """Have the live server running to compare with; where it does not start, the recovery goes on without it."""
    with ExitStack() as stack:
        try:
            stack.enter_context(database_up(settings))
        except StoreError as error:
            err.print(f"[yellow]nothing to compare with: {escape(str(error))}[/]", soft_wrap=True)
        yield


def _moment(text: str) -> datetime:
    try:
        given = datetime.fromisoformat(text)
    except ValueError:
        fail(f"no moment: {text!r}", hint="give one like 2026-11-22T14:30:00, or 2026-11-22T15:30:00+01:00")
    return given if given.tzinfo else given.replace(tzinfo=UTC)


def _show(outcome: Outcome) -> None:
    out.print(escape(outcome.summary), soft_wrap=True)
    different: list[dict[str, Any]] = outcome.details["different_tables"]
    if not different:
        return
    table = Rows("database", "table", "rows then", "rows now", right={"rows then", "rows now"})
    for one in different[:_SHOWN]:
        table.add_row(one["database"], one["table"], _rows(one["rows_then"]), _rows(one["rows_now"]))
    out.print(table)
    if len(different) > _SHOWN:
        out.print(f"[dim]and {len(different) - _SHOWN} more[/]")


def _rows(count: int | None) -> str:
    return "no table" if count is None else f"{count:,}"


async def _until_interrupted(found: Recovered) -> None:
    """Say how to look at the recovered server and wait for Ctrl-C or SIGTERM."""
    psql = shlex.quote(str(programs() / "psql"))
    for role, url in found.databases.items():
        out.print(f"{role}: {psql} {shlex.quote(url)}", soft_wrap=True, markup=False)
    out.print("[bold]Ctrl-C[/] ends and removes it")
    ended, loop = asyncio.Event(), asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, ended.set)
    await ended.wait()
