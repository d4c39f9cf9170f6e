"""The migrations are what the code believes them to be."""

import asyncio

from alembic.config import Config
from alembic.script import ScriptDirectory

from pake_pipelines.settings import PACKAGE_HOME
from pake_pipelines.store.database import Patience, wait_for
from pake_pipelines.store.migrate import migrate
from pake_pipelines.store.migrations import HEAD
from pake_pipelines_tests.chain import rows


def test_the_head_that_the_code_needs_is_alembics_head():
    config = Config()
    config.set_main_option("script_location", str(PACKAGE_HOME / "pake_pipelines" / "store" / "migrations"))
    config.set_main_option("path_separator", "os")
    assert ScriptDirectory.from_config(config).get_heads() == [HEAD]


def test_migrating_twice_changes_nothing(database_url):
    async def look():
        connection = await wait_for(database_url, Patience())
        try:
            return await connection.fetch(
                "SELECT c.oid, relname, relkind FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace"
                " WHERE nspname = 'pake' ORDER BY 1"
            )
        finally:
            await connection.close()

    before = asyncio.run(look())
    migrate(database_url)
    assert asyncio.run(look()) == before
    assert len(before) > 20


# their rows say nothing beside what they find, and a key over both columns would cost as much again as the lookup
KEYLESS = {"signature_bands", "signature_bands_recent", "document_links"}


async def test_every_table_has_a_key_and_every_moment_a_zone(database):
    keyless = await rows(
        database,
        """
        SELECT relname FROM pg_class c WHERE relnamespace = 'pake'::regnamespace AND relkind = 'r' AND NOT EXISTS (
            SELECT 1 FROM pg_constraint WHERE conrelid = c.oid AND contype = 'p')
        """,
    )
    zoneless = await rows(
        database,
        """
        SELECT table_name, column_name FROM information_schema.columns
        WHERE table_schema = 'pake' AND data_type = 'timestamp without time zone'
        """,
    )
    assert {row["relname"] for row in keyless} <= KEYLESS
    assert zoneless == []


async def test_every_column_that_points_at_another_table_is_indexed(database):
    bare = await rows(
        database,
        """
        SELECT conrelid::regclass::text AS relation, conkey FROM pg_constraint k
        WHERE contype = 'f' AND connamespace = 'pake'::regnamespace AND confrelid <> 'pake.sources'::regclass
          AND NOT EXISTS (SELECT 1 FROM pg_index i WHERE i.indrelid = k.conrelid
                          AND i.indpred IS NULL AND i.indkey[0] = k.conkey[1])
        """,
    )
    assert {row["relation"] for row in bare} <= {"duplicate_groups", "dead_letters"}
