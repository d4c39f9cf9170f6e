"""Naming an alert at the terminal: by its id or an unambiguous beginning of it."""

from collections.abc import Sequence
from typing import Annotated

import typer

from pake_pipelines.cli.console import err, fail
from pake_pipelines.store import alert_views
from pake_pipelines.store.database import Connection

_HELP = "An alert's id, or the beginning of it."
Id = Annotated[str, typer.Argument(metavar="ID", help=_HELP, show_default=False)]
Ids = Annotated[list[str], typer.Argument(metavar="ID...", help=_HELP, show_default=False)]


async def alert_named(connection: Connection, beginning: str) -> str:
    """Return the id of the one alert that is named, or end with a clear error."""
    found = await alert_views.find(connection, beginning) if beginning.strip() else []
    if not found:
        fail(f"no alert {beginning!r}", hint="`pake alerts list --all` shows them all")
    if len(found) > 1 and not {beginning, f"alert_{beginning}"} & set(found):
        for one in found:
            err.print(one)
        fail(f"{beginning!r} fits several alerts: name one of these ids")
    return next((one for one in found if one in {beginning, f"alert_{beginning}"}), found[0])


async def alerts_named(connection: Connection, beginnings: Sequence[str]) -> list[str]:
    """Return the ids of all alerts that are named, each once."""
    return list(dict.fromkeys([await alert_named(connection, one) for one in beginnings]))
