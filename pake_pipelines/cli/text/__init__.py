"""`pake text`: what the pipeline would read in files and lines; nothing is stored."""

import typer

from pake_pipelines.cli.text.extract import extract
from pake_pipelines.cli.text.language import language

app = typer.Typer(help="Try what the pipeline makes of texts; nothing is stored.", no_args_is_help=True)
app.command()(extract)
app.command()(language)
