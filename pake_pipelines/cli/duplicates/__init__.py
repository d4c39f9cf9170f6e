"""`pake duplicates`: what was found to be the same, why, and a person's word on it. One module for each."""

import typer

from pake_pipelines.cli.duplicates.cleaning import clean
from pake_pipelines.cli.duplicates.listing import list_groups
from pake_pipelines.cli.duplicates.reindexing import reindex
from pake_pipelines.cli.duplicates.ruling import merge, split
from pake_pipelines.cli.duplicates.showing import show
from pake_pipelines.cli.duplicates.trying import group

app = typer.Typer(help="Duplicates: what was found, why, and your word on it.", no_args_is_help=True)
app.command("list")(list_groups)
app.command()(show)
app.command()(split)
app.command()(merge)
app.command()(group)
app.command()(clean)
app.command()(reindex)
