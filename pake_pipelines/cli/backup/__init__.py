"""`pake backup`: make, find, prove and restore backups."""

import typer

from pake_pipelines.cli.backup.create import create
from pake_pipelines.cli.backup.drill import drill
from pake_pipelines.cli.backup.key import key
from pake_pipelines.cli.backup.listing import list_backups, show
from pake_pipelines.cli.backup.pitr import pitr
from pake_pipelines.cli.backup.restoring import kept, restore
from pake_pipelines.cli.backup.verifying import verify

app = typer.Typer(help="Make, find, prove and restore backups.", no_args_is_help=True)
app.command()(create)
app.command("list")(list_backups)
app.command()(show)
app.command()(key)
app.command()(verify)
app.command()(restore)
app.command()(kept)
app.command()(pitr)
app.command()(drill)
