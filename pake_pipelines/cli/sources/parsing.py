"""`pake sources parse`: what the pipeline reads in files, without storing anything."""

import asyncio
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.text import Text

from pake_pipelines.cli.console import out
from pake_pipelines.cli.given_file import read_given
from pake_pipelines.cli.sources.kinds import kind_of, parser_of
from pake_pipelines.cli.tables import Rows
from pake_pipelines.config.loading import load_sources
from pake_pipelines.config.sources import SourcesConfig
from pake_pipelines.model.entry import Entry, Parsed
from pake_pipelines.pipeline.worker import Worker
from pake_pipelines.reports.amounts import counted
from pake_pipelines.settings import get_settings
from pake_pipelines.sources.protocol import Fetched, SourceError
from pake_pipelines.sources.trial import Parse


@dataclass(frozen=True, slots=True)
class ParsedFile:
    """What was read in one file; `error` says why nothing was."""

    file: str
    kind: str
    title: str | None = None
    entries: tuple[Entry, ...] = ()
    warnings: tuple[str, ...] = ()
    error: str | None = None


def parse(
    files: Annotated[
        list[Path], typer.Argument(metavar="FILE...", help="Feeds, messages, pages, documents; - is stdin.")
    ],
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON object for each file, one on a line.")] = False,
) -> None:
    """Read feed, message, page or document files and show the entries in them; nothing is stored."""
    config = load_sources(get_settings().configs)
    if asyncio.run(_parse_all(config, files, as_json=as_json)):
        raise typer.Exit(1)


async def _parse_all(config: SourcesConfig, files: Sequence[Path], *, as_json: bool) -> int:
    """Show what each of `files` holds, in their order and as soon as it is known; return how many were unreadable."""
    failed = 0
    with Worker(config.parsing) as worker:
        for file in files:
            parsed = await _parsed(worker.parse, file, config.http.max_bytes)
            failed += parsed.error is not None
            if as_json:
                print(json.dumps(_as_json(parsed), ensure_ascii=False))
            else:
                _show(parsed, in_full=len(files) == 1)
    return failed


async def _parsed(parse: Parse, file: Path, most: int) -> ParsedFile:
    # a file's name may be any bytes, and is printed
    name = os.fsencode(file).decode("utf-8", "replace")
    kind = kind_of(name, b"")
    try:
        body, modified_at = read_given(file, most)
        kind = kind_of(name, body)
        found = await parse(parser_of(kind), Fetched(name, body, datetime.now(UTC), modified_at=modified_at))
    except OSError as error:
        return ParsedFile(name, kind, error=error.strerror or str(error))
    except SourceError as error:
        return ParsedFile(name, kind, error=str(error))
    return _file(name, kind, found)


def _file(name: str, kind: str, found: Parsed) -> ParsedFile:
    title = found.title or (found.entries[0].title if kind != "feed" and found.entries else None)
    unparsed = (f"{one.key}: {one.detail}" for one in found.unparsed)
    return ParsedFile(name, kind, title, found.entries, (*found.warnings, *unparsed))


def _as_json(parsed: ParsedFile) -> dict[str, Any]:
    return {
        "file": parsed.file,
        "kind": parsed.kind,
        "title": parsed.title,
        "entries": [
            {
                "id": entry.key,
                "title": entry.title,
                "link": entry.url,
                "published": entry.published_at.isoformat() if entry.published_at else None,
                "text_length": len(entry.body),
                "problems": list(entry.problems),
            }
            for entry in parsed.entries
        ],
        "warnings": list(parsed.warnings),
        "error": parsed.error,
    }


def _show(parsed: ParsedFile, *, in_full: bool) -> None:
    """Print a line for the file and, `in_full`, its entries and what was noticed."""
    head = Text("✗ " if parsed.error else "✓ ", style="red" if parsed.error else "green")
    head.append(f"{parsed.file}  ", style="").append(parsed.kind, style="dim")
    if parsed.error:
        out.print(head.append(f"  {parsed.error}", style="red"), soft_wrap=True)
        return
    count = len(parsed.entries)
    head.append(f"  {parsed.title or '(no title)'}", style="bold").append(f"  {counted(count, 'entry', 'entries')}")
    out.print(head, soft_wrap=True)
    if in_full:
        _show_entries(parsed)


def _show_entries(parsed: ParsedFile) -> None:
    table = Rows("published", "text", "title", "link", right={"text"}, folding={"title", "link"})
    for entry in parsed.entries:
        published = f"{entry.published_at:%Y-%m-%d %H:%M}" if entry.published_at else ""
        table.add_row(published, f"{len(entry.body):,}", entry.title, Text(entry.url or "", style="dim"))
    if parsed.entries:
        out.print(table)
    for said in parsed.warnings:
        out.print(Text.assemble(("noticed: ", "yellow"), said), soft_wrap=True)
