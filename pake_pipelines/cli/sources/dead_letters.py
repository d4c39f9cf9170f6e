"""`pake sources dead-letters`: what could not be read, and another attempt at it."""

import asyncio
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated
from uuid import uuid4

import typer
from rich.text import Text

from pake_pipelines.cli.console import err, fail, out, print_json
from pake_pipelines.cli.sources.options import Json, ask
from pake_pipelines.cli.tables import Rows
from pake_pipelines.pipeline.kit import Kit
from pake_pipelines.pipeline.run import Run
from pake_pipelines.reports.amounts import counted
from pake_pipelines.settings import Settings, get_settings
from pake_pipelines.store import dead_letters
from pake_pipelines.store.database import addresses, open_database
from pake_pipelines.store.dead_letters import DeadLetter

if TYPE_CHECKING:
    from pake_pipelines.pipeline.dead_letters import Retried

app = typer.Typer(help="What could not be read, with the reasons, and another attempt at it.", no_args_is_help=True)
OfSource = Annotated[str | None, typer.Option("--source", metavar="NAME", help="Only those of this source.")]


@app.command("list")
def list_letters(source: OfSource = None, as_json: Json = False) -> None:
    """List what could not become an entry, and why; the raw bytes are kept where there were any."""
    letters = ask(get_settings(), lambda connection: dead_letters.dead_letters(connection, source))
    if as_json:
        print_json([asdict(letter) for letter in letters])
        return
    if not letters:
        out.print("no dead letters" + (f" of {source}" if source else ""))
        return
    table = Rows("id", "source", "since", "reason", "what", "detail", "bytes", right={"id"}, folding={"what", "detail"})
    for letter in letters:
        table.add_row(
            letter.dead_letter_id,
            letter.source,
            f"{letter.created_at:%Y-%m-%d %H:%M}",
            Text(letter.reason, style="yellow"),
            letter.key,
            Text(letter.detail, style="dim"),
            "kept" if letter.fetch_id is not None else "none",
        )
    out.print(table)
    err.print("[dim]`pake sources dead-letters retry` parses the kept bytes again[/]")


@app.command()
def retry(
    ids: Annotated[list[int] | None, typer.Argument(metavar="ID...", help="Some of them; all otherwise.")] = None,
    source: OfSource = None,
    as_json: Json = False,
) -> None:
    """Parse the kept bytes again, and let what has no bytes be fetched again; what is readable now is stored."""
    settings = get_settings()
    letters = ask(settings, lambda connection: dead_letters.dead_letters(connection, source, ids or None))
    _refuse_unknown(ids or [], letters, source)
    retried = asyncio.run(_retry(settings, letters))
    if as_json:
        print_json(asdict(retried))
        return
    if not letters:
        out.print("no dead letters")
        return
    out.print(
        f"{counted(len(letters), 'dead letter')}: {retried.readable} readable now "
        f"({counted(retried.stored, 'item')} stored), {retried.forgotten} to be fetched again with the next visit, "
        f"{len(retried.failing)} still unreadable",
        soft_wrap=True,
    )
    for letter_id, reason in retried.failing.items():
        out.print(Text.assemble((f"{letter_id}: ", "yellow"), reason), soft_wrap=True)
    if retried.stored:
        out.print("the next run judges what was stored, or `pake ingest` does at once")


def _refuse_unknown(ids: Sequence[int], letters: Sequence[DeadLetter], source: str | None) -> None:
    unknown = sorted(set(ids) - {letter.dead_letter_id for letter in letters})
    if unknown:
        fail(
            f"no dead letter {', '.join(map(str, unknown))}" + (f" of {source}" if source else ""),
            hint="`pake sources dead-letters list` shows them all",
        )


async def _retry(settings: Settings, letters: Sequence[DeadLetter]) -> "Retried":
    from pake_pipelines.pipeline.dead_letters import retry as retry_letters

    now = datetime.now(UTC)
    run = Run(f"dead-letters-{uuid4()}", now.date(), now)
    async with open_database(addresses(settings).knowledge) as database:
        return await retry_letters(Kit.of(settings), database, letters, run)
