"""`pake up`: everything up, the first ingestion, then wait until a person or a fault ends it."""

import asyncio
import signal
import time
from types import FrameType
from typing import NoReturn

import typer
from rich.markup import escape

from pake_pipelines.cli.console import err, fail, out
from pake_pipelines.cli.ingest import launch_and_follow
from pake_pipelines.cli.stack import Stack, take_down
from pake_pipelines.cli.summary import read_summary, summary_table
from pake_pipelines.settings import Settings, get_settings
from pake_pipelines.store.database import addresses, open_database
from pake_pipelines.store.nodes import has_published


def up(
    port: int | None = typer.Option(None, help="Port of Dagster's UI; PAKE_PORT or 3000 otherwise."),
    ingest: bool = typer.Option(True, help="Ingest all enabled sources when the knowledge base is still empty."),
) -> None:
    """Start PostgreSQL and Dagster, ingest for the first time, and serve the UI until Ctrl-C."""
    settings = get_settings()
    settings = settings.model_copy(update={"port": port or settings.port})
    stack = Stack(settings, settings.port)
    signal.signal(signal.SIGTERM, _interrupt)
    signal.signal(signal.SIGHUP, _interrupt)
    fault: str | None = None
    try:
        with out.status("starting", spinner="dots") as status:
            stack.start(lambda step: _tell(status, step))
        out.print(f"[green]✓[/] Dagster is up: [bold]{stack.api.address}[/]")
        if ingest and not _published(settings):
            launch_and_follow(stack.api, settings, title="first ingestion, all enabled sources")
        out.print(summary_table(*read_summary(settings)))
        out.print(f"\n[bold]{stack.api.address}[/]  Ctrl-C stops everything; data and runs are kept.")
        fault = _wait(stack)
    except KeyboardInterrupt:
        pass
    finally:
        _stop(stack)
    if fault:
        fail(fault)


def down() -> None:
    """Stop what `pake up` started in another terminal."""
    ended = take_down(get_settings())
    out.print(f"stopped (process {ended})" if ended else "nothing is running")


def _tell(status: object, step: str) -> None:
    update = getattr(status, "update", None)
    if out.is_terminal and update:
        update(step)
    else:
        out.print(escape(step))


def _interrupt(_signal: int, _frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt


def _published(settings: Settings) -> bool:
    async def ask() -> bool:
        async with open_database(addresses(settings).knowledge) as database, database.connection() as connection:
            return await has_published(connection)

    return asyncio.run(ask())


def _wait(stack: Stack) -> str:
    """Wait until one of Dagster's processes ends by itself, and return what to say of it."""
    while True:
        if dead := stack.processes.dead():
            return f"Dagster's {dead.name} ended by itself: {dead.last_words()} (log: {dead.log})"
        time.sleep(1)


def _stop(stack: Stack) -> None:
    """Stop in order; a second Ctrl-C must not leave a half-stopped database behind."""
    for one in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(one, lambda *_: err.print("stopping, a moment"))
    if stack.processes.children:
        out.print("\nstopping")
    stack.stop()
    if stack.processes.children:
        out.print("[green]✓[/] stopped")
