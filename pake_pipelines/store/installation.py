"""What the database server and the knowledge database are, for the deployment report (REP-01)."""

from dataclasses import dataclass
from datetime import datetime

from pake_pipelines.store.database import Connection


@dataclass(frozen=True, slots=True)
class Installation:
    """Versions of the server and of pgvector, the revision of the tables, since when the server runs, and sizes.

    `bytes` is the size of the knowledge database; `vector` is None where the extension is not installed.
    """

    server: str
    vector: str | None
    revision: str | None
    started_at: datetime
    bytes: int


async def installation(connection: Connection) -> Installation:
    """Return what the database tells of itself."""
    row = await connection.fetchrow(
        """
        SELECT current_setting('server_version') AS server,
               (SELECT extversion FROM pg_extension WHERE extname = 'vector') AS vector,
               (SELECT version_num FROM pake.alembic_version) AS revision,
               pg_postmaster_start_time() AS started_at, pg_database_size(current_database()) AS bytes
        """
    )
    return Installation(**row)
