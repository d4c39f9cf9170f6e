"""`pake sources`: what is read and what is not, and why."""

import asyncio
from typing import Annotated, Any

import typer
from rich.table import Table
from rich.text import Text

from pake_pipelines.cli.console import err, out, print_json
from pake_pipelines.cli.summary import last_visit
from pake_pipelines.config.loading import load_sources
from pake_pipelines.settings import Settings, get_settings
from pake_pipelines.store import runs
from pake_pipelines.store.database import addresses, open_database
from pake_pipelines.store.errors import StoreError

app = typer.Typer(help="The sources.", no_args_is_help=True)


@app.command("list")
def list_sources(as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False) -> None:
    """List all configured sources, what reads them, and what came of the last visit."""
    settings = get_settings()
    config, visits = load_sources(settings.configs), _visits(settings)
    if as_json:
        print_json(
            [
                {"slug": slug, **source.model_dump(mode="json"), "last_visit": visits.get(slug)}
                for slug, source in config.sources.items()
            ]
        )
        return
    table = Table(box=None, header_style="bold", padding=(0, 1))
    for column in ("source", "kind", "authority", "address", "last visit"):
        table.add_column(column, overflow="fold")
    for slug, source in config.sources.items():
        visit = visits.get(slug)
        seen = last_visit(visit) if visit else Text("unknown" if visits == {} else "never", style="dim")
        state = seen if source.enabled else Text(f"disabled: {source.disabled_because}", style="dim")
        table.add_row(
            Text(slug, style="" if source.enabled else "dim"), source.kind, source.authority, source.address, state
        )
    out.print(table)


def _visits(settings: Settings) -> dict[str, dict[str, Any]]:
    async def ask() -> list[dict[str, Any]]:
        async with open_database(addresses(settings).knowledge) as database, database.connection() as connection:
            return await runs.latest_visits(connection)

    try:
        return {visit["source"]: visit for visit in asyncio.run(ask())}
    except StoreError as error:
        err.print(f"[dim]visits are unknown: {error}[/]", soft_wrap=True)
        return {}
