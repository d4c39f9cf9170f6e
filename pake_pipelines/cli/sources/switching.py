"""`pake sources enable|disable`: one line in configs/sources.yaml, and what the pipeline itself had decided."""

from typing import Annotated

import typer
from rich.markup import escape

from pake_pipelines.cli.console import err, out
from pake_pipelines.cli.sources.changes import show_change, tell_running_stack
from pake_pipelines.cli.sources.options import DryRun, Slug, ask, named_source
from pake_pipelines.config import editing
from pake_pipelines.config.loading import load_sources
from pake_pipelines.settings import Settings, get_settings
from pake_pipelines.store.errors import StoreError
from pake_pipelines.store.sources import clear_rest


def enable(name: Slug, dry_run: DryRun = False) -> None:
    """Enable a source, and end a rest or a stop that the pipeline decided on by itself."""
    settings = get_settings()
    source = named_source(load_sources(settings.configs), name)
    if not source.enabled:
        show_change(editing.edit(settings.configs, editing.enabled(name), dry_run=dry_run), dry_run=dry_run)
    if dry_run:
        return
    stopped = _clear(settings, name)
    if source.enabled and stopped is False:
        out.print(f"{name} was enabled already")
        return
    out.print(f"{name} is enabled" + (" and is asked again with the next visit" if stopped else ""))
    tell_running_stack(settings)


def disable(
    name: Slug,
    because: Annotated[str, typer.Option("--because", help="Why; shown wherever the source is listed.")] = "by hand",
    dry_run: DryRun = False,
) -> None:
    """Disable a source: nothing asks it any more, what it brought stays."""
    settings = get_settings()
    named_source(load_sources(settings.configs), name)
    edited = editing.edit(settings.configs, editing.disabled(name, because), dry_run=dry_run)
    show_change(edited, dry_run=dry_run)
    if not dry_run:
        out.print(f"{name} is disabled: {escape(because)}", soft_wrap=True)
        tell_running_stack(settings)


def _clear(settings: Settings, name: str) -> bool | None:
    """Forget failures of the past; tell whether there were any, None when the database could not be asked."""
    try:
        return ask(settings, lambda connection: clear_rest(connection, name))
    except StoreError as error:
        err.print(f"[dim]failures of the past were not cleared: {escape(str(error))}[/]", soft_wrap=True)
        return None
