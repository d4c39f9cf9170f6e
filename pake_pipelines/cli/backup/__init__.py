"""`pake backup`: make, find, prove and restore backups."""

import typer

from pake_pipelines.cli.backup.create import create
from pake_pipelines.cli.backup.key import key
from pake_pipelines.cli.backup.listing import list_backups, show

app = typer.Typer(help="Make, find, prove and restore backups.", no_args_is_help=True)
app.command()(create)
app.command("list")(list_backups)
app.command()(show)
app.command()(key)
