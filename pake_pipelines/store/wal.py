"""How a server says that the archiving of its write-ahead log stands, and what a base backup has to know of it."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from pake_pipelines.store.database import ONCE, Connection, wait_for
from pake_pipelines.store.errors import StoreError


@dataclass(frozen=True, slots=True)
class WalStanding:
    """How archiving stands.

    `waiting` segments are closed and not yet archived; it is None where this role may not know. `failing` means that
    the last attempt failed; a server tries again until it succeeds, and keeps its log until then.
    """

    on: bool
    command: str
    last_archived: str | None
    last_archived_at: datetime | None
    failed_count: int
    last_failed: str | None
    last_failed_at: datetime | None
    waiting: int | None
    now: datetime

    @property
    def failing(self) -> bool:
        """Tell whether the last attempt failed."""
        if self.last_failed_at is None:
            return False
        return self.last_archived_at is None or self.last_failed_at > self.last_archived_at

    @property
    def age(self) -> timedelta | None:
        """Return how long ago a segment was archived, by the server's clock; None when none ever was."""
        return self.now - self.last_archived_at if self.last_archived_at else None


@dataclass(frozen=True, slots=True)
class ServerFacts:
    """What a base backup has to know of the server."""

    major: int
    system: int
    role: str
    may_replicate: bool
    now: datetime


async def wal_standing(connection: Connection) -> WalStanding:
    """Return how archiving stands on the server of `connection`."""
    row = await connection.fetchrow(
        """
        SELECT current_setting('archive_mode') <> 'off' AS on,
               CASE WHEN pg_has_role('pg_read_all_settings', 'member')
                    THEN current_setting('archive_command') ELSE '' END AS command,
               last_archived_wal AS last_archived, last_archived_time AS last_archived_at, failed_count,
               last_failed_wal AS last_failed, last_failed_time AS last_failed_at, clock_timestamp() AS now
          FROM pg_stat_archiver
        """
    )
    return WalStanding(waiting=await _waiting(connection), **row)


async def _waiting(connection: Connection) -> int | None:
    import asyncpg

    statement = "SELECT count(*) FROM pg_ls_archive_statusdir() WHERE name LIKE '%.ready'"
    try:
        count: int = await connection.fetchval(statement)
    except asyncpg.InsufficientPrivilegeError:
        return None
    return count


async def server_facts(connection: Connection) -> ServerFacts:
    """Return what a base backup has to know."""
    row = await connection.fetchrow(
        """
        SELECT current_setting('server_version_num')::int / 10000 AS major, system_identifier AS system,
               rolname AS role, rolsuper OR rolreplication AS may_replicate, clock_timestamp() AS now
          FROM pg_control_system(), pg_roles WHERE rolname = current_user
        """
    )
    return ServerFacts(**row)


async def close_segment(connection: Connection) -> str:
    """Let the server close the segment that it writes, so that it is archived; return the segment's name.

    Raises StoreError when this role may not.
    """
    import asyncpg

    try:
        # a segment in which nothing happened would not be closed, and its archive would end earlier than now
        await connection.execute("SELECT pg_create_restore_point('pake: segment closed')")
        name: str = await connection.fetchval("SELECT pg_walfile_name(pg_switch_wal())")
    except asyncpg.InsufficientPrivilegeError as error:
        raise StoreError(f"this role may not close a segment of the log: {error}") from error
    return name


async def last_replayed(url: str) -> datetime | None:
    """Return when the last transaction was committed that a recovered server replayed; None when there was none."""
    connection = await wait_for(url, ONCE)
    try:
        moment: datetime | None = await connection.fetchval("SELECT pg_last_xact_replay_timestamp()")
    finally:
        await connection.close()
    return moment
