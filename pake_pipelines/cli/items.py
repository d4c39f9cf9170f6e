"""Naming an item at the terminal: by its id, the beginning of it, or part of its title."""

from collections.abc import Sequence
from typing import Annotated, NoReturn
from uuid import UUID

import typer
from rich.markup import escape

from pake_pipelines.cli.console import err, fail
from pake_pipelines.store import explain as provenance
from pake_pipelines.store import retention
from pake_pipelines.store.database import Connection

Identifier = Annotated[
    str,
    typer.Argument(metavar="ID", help="The pake_id, the beginning of it, or part of the title.", show_default=False),
]


async def items_named(connection: Connection, identifier: str) -> list[tuple[UUID, str]]:
    """Return (pake_id, title) of the items that `identifier` fits, or end with a clear error when there is none."""
    found = await provenance.find(connection, identifier.lower()) if identifier.strip() else []
    if not found:
        await _refuse_archived(connection, identifier)
        fail(f"no item fits {identifier!r}", hint="give its pake_id, the beginning of it, or words of its title")
    return [one for one in found if str(one[0]) == identifier.lower()] or found


async def _refuse_archived(connection: Connection, identifier: str) -> None:
    """End with the archive that holds what `identifier` fits, if one does."""
    archived = await retention.find(connection, identifier.lower(), limit=1) if identifier.strip() else []
    for pake_id, title, path in archived:
        fail(f"{title!r} ({pake_id}) has left the tables for an archive", hint=f"`pake retention restore {path}`")


async def item_named(connection: Connection, identifier: str) -> UUID:
    """Return the one item that `identifier` fits, or end with a clear error."""
    found = await items_named(connection, identifier)
    if len(found) > 1:
        refuse_several(identifier, found)
    return found[0][0]


def refuse_several(identifier: str, found: Sequence[tuple[UUID, str]]) -> NoReturn:
    """End with the items among which to choose."""
    for pake_id, title in found:
        err.print(f"{pake_id}  {escape(title)}", soft_wrap=True)
    fail(f"{identifier!r} fits several items: name one of these ids")
