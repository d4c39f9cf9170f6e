"""`pake sources`: what is read and what is not and why, and everyday changes to it. One module for each concern."""

import typer

from pake_pipelines.cli.sources import dead_letters
from pake_pipelines.cli.sources.adding import add
from pake_pipelines.cli.sources.listing import list_sources
from pake_pipelines.cli.sources.parsing import parse
from pake_pipelines.cli.sources.statistics import stats
from pake_pipelines.cli.sources.subscriptions import export_opml, import_opml
from pake_pipelines.cli.sources.switching import disable, enable
from pake_pipelines.cli.sources.trying import try_source

app = typer.Typer(help="The sources: what is read, how it goes, and changes to it.", no_args_is_help=True)
app.command("list")(list_sources)
app.command("test")(try_source)
app.command()(add)
app.command()(enable)
app.command()(disable)
app.command()(import_opml)
app.command()(export_opml)
app.command()(parse)
app.command()(stats)
app.add_typer(dead_letters.app, name="dead-letters")
