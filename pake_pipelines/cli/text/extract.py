"""`pake text extract`: the text that the pipeline would keep of a file, without storing anything."""

import asyncio
import json
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from enum import StrEnum
from itertools import islice
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.text import Text

from pake_pipelines.cli.console import out
from pake_pipelines.cli.given_file import read_given
from pake_pipelines.cli.text.kinds import Kind, kind_of
from pake_pipelines.config.loading import load_quality, load_sources
from pake_pipelines.model.entry import Entry
from pake_pipelines.pipeline.extraction import Extractor
from pake_pipelines.pipeline.worker import Worker
from pake_pipelines.settings import get_settings
from pake_pipelines.sources.files.text import parse_file
from pake_pipelines.sources.protocol import Fetched, SourceError
from pake_pipelines.sources.web.article import parse_page
from pake_pipelines.text.clean import clean_title
from pake_pipelines.text.extract import Extracted
from pake_pipelines.text.plain import plain_text

# enough that both processes are busy, few enough that answers come as they are found
_AT_ONCE: Final = 16


class Form(StrEnum):
    """How a text is written."""

    MARKDOWN = "markdown"
    PLAIN = "plain"


@dataclass(frozen=True, slots=True)
class ExtractedFile:
    """What was found in one file, `date` in ISO 8601; `error` says why nothing was."""

    file: str
    kind: str | None = None
    title: str | None = None
    author: str | None = None
    date: str | None = None
    text: str = ""
    characters: int = 0
    problems: tuple[str, ...] = ()
    error: str | None = None


@dataclass(frozen=True, slots=True)
class _Opened:
    """A file that was read into an entry, or why it was not."""

    name: str
    kind: Kind | None = None
    entry: Entry | None = None
    error: str | None = None


def extract(
    files: Annotated[
        list[Path], typer.Argument(metavar="FILE...", help="HTML, PDF, DOCX, Markdown or text; - is stdin.")
    ],
    url: Annotated[str | None, typer.Option("--url", help="Address that the pages were fetched from.")] = None,
    form: Annotated[Form, typer.Option("--format", help="How the text is written.")] = Form.PLAIN,
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON object for each file, one on a line.")] = False,
) -> None:
    """Show the title, author, date and text that the pipeline finds in files; nothing is stored."""
    if asyncio.run(_extract_all(files, url, form, as_json=as_json)):
        raise typer.Exit(1)


async def _extract_all(files: Sequence[Path], url: str | None, form: Form, *, as_json: bool) -> int:
    """Show what is in each of `files`, in their order; return how many were unreadable."""
    configs = get_settings().configs
    sources, quality = load_sources(configs), load_quality(configs)
    failed, waiting = 0, iter(files)
    with Worker(sources.parsing) as worker, Extractor(quality.extraction) as extractor:
        while batch := list(islice(waiting, _AT_ONCE)):
            opened = await asyncio.gather(*(_opened(worker, file, url, sources.http.max_bytes) for file in batch))
            bodies = [(one.entry.body, one.entry.media_type) for one in opened if one.entry]
            texts = iter(extractor.extract(bodies))
            for one in opened:
                found = _found(one, next(texts), form, quality.ingest.max_content_length) if one.entry else _failed(one)
                failed += found.error is not None
                _show(found, as_json=as_json)
    return failed


async def _opened(worker: Worker, file: Path, url: str | None, most: int) -> _Opened:
    # a file's name may be any bytes, and is printed
    name = os.fsencode(file).decode("utf-8", "replace")
    try:
        body, modified_at = read_given(file, most)
    except OSError as error:
        return _Opened(name, error=error.strerror or str(error))
    except SourceError as error:
        return _Opened(name, error=str(error))
    kind = kind_of(name, body)
    fetched = Fetched(url or name, body, datetime.now(UTC), kind.media_type, modified_at)
    try:
        parsed = await worker.parse(parse_page if kind is Kind.HTML else parse_file, fetched)
    except SourceError as error:
        return _Opened(name, kind, error=str(error))
    return _Opened(name, kind, parsed.entries[0])


def _found(opened: _Opened, extracted: Extracted, form: Form, longest: int) -> ExtractedFile:
    entry = opened.entry
    assert entry is not None
    kept = extracted.text[:longest]
    cut = (f"longer than {longest} characters: cut there",) if len(extracted.text) > longest else ()
    text = kept if form is Form.MARKDOWN else plain_text(kept)
    return ExtractedFile(
        file=opened.name,
        kind=opened.kind,
        title=clean_title(entry.title) or None,
        author=entry.author,
        date=entry.published_at.isoformat() if entry.published_at else None,
        text=text,
        characters=len(text),
        problems=(*entry.problems, *extracted.problems, *cut),
    )


def _failed(opened: _Opened) -> ExtractedFile:
    return ExtractedFile(opened.name, opened.kind, error=opened.error)


def _show(found: ExtractedFile, *, as_json: bool) -> None:
    if as_json:
        print(json.dumps(asdict(found), ensure_ascii=False), flush=True)
        return
    head = Text("✗ " if found.error else "✓ ", style="red" if found.error else "green")
    head.append(f"{found.file}  ", style="").append(found.kind or "", style="dim")
    if found.error:
        out.print(head.append(f"  {found.error}", style="red"), soft_wrap=True)
        return
    out.print(head.append(f"  {found.characters:,} characters", style=""), soft_wrap=True)
    for name, said in (("title", found.title), ("author", found.author), ("date", found.date)):
        out.print(Text.assemble((f"{name:>8}  ", "dim"), said or "-"), soft_wrap=True)
    for problem in found.problems:
        out.print(Text.assemble(("noticed:  ", "yellow"), problem), soft_wrap=True)
    out.print(Text(f"\n{found.text}\n"), soft_wrap=True)
