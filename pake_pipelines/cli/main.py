"""The `pake` command: its sub-commands, and the one place where an expected error becomes a sentence."""

import typer
from typer.main import get_command

from pake_pipelines.cli import (
    alerts,
    analytics,
    backup,
    cache,
    config,
    db,
    duplicates,
    incidents,
    links,
    maintenance,
    models,
    monitor,
    node,
    qa,
    report,
    retention,
    review,
    services,
    sources,
    text,
)
from pake_pipelines.cli.console import fail
from pake_pipelines.cli.dagster_api import DagsterError
from pake_pipelines.cli.diagnose import diagnose
from pake_pipelines.cli.health import health
from pake_pipelines.cli.help import tidied
from pake_pipelines.cli.ingest import ingest
from pake_pipelines.cli.logged import logged
from pake_pipelines.cli.schedules import schedules
from pake_pipelines.cli.setup import init, validate
from pake_pipelines.cli.stack import StackError
from pake_pipelines.cli.status import status
from pake_pipelines.cli.up import down, up
from pake_pipelines.config.loading import ConfigError
from pake_pipelines.maintenance.errors import MaintenanceError
from pake_pipelines.settings import SettingsError
from pake_pipelines.store.errors import StoreError
from pake_pipelines.text.linguistics import LanguageModelError

app = typer.Typer(
    name="pake",
    help="A knowledge base that fills, judges and looks after itself.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command()(up)
app.command()(down)
app.command()(status)
app.command()(health)
app.command()(init)
app.command()(validate)
app.command()(diagnose)
app.command()(ingest)
app.command()(schedules)
app.add_typer(sources.app, name="sources")
app.add_typer(node.app, name="node")
app.add_typer(duplicates.app, name="duplicates")
app.add_typer(links.app, name="links")
app.add_typer(qa.app, name="qa")
app.add_typer(review.app, name="review")
app.add_typer(report.app, name="report")
app.add_typer(monitor.app, name="monitor")
app.add_typer(analytics.app, name="analytics")
app.add_typer(alerts.app, name="alerts")
app.add_typer(incidents.app, name="incidents")
app.add_typer(services.app, name="services")
app.add_typer(maintenance.app, name="maintenance")
app.add_typer(backup.app, name="backup")
app.add_typer(retention.app, name="retention")
app.add_typer(cache.app, name="cache")
app.add_typer(text.app, name="text")
app.add_typer(models.app, name="models")
app.add_typer(config.app, name="config")
app.add_typer(db.app, name="db")


def run() -> None:
    """Run `pake`; what we expect to go wrong ends as one clear sentence and exit code 1."""
    try:
        try:
            with logged():
                tidied(get_command(app))()
        except (
            ConfigError,
            SettingsError,
            StoreError,
            StackError,
            DagsterError,
            LanguageModelError,
            MaintenanceError,
        ) as error:
            fail(str(error))
    except typer.Exit as ended:
        raise SystemExit(ended.exit_code) from None
