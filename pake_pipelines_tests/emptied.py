"""A database with nothing in it again: making one takes a test longer than most tests themselves."""

import asyncio

from pake_pipelines.store.database import Patience, wait_for

# neither the order of the tables nor what refuses to be deleted matters to a session that says that it is a replica
_EMPTY = """
    SET session_replication_role = replica;
    DO $$
    DECLARE name regclass;
    BEGIN
        FOR name IN SELECT oid FROM pg_class WHERE relnamespace = 'pake'::regnamespace AND relkind = 'r'
                    AND relname <> 'alembic_version'
        LOOP
            EXECUTE format('DELETE FROM %s', name);
        END LOOP;
    END $$
"""


def emptied(url: str) -> str:
    """Delete everything that is in the knowledge database at `url`, and return it."""
    asyncio.run(_empty(url))
    return url


async def _empty(url: str) -> None:
    connection = await wait_for(url, Patience())
    try:
        await connection.execute(_EMPTY)
    finally:
        await connection.close()
