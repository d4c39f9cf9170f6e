"""What a restore would change: which databases another would take the place of, and each table now and then."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pake_pipelines.maintenance.backup.comparison import TableChange, changes
from pake_pipelines.maintenance.backup.manifest import Manifest
from pake_pipelines.maintenance.workplace import Workplace
from pake_pipelines.store import swap
from pake_pipelines.store.database import ONCE, addresses, wait_for, with_database
from pake_pipelines.store.errors import StoreError
from pake_pipelines.store.examination import examine
from pake_pipelines.store.swap import database_of


@dataclass(frozen=True, slots=True)
class DatabaseChange:
    """A database `live` at `url` that is to be replaced by the one that `role` has in the backup.

    `exists` tells whether it is there, `unreadable` why it could not be looked through.
    """

    role: str
    live: str
    url: str
    exists: bool
    tables: Sequence[TableChange] = ()
    unreadable: str = ""

    @property
    def server(self) -> str:
        """The address of another database of the same server, from which databases are renamed."""
        return with_database(self.url, "postgres")

    @property
    def rows_now(self) -> int:
        """Rows that are there."""
        return sum(table.rows_now or 0 for table in self.tables)

    @property
    def rows_then(self) -> int:
        """Rows that are in the backup."""
        return sum(table.rows_then or 0 for table in self.tables)

    @property
    def holds_data(self) -> bool:
        """Whether anything would be replaced; what cannot be read may hold anything."""
        noted = sum(table.rows_now or 0 for table in self.tables if table.table.endswith(".alembic_version"))
        return bool(self.unreadable) or self.rows_now > noted


async def plan(place: Workplace, manifest: Manifest, roles: Sequence[str]) -> list[DatabaseChange]:
    """Return what restoring `roles` of a backup would change. Raises StoreError when the server does not answer."""
    urls = addresses(place.settings)
    of_role = {"knowledge": urls.knowledge, "dagster": urls.dagster}
    return [await _change(role, of_role[role], manifest) for role in roles]


async def _change(role: str, url: str, manifest: Manifest) -> DatabaseChange:
    live, then = database_of(url), manifest.databases[role]
    connection = await wait_for(with_database(url, "postgres"), ONCE)
    try:
        exists = await swap.exists(connection, live)
    finally:
        await connection.close()
    if not exists:
        return DatabaseChange(role, live, url, exists=False, tables=changes(None, then))
    try:
        return DatabaseChange(role, live, url, exists=True, tables=changes(await examine(url), then))
    except StoreError as error:
        return DatabaseChange(role, live, url, exists=True, tables=changes(None, then), unreadable=str(error))


def details(found: Sequence[DatabaseChange]) -> dict[str, Any]:
    """Return the databases, and the tables that would change, as tables of an outcome."""
    return {
        "databases": [
            {"role": one.role, "database": one.live, "rows_now": one.rows_now, "rows_then": one.rows_then}
            for one in found
        ],
        "tables": [
            {"database": one.live, "table": table.table, "rows_now": table.rows_now, "rows_then": table.rows_then}
            for one in found
            for table in one.tables
            if not table.same
        ],
    }
