"""The databases that a restore took the place of: going back to one, and removing them."""

from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING, Any

from pake_pipelines.maintenance.errors import MaintenanceError
from pake_pipelines.maintenance.workplace import Workplace
from pake_pipelines.store import audit, swap
from pake_pipelines.store.database import ONCE, Connection, addresses, wait_for, with_database
from pake_pipelines.store.errors import StoreError
from pake_pipelines.store.swap import KeptDatabase, Swap, database_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


@asynccontextmanager
async def _servers(place: Workplace) -> "AsyncIterator[Sequence[tuple[str, Connection]]]":
    """Lend each live database's name with a connection to another database of its server."""
    urls = addresses(place.settings)
    async with AsyncExitStack() as ending:
        opened = {}
        for url in (urls.knowledge, urls.dagster):
            connection = opened[database_of(url)] = await wait_for(with_database(url, "postgres"), ONCE)
            ending.push_async_callback(connection.close, timeout=10)
        yield list(opened.items())


async def listed(place: Workplace) -> list[KeptDatabase]:
    """Return all that is kept, newest first. Raises StoreError."""
    async with _servers(place) as servers:
        return [one for live, connection in servers for one in await swap.kept(connection, live)]


async def use(place: Workplace, name: str, actor: str) -> str:
    """Let the kept database `name` be live again; return under which name the one from now is kept.

    Raises MaintenanceError and StoreError.
    """
    async with _servers(place) as servers:
        live, connection = await _holder(servers, name)
        await swap.may_swap(connection, [live, name])
        await swap.unused(connection, [live, name])
        outgoing = swap.before(live, place.clock()) if await swap.exists(connection, live) else None
        await swap.swap(connection, [Swap(live, name, outgoing)], f"{name} was taken back")
    await note(place, actor, "backup.kept.use", name, {"kept": outgoing})
    return outgoing or ""


async def remove(place: Workplace, name: str, actor: str) -> None:
    """Drop the kept database `name`. Raises MaintenanceError and StoreError."""
    async with _servers(place) as servers:
        _, connection = await _holder(servers, name)
        await swap.drop(connection, name)
    await note(place, actor, "backup.kept.drop", name, {})


async def note(place: Workplace, actor: str, action: str, subject: str, details: Mapping[str, Any]) -> None:
    """Note who did what in the database that is live now; one of an older revision cannot take it yet."""
    try:
        async with place.open() as database, database.transaction() as connection:
            await audit.record(connection, actor=actor, action=action, subject=subject, details=details)
    except StoreError as error:
        place.say(f"not in the audit, as the database cannot take it: {error}")


async def _holder(servers: Sequence[tuple[str, Any]], name: str) -> tuple[str, Connection]:
    for live, connection in servers:
        if name in {one.name for one in await swap.kept(connection, live)}:
            return live, connection
    raise MaintenanceError(f"no database {name!r} is kept: `pake backup kept` shows which are")
