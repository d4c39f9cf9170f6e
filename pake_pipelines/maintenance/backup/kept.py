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
    servers: dict[str, Connection] = {}
    async with AsyncExitStack() as ending:
        for address in (with_database(url, "postgres") for url in (urls.knowledge, urls.dagster)):
            if address not in servers:
                servers[address] = await wait_for(address, ONCE)
                ending.push_async_callback(servers[address].close, timeout=10)
        yield [(database_of(url), servers[with_database(url, "postgres")]) for url in (urls.knowledge, urls.dagster)]


async def listed(place: Workplace) -> list[KeptDatabase]:
    """Return all that is kept, newest first. Raises StoreError."""
    async with _servers(place) as servers:
        return [one for live, connection in servers for one in await swap.kept(connection, live)]


async def use(place: Workplace, names: Sequence[str], actor: str) -> list[str]:
    """Let the kept databases `names` be live again, those of one server in one go.

    Return under which names the ones from now are kept. Raises MaintenanceError and StoreError.
    """
    outgoing = []
    async with _servers(place) as servers:
        swaps: dict[Connection, list[Swap]] = {}
        for name in names:
            live, connection = await _holder(servers, name)
            await swap.may_swap(connection, [live, name])
            await swap.unused(connection, [live, name])
            aside = await swap.aside(connection, live, place.clock())
            swaps.setdefault(connection, []).append(Swap(live, name, aside))
        for connection, some in swaps.items():
            await swap.swap(connection, some, f"{', '.join(one.incoming for one in some)} was taken back")
            outgoing += [one.outgoing for one in some if one.outgoing is not None]
    await note(place, actor, "backup.kept.use", ", ".join(names), {"kept": outgoing})
    return outgoing


async def remove(place: Workplace, names: Sequence[str], actor: str) -> None:
    """Drop the kept databases `names`. Raises MaintenanceError and StoreError."""
    async with _servers(place) as servers:
        holders = [(name, (await _holder(servers, name))[1]) for name in names]
        for name, connection in holders:
            await swap.drop(connection, name)
    await note(place, actor, "backup.kept.drop", ", ".join(names), {})


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
