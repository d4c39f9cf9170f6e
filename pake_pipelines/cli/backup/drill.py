"""`pake backup drill`: rebuild everything from the newest backup in a scratch place, and measure how long it takes."""

import asyncio
from dataclasses import asdict
from typing import Annotated, Any

import typer
from rich.markup import escape

from pake_pipelines.cli.backup.place import on_record, told, workplace
from pake_pipelines.cli.console import out, print_json
from pake_pipelines.cli.sources.options import Json
from pake_pipelines.cli.stack import database_up
from pake_pipelines.cli.tables import Rows
from pake_pipelines.model.maintenance import Outcome, TaskState


def drill(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be rebuilt, and stop.")] = False,
    as_json: Json = False,
) -> None:
    """Rebuild everything from the newest backup in a scratch place, run a partition on it, report RPO and RTO.

    Live data are never touched, and nothing of the drill is left. Exit code 1 when it failed or could not be held.
    """
    from pake_pipelines.maintenance.backup import drill as drills

    place = workplace(dry_run=dry_run, say=told)
    with database_up(place.settings):
        outcome = asyncio.run(on_record(place, "recovery_drill", drills.run))
    if as_json:
        print_json(asdict(outcome))
    else:
        _show(outcome)
    if outcome.state is not TaskState.DONE:
        raise typer.Exit(1)


def _show(outcome: Outcome) -> None:
    steps: list[dict[str, Any]] = outcome.details.get("steps", [])
    if steps:
        table = Rows("step", "seconds", "", right={"seconds"})
        for step in steps:
            table.add_row(step["step"], f"{step['seconds']:.1f}", step["found"])
        out.print(table)
    colour = "green" if outcome.state is TaskState.DONE else "red"
    out.print(f"[{colour}]{outcome.state}[/]: {escape(outcome.summary)}", soft_wrap=True)
