"""`pake sources test`: what a source would bring, without storing it."""

import asyncio
from datetime import UTC, datetime
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.text import Text

from pake_pipelines.cli.console import fail, out, print_json
from pake_pipelines.cli.sources.options import Json, named_source
from pake_pipelines.cli.sources.reading import means, opened_client, way_out
from pake_pipelines.cli.tables import Rows
from pake_pipelines.config.loading import load_sources
from pake_pipelines.config.source_kinds import FeedSource, Source, web_address
from pake_pipelines.config.sources import SourcesConfig
from pake_pipelines.pipeline.worker import Worker
from pake_pipelines.reports.amounts import counted
from pake_pipelines.settings import Settings, get_settings
from pake_pipelines.sources.protocol import SourceError
from pake_pipelines.sources.readers import reader_for
from pake_pipelines.sources.trial import Sample, sample


def try_source(
    name: Annotated[str, typer.Argument(metavar="NAME|URL", help="A source, or the address of a feed.")],
    count: Annotated[int, typer.Option(min=1, max=100, help="How many entries to show.")] = 5,
    as_json: Json = False,
) -> None:
    """Read a source once and show its first entries; nothing is stored, and the source is left as it is."""
    settings = get_settings()
    config = load_sources(settings.configs)
    source = _source(config, name)
    try:
        found = asyncio.run(_try(settings, config, source, count))
    except SourceError as error:
        if as_json:
            print_json({"source": name, "ok": False, **_error(error)})
            raise typer.Exit(1) from None
        fail(f"{name}: {error}", hint=way_out(error))
    if as_json:
        print_json({"source": name, "ok": True, **_as_json(found)})
    else:
        _show(source, found)


def _source(config: SourcesConfig, name: str) -> Source:
    if "://" not in name:
        source = named_source(config, name)
        if missing := source.missing():
            fail(f"{name}: {missing}", hint="complete it in configs/sources.yaml")
        return source
    try:
        url = web_address(name)
    except ValueError as error:
        fail(f"that address cannot be read: {error}")
    return FeedSource(name=url, kind="feed", url=url)


async def _try(settings: Settings, config: SourcesConfig, source: Source, count: int) -> Sample:
    with Worker(config.parsing) as worker:
        if not source.web:
            return await sample(reader_for(source, means(settings, config, None)), count, worker.parse)
        async with opened_client(settings, config) as client:
            return await sample(reader_for(source, means(settings, config, client)), count, worker.parse)


def _show(source: Source, found: Sample) -> None:
    out.print(f"[bold]{escape(found.title or source.name)}[/]  [dim]{escape(found.url or source.address)}[/]")
    out.print(f"[green]ok[/], {counted(found.bodies, 'body', 'bodies')} of {found.size:,} bytes{_cost(found)}")
    table = Rows("", "")
    for entry in found.entries:
        published = f"{entry.published_at:%Y-%m-%d %H:%M}" if entry.published_at else "no date"
        table.add_row(Text(published, style="dim"), entry.title or "(no title)")
    out.print(table if found.entries else "it holds no entries at present")
    for said in dict.fromkeys([*found.warnings, *found.problems]):
        out.print(f"[yellow]noticed:[/] {escape(said)}", soft_wrap=True)


def _cost(found: Sample) -> str:
    """Say what the server wants to be spared."""
    said = ""
    if found.fresh_until and found.fresh_until > datetime.now(UTC):
        said += f"; it expects no news before {found.fresh_until:%d %b %H:%M} UTC"
    if found.moved_to:
        said += f"; it has moved to {escape(found.moved_to)}"
    return said


def _as_json(found: Sample) -> dict[str, Any]:
    return {
        "title": found.title,
        "url": found.url,
        "bodies": found.bodies,
        "bytes": found.size,
        "fresh_until": found.fresh_until,
        "moved_to": found.moved_to,
        "entries": [
            {"id": entry.key, "title": entry.title, "link": entry.url, "published": entry.published_at}
            for entry in found.entries
        ],
        "warnings": found.warnings,
        "problems": found.problems,
    }


def _error(error: SourceError) -> dict[str, Any]:
    return {
        "error": str(error),
        "kind": error.kind,
        "status": error.status,
        "retry_at": error.retry_at,
        "way_out": way_out(error),
    }
