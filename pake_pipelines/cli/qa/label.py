"""`pake qa label`: a person says of items whether they are good, so that the score can be measured."""

import asyncio
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from pake_pipelines.cli.actor import at_the_terminal
from pake_pipelines.cli.console import fail, out
from pake_pipelines.cli.qa.json_lines import LabelLine, read_lines, refuse_lines
from pake_pipelines.cli.qa.labelling import label_items
from pake_pipelines.pipeline.labels import Session, draw, import_labels
from pake_pipelines.reports.amounts import counted
from pake_pipelines.settings import get_settings
from pake_pipelines.store import labels
from pake_pipelines.store.database import Connection, addresses, open_database
from pake_pipelines.store.labels import NewLabel

Actor = Annotated[
    str | None, typer.Option("--actor", metavar="NAME", help="Whose word it is; you, as the system knows you.")
]


def label(
    sample: Annotated[int, typer.Option("--sample", min=1, max=100_000, help="How many items to be shown.")] = 50,
    everything: Annotated[bool, typer.Option("--all", help="Every item without a label of yours, no sample.")] = False,
    file: Annotated[
        Path | None, typer.Option("--file", metavar="LABELS", help="Labels made elsewhere, as JSON lines; - is stdin.")
    ] = None,
    actor: Actor = None,
    seed: Annotated[int, typer.Option("--seed", help="Another one draws another sample.")] = 0,
) -> None:
    """Label items as good or bad, one after the other; each answer is stored at once.

    The sample has as many items of every tenth of the scores, in no order, and neither score nor verdict is shown.
    Lines of --file are {"pake_id": "...", "good": true, "note": "..."}, or with an "entry_id" for one version.
    docs/scores.md says what good means, and what becomes of the labels.
    """
    person = (actor or at_the_terminal()).strip()
    if not person:
        fail("--actor is empty")
    if file is not None:
        _import(file, person)
        return
    if not _attended():
        fail("labelling asks a person, and nobody is at this terminal", hint="--file takes labels made elsewhere")
    session = asyncio.run(_sit(person, None if everything else sample, seed))
    good = sum(session.answers.values())
    out.print()
    if not session.answers:
        out.print("nothing was labelled")
        return
    count = len(session.answers)
    out.print(f"you labelled {counted(count, 'item')}: {good} good, {count - good} bad")
    out.print("[dim]`pake qa evaluate` measures the score by all labels; `pake qa label` goes on[/]")


def _attended() -> bool:
    return sys.stdin.isatty()


async def _sit(person: str, size: int | None, seed: int) -> Session:
    async with open_database(addresses(get_settings()).knowledge) as database:
        session = Session(database, person, seed)
        drawn = await draw(database, person, size, seed)
        if not drawn:
            fail(
                f"there is no scored item without a label of {person}",
                hint="`pake ingest` brings new ones; --actor labels as somebody else",
            )
        await label_items(session, drawn)
        return session


def _import(file: Path, person: str) -> None:
    lines = read_lines(file, LabelLine)
    asyncio.run(_store(file, lines, person))
    good = sum(line.good for _, line in lines)
    stored = counted(len(lines), "label")
    out.print(f"{stored} of {escape(person)} stored: {good} good, {len(lines) - good} bad", soft_wrap=True)


async def _store(file: Path, lines: list[tuple[int, LabelLine]], person: str) -> None:
    async with open_database(addresses(get_settings()).knowledge) as database:
        async with database.connection() as connection:
            given = await _resolved(connection, file, lines)
        await import_labels(database, person, given)


async def _resolved(connection: Connection, file: Path, lines: Iterable[tuple[int, LabelLine]]) -> list[NewLabel]:
    """Return the labels by version, or end with the lines that name nothing, or what another line names."""
    by_item = await labels.current_entries(connection, [one.pake_id for _, one in lines if one.pake_id])
    versions = await labels.known_entries(connection, [one.entry_id for _, one in lines if one.entry_id])
    wrong: list[tuple[int, str]] = []
    found: dict[int, NewLabel] = {}
    first: dict[int, int] = {}
    for number, line in lines:
        entry_id = by_item.get(line.pake_id) if line.pake_id else line.entry_id
        if entry_id is None or (line.pake_id is None and entry_id not in versions):
            named = f"item {line.pake_id}" if line.pake_id else f"version {line.entry_id}"
            wrong.append((number, f"there is no {named}"))
        elif entry_id in first:
            wrong.append((number, f"the same item as in line {first[entry_id]}"))
        else:
            first[entry_id] = number
            found[entry_id] = NewLabel(entry_id, line.good, note=line.note)
    refuse_lines(file, wrong)
    return list(found.values())
