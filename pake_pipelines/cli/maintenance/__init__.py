"""`pake maintenance`: what is done when, what is due, what came of it; run a task, or all of a rhythm."""

from typing import Annotated

import typer

from pake_pipelines.cli.maintenance.listing import history, list_tasks
from pake_pipelines.cli.maintenance.running import due, run, run_rhythms
from pake_pipelines.config.maintenance import Rhythm
from pake_pipelines.settings import get_settings

app = typer.Typer(help="Maintenance: what is done when, what is due, what came of it.", invoke_without_command=True)
app.command("list")(list_tasks)
app.command()(due)
app.command()(run)
app.command()(history)


@app.callback()
def maintenance(
    context: typer.Context,
    daily: Annotated[bool, typer.Option("--daily", help="Run all daily tasks now, one after another.")] = False,
    weekly: Annotated[bool, typer.Option("--weekly", help="Run all weekly tasks now.")] = False,
    monthly: Annotated[bool, typer.Option("--monthly", help="Run all monthly tasks now.")] = False,
    yearly: Annotated[bool, typer.Option("--yearly", help="Run all yearly tasks now.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what they would do, and do nothing.")] = False,
    verbose: Annotated[bool, typer.Option("--verbose", help="Show all figures of each task.")] = False,
) -> None:
    """Run the enabled tasks of a rhythm, or one of the commands below. Weekly ones repeat no daily one."""
    chosen: dict[Rhythm, bool] = {"daily": daily, "weekly": weekly, "monthly": monthly, "yearly": yearly}
    rhythms = [rhythm for rhythm, asked in chosen.items() if asked]
    if context.invoked_subcommand is not None:
        if rhythms or dry_run or verbose:
            raise typer.BadParameter(f"options of `pake maintenance` do not go with `{context.invoked_subcommand}`")
        return
    if not rhythms:
        typer.echo(context.get_help())
        raise typer.Exit(2)
    run_rhythms(get_settings(), rhythms, dry_run=dry_run, verbose=verbose)
