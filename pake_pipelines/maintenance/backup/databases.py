"""The databases that are backed up: which of them exist, what they are, and the program that can dump them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from pake_pipelines.maintenance.errors import MaintenanceError
from pake_pipelines.maintenance.workplace import Workplace
from pake_pipelines.store import row_hashes
from pake_pipelines.store.client_tools import Tool, find
from pake_pipelines.store.database import Patience, addresses, masked, wait_for
from pake_pipelines.store.errors import MissingDatabaseError
from pake_pipelines.store.row_hashes import DatabaseFacts

_KNOWLEDGE: Final = "knowledge"


@dataclass(frozen=True, slots=True)
class Source:
    """A database that is to be dumped: its role (`knowledge`, `dagster`), its address, its pg_dump."""

    role: str
    url: str
    facts: DatabaseFacts
    tool: Tool


async def existing(place: Workplace) -> list[Source]:
    """Return the databases that are there; the knowledge database has to be. Raises StoreError before any dumping."""
    urls = addresses(place.settings)
    of_role: Mapping[str, str] = {_KNOWLEDGE: urls.knowledge, "dagster": urls.dagster}
    found = []
    for role in dict.fromkeys(place.config.backup.databases):
        try:
            facts = await _asked(of_role[role], place)
        except MissingDatabaseError:
            if role == _KNOWLEDGE:
                raise
            place.say(f"the database {masked(of_role[role])} does not exist and is left out")
            continue
        if role == _KNOWLEDGE and facts.revision is None:
            raise MaintenanceError(f"the knowledge database {facts.name} is empty: `pake db migrate` sets it up")
        found.append(Source(role, of_role[role], facts, find("pg_dump", facts.server_major)))
    if not found:
        raise MaintenanceError("there is no database to back up: see backup.databases in configs/maintenance.yaml")
    return found


async def _asked(url: str, place: Workplace) -> DatabaseFacts:
    connection = await wait_for(url, patience(place))
    try:
        return await row_hashes.facts(connection)
    finally:
        await connection.close()


def patience(place: Workplace) -> Patience:
    """Return how long a server that does not answer is waited for."""
    return Patience(place.settings.connect_attempts, place.settings.connect_retry_seconds)
