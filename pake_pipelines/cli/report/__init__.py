"""`pake report`: make reports now, see which there are, open one, see what would be sent to whom."""

import typer

from pake_pipelines.cli.report.listing import list_reports
from pake_pipelines.cli.report.opening import open_report
from pake_pipelines.cli.report.running import run
from pake_pipelines.cli.report.ticking import tick
from pake_pipelines.cli.report.trying import try_delivery

app = typer.Typer(help="Reports: make them, see them, see who would get them.", no_args_is_help=True)
app.command()(run)
app.command("list")(list_reports)
app.command("open")(open_report)
app.command("test")(try_delivery)
app.command()(tick)
