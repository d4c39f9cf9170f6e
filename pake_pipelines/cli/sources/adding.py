"""`pake sources add`: an address or a path becomes a source."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer
from rich.markup import escape
from rich.text import Text

from pake_pipelines.cli.console import fail, out, print_json
from pake_pipelines.cli.sources.changes import readers_of, show_change, tell_running_stack
from pake_pipelines.cli.sources.finding import Found, configured_as, find_feed, find_path
from pake_pipelines.cli.sources.options import DryRun, Json, ScheduleSlug, ask, listing_schedule, named_authority
from pake_pipelines.cli.sources.reading import opened_client, way_out
from pake_pipelines.cli.tables import Rows
from pake_pipelines.config import editing
from pake_pipelines.config.loading import load_sources
from pake_pipelines.config.slugs import slug_for
from pake_pipelines.config.source_kinds import web_address
from pake_pipelines.config.sources import SourcesConfig
from pake_pipelines.pipeline.worker import Worker
from pake_pipelines.reports.amounts import counted
from pake_pipelines.settings import Settings, get_settings
from pake_pipelines.sources.feeds.discovery import FoundFeed
from pake_pipelines.sources.protocol import SourceError
from pake_pipelines.store import runs
from pake_pipelines.store.errors import StoreError


def add(
    address: Annotated[
        str, typer.Argument(metavar="ADDRESS", help="A feed, a page that announces one, a folder, or a feed's file.")
    ],
    name: Annotated[str | None, typer.Option("--name", help="What to call it; its own title otherwise.")] = None,
    slug: Annotated[str | None, typer.Option("--slug", help="Its slug; made of the name otherwise.")] = None,
    authority: Annotated[
        str | None, typer.Option("--authority", help="What kind of source it is; `unknown`, or `local` for a folder.")
    ] = None,
    tags: Annotated[list[str] | None, typer.Option("--tag", help="A tag of its items; may be given again.")] = None,
    schedule: ScheduleSlug = None,
    pick: Annotated[int | None, typer.Option("--pick", min=1, help="Which of several announced feeds.")] = None,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Find the feed at an address, or a folder, and add it to configs/sources.yaml. Every address is asked once."""
    settings = get_settings()
    config = load_sources(settings.configs)
    listing = listing_schedule(config, schedule)
    if slug in config.sources:
        fail(f"there is a source {slug!r} already", hint="choose another --slug")
    found = _find(settings, config, address, pick, as_json=as_json)
    known_as = name or found.title
    chosen = slug or slug_for(known_as, found.addresses[-1], config.sources)
    trusted = named_authority(config, authority or ("local" if found.keys["kind"] == "folder" else "unknown"))
    keys: dict[str, Any] = {"name": known_as, **found.keys, "authority": trusted}
    if tags:
        keys["tags"] = tags
    edited = editing.edit(settings.configs, editing.added({chosen: keys}, listing), dry_run=dry_run)
    if as_json:
        print_json({"slug": chosen, **keys, "entries": found.entries, "dry_run": dry_run})
        return
    show_change(edited, dry_run=dry_run)
    holds = f" with {counted(found.entries, 'entry', 'entries')}" if found.entries is not None else ""
    out.print(f"[green]{'would add' if dry_run else 'added'}[/] {chosen}: {escape(known_as)}{holds}", soft_wrap=True)
    out.print(readers_of(edited.config, [chosen]), soft_wrap=True)
    if not dry_run:
        tell_running_stack(settings)


def _find(settings: Settings, config: SourcesConfig, address: str, pick: int | None, *, as_json: bool) -> Found:
    """Return the one source at `address`, or end: with a choice to make, or with a clear error."""
    learned = _learned(settings)
    if "://" not in address and Path(address).expanduser().exists():
        found = find_path(Path(address), settings.home)
        _refuse_known(configured_as(config, settings.home, learned, found.addresses))
        return found
    url = _web_address(address)
    _refuse_known(configured_as(config, settings.home, learned, [url]))
    try:
        answer = asyncio.run(_ask_web(settings, config, url, pick))
    except SourceError as error:
        fail(str(error), hint=way_out(error))
    if not isinstance(answer, Found):
        _offer(url, answer, as_json=as_json)
    _refuse_known(configured_as(config, settings.home, learned, answer.addresses))
    return answer


def _web_address(address: str) -> str:
    """Return `address` with a scheme; people type addresses without one."""
    try:
        return web_address(address if "://" in address else f"https://{address}")
    except ValueError as error:
        fail(f"that is neither a path that exists nor an address: {error}")


def _refuse_known(slug: str | None) -> None:
    if slug is not None:
        fail(f"it is configured already, as {slug!r}", hint=f"`pake sources test {slug}` shows what it brings")


async def _ask_web(
    settings: Settings, config: SourcesConfig, url: str, pick: int | None
) -> Found | Sequence[FoundFeed]:
    with Worker(config.parsing) as worker:
        async with opened_client(settings, config) as client:
            return await find_feed(client, worker.parse, url, pick)


def _offer(url: str, feeds: Sequence[FoundFeed], *, as_json: bool) -> NoReturn:
    """List the feeds to choose from, and end."""
    choices = list(enumerate(feeds, start=1))
    if as_json:
        print_json({"choose": [{"pick": number, "url": one.url, "title": one.title} for number, one in choices]})
        raise typer.Exit(1)
    table = Rows("", "", "")
    for number, one in choices:
        table.add_row(number, one.title, Text(one.url, style="dim"))
    out.print(table)
    fail(f"{url} offers {len(feeds)} feeds", hint="choose one with --pick and its number")


def _learned(settings: Settings) -> dict[str, str]:
    """Return the addresses that sources have moved to for good, as far as the database can be asked."""
    try:
        visits = ask(settings, runs.latest_visits)
    except StoreError:
        # without it the configured addresses are compared all the same
        return {}
    return {visit["source"]: visit["learned_url"] for visit in visits if visit["learned_url"]}
