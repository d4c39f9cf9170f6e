"""`pake analytics`: what is odd, where figures go, what comes next, and when upkeep disturbs least."""

import typer

from pake_pipelines.cli.analytics.ahead import forecast
from pake_pipelines.cli.analytics.episodes import anomalies
from pake_pipelines.cli.analytics.export import export
from pake_pipelines.cli.analytics.running import run
from pake_pipelines.cli.analytics.standing import frequencies, trends, windows

app = typer.Typer(help="What is odd, where figures go, and what comes next.", no_args_is_help=True)
app.command()(run)
app.command()(anomalies)
app.command()(forecast)
app.command()(trends)
app.command()(windows)
app.command()(frequencies)
app.command()(export)
