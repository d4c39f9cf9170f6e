"""`pake backup drill`: rebuild everything from the newest backup in a scratch place, and measure how long it takes."""

import asyncio
from dataclasses import asdict
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from pake_pipelines.cli.actor import at_the_terminal
from pake_pipelines.cli.backup.place import workplace
from pake_pipelines.cli.console import err, out, print_json
from pake_pipelines.cli.sources.options import Json
from pake_pipelines.cli.stack import database_up
from pake_pipelines.maintenance.workplace import Workplace
from pake_pipelines.model.maintenance import Outcome, TaskState
from pake_pipelines.store.database import ONCE, addresses, open_database
from pake_pipelines.store.errors import StoreError


def drill(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be rebuilt, and stop.")] = False,
    as_json: Json = False,
) -> None:
    """Rebuild everything from the newest backup in a scratch place, run a partition on it, report RPO and RTO.

    Live data are never touched, and nothing of the drill is left. Exit code 1 when it failed or could not be held.
    """
    place = workplace(dry_run=dry_run, say=lambda line: err.print(f"[dim]{escape(line)}[/]", soft_wrap=True))
    with database_up(place.settings):
        outcome = asyncio.run(_run(place))
    if as_json:
        print_json(asdict(outcome))
    else:
        _show(outcome)
    if outcome.state is not TaskState.DONE:
        raise typer.Exit(1)


async def _run(place: Workplace) -> Outcome:
    """Hold the drill as a task on record; where the database is lost, without one."""
    from pake_pipelines.maintenance.backup import drill as drills
    from pake_pipelines.maintenance.runner import run_task

    try:
        async with open_database(addresses(place.settings).knowledge, ONCE):
            pass
    except StoreError as error:
        err.print(f"[yellow]not recorded: {escape(str(error))}[/]", soft_wrap=True)
        return await drills.run(place)
    return await run_task(place, "recovery_drill", actor=at_the_terminal())


def _show(outcome: Outcome) -> None:
    steps: list[dict[str, Any]] = outcome.details.get("steps", [])
    if steps:
        table = Table("step", box=None, pad_edge=False)
        table.add_column("seconds", justify="right")
        table.add_column("")
        for step in steps:
            table.add_row(step["step"], f"{step['seconds']:.1f}", escape(str(step["found"])))
        out.print(table, soft_wrap=True)
    colour = "green" if outcome.state is TaskState.DONE else "red"
    out.print(f"[{colour}]{outcome.state}[/]: {escape(outcome.summary)}", soft_wrap=True)
