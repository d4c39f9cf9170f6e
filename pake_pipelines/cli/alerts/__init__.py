"""`pake alerts`: what fires, a person's word on it, silences, and whether messages get out. One module per concern."""

import typer

from pake_pipelines.cli.alerts import dead_letters
from pake_pipelines.cli.alerts.acting import ack, resolve
from pake_pipelines.cli.alerts.channels import channels, try_out
from pake_pipelines.cli.alerts.listing import list_alerts, show
from pake_pipelines.cli.alerts.rules import rules
from pake_pipelines.cli.alerts.silencing import list_silences, silence, unsilence

app = typer.Typer(help="What fires, your word on it, and whether messages get out.", no_args_is_help=True)
app.command("list")(list_alerts)
app.command()(show)
app.command()(ack)
app.command()(resolve)
app.command()(silence)
app.command("silences")(list_silences)
app.command()(unsilence)
app.command()(rules)
app.command()(channels)
app.command("test")(try_out)
app.add_typer(dead_letters.app, name="dead-letters")
