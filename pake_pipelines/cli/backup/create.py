"""`pake backup create`: back up now."""

import asyncio
from dataclasses import asdict
from typing import Annotated

import typer
from rich.markup import escape

from pake_pipelines.cli.actor import at_the_terminal
from pake_pipelines.cli.backup.place import told, workplace
from pake_pipelines.cli.console import err, out, print_json
from pake_pipelines.cli.maintenance.telling import tell_dagster
from pake_pipelines.cli.sources.options import Json
from pake_pipelines.cli.stack import database_up
from pake_pipelines.maintenance.workplace import Workplace
from pake_pipelines.model.maintenance import Outcome


def create(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be dumped, and stop.")] = False,
    configs: Annotated[bool, typer.Option("--configs/--no-configs", help="Pack the configuration, too.")] = True,
    as_json: Json = False,
) -> None:
    """Back up the databases and the configuration into the target of configs/maintenance.yaml."""
    place = workplace(dry_run=dry_run, say=told)
    tasks = ["database_backup", "file_backup", *(["config_backup"] if configs else [])]
    with database_up(place.settings):
        outcomes = {name: asyncio.run(_run(place, name)) for name in tasks}
        untold = {} if dry_run else {name: tell_dagster(place.settings, name, one) for name, one in outcomes.items()}
    if as_json:
        print_json({name: asdict(one) for name, one in outcomes.items()})
        return
    for one in outcomes.values():
        out.print(one.summary, soft_wrap=True)
    for why in sorted({why for why in untold.values() if why}):
        err.print(f"[yellow]Dagster's history does not have it: {escape(why)}[/]", soft_wrap=True)
    if not dry_run:
        out.print("[dim]not proven yet: `pake backup verify --latest` restores it and compares every row[/]")


async def _run(place: Workplace, name: str) -> Outcome:
    from pake_pipelines.maintenance.runner import run_task

    return await run_task(place, name, actor=at_the_terminal())
