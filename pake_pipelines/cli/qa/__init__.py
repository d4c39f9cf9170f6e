"""`pake qa`: what the rules think of items, how good the scores are, and how they are put right."""

import typer

from pake_pipelines.cli.qa.calibrate import calibrate
from pake_pipelines.cli.qa.evaluate import evaluate
from pake_pipelines.cli.qa.label import label
from pake_pipelines.cli.qa.report import report
from pake_pipelines.cli.qa.scan import scan
from pake_pipelines.cli.qa.score import score
from pake_pipelines.cli.qa.validate import validate

app = typer.Typer(help="Judge items, measure the scores and put them right.", no_args_is_help=True)
app.command()(score)
app.command()(validate)
app.command()(report)
app.command()(scan)
app.command()(label)
app.command()(evaluate)
app.command()(calibrate)
