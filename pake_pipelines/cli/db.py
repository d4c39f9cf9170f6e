"""`pake db`: the addresses of the databases, migrations, and a psql of one's own."""

import os
import shlex
from typing import Annotated

import typer

from pake_pipelines.cli.console import fail, out, print_json
from pake_pipelines.cli.processes import dagster_environment
from pake_pipelines.cli.stack import database_up, prepare
from pake_pipelines.settings import get_settings
from pake_pipelines.store.database import addresses, masked
from pake_pipelines.store.embedded import EmbeddedServer, programs
from pake_pipelines.store.migrations import HEAD

app = typer.Typer(help="The databases: addresses, migrations, psql.", no_args_is_help=True)
_EXPORTED = ("DAGSTER_HOME", "PAKE_HOME", "PAKE_DATA_DIR", "PAKE_DAGSTER_URL", "PAKE_DAGSTER_STORAGE")


@app.command()
def url(
    dagster: Annotated[bool, typer.Option(help="Dagster's database instead of the knowledge database.")] = False,
    export: Annotated[bool, typer.Option(help="Shell lines that let `dg dev` find this project's instance.")] = False,
    show_password: Annotated[bool, typer.Option(help="Print the password, too.")] = False,
) -> None:
    """Print the address of the knowledge database."""
    settings = get_settings()
    if export:
        environment = dagster_environment(settings)
        for name in _EXPORTED:
            print(f"export {name}={shlex.quote(environment[name])}")
        return
    found = addresses(settings)
    chosen = found.dagster if dagster else found.knowledge
    print(chosen if show_password else masked(chosen))


@app.command()
def migrate(as_json: Annotated[bool, typer.Option("--json", help="Print the revision as JSON.")] = False) -> None:
    """Create the databases where they are missing and bring the knowledge database to this version."""
    settings = get_settings()
    with database_up(settings):
        prepare(settings)
    if as_json:
        print_json({"revision": HEAD})
    else:
        out.print(f"[green]✓[/] the knowledge database is at revision {HEAD}")


@app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def psql(context: typer.Context) -> None:
    """Open psql on the knowledge database; further arguments go to psql. The server must be running."""
    settings = get_settings()
    found = addresses(settings)
    if found.embedded and not EmbeddedServer(settings.data).is_running():
        fail("the embedded PostgreSQL is not running", hint="start everything with `pake up`")
    program = str(programs() / "psql")
    os.environ["PGOPTIONS"] = "-c search_path=pake,public"
    os.execv(program, [program, found.knowledge, *context.args])  # noqa: S606  # psql takes this terminal over
