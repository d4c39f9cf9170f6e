"""Hashes of tables are equal for equal rows, whatever their order and the session, and for no others."""

import asyncio

import asyncpg
import pytest

from pake_pipelines.store.errors import StoreError
from pake_pipelines.store.row_hashes import facts, frozen, sequence_values, table_hashes


@pytest.fixture
async def connection(database_url):
    opened = await asyncpg.connect(database_url)
    await opened.execute("CREATE SCHEMA h")
    yield opened
    await opened.close()


async def hashes(connection):
    return {one.name: (one.rows, one.hash) for one in await table_hashes(connection, ["h"])}


async def test_the_order_of_rows_does_not_count_but_every_value_does(connection):
    await connection.execute("CREATE TABLE h.a (i int, t text); CREATE TABLE h.b (i int, t text)")
    await connection.execute("INSERT INTO h.a VALUES (1, 'x'), (2, NULL), (2, NULL)")
    await connection.execute("INSERT INTO h.b VALUES (2, NULL), (1, 'x'), (2, NULL)")
    found = await hashes(connection)
    assert found["a"] == found["b"]
    assert found["a"][0] == 3
    for change in ("t = ''", "t = 'y'", "i = i + 1"):
        await connection.execute(f"UPDATE h.b SET {change} WHERE i = 2")
        assert (await hashes(connection))["b"] != found["a"]


async def test_a_row_that_is_there_twice_is_not_the_same_as_once(connection):
    await connection.execute("CREATE TABLE h.a (i int); CREATE TABLE h.b (i int); INSERT INTO h.a VALUES (1), (1)")
    await connection.execute("INSERT INTO h.b VALUES (1)")
    found = await hashes(connection)
    assert found["a"][1] != found["b"][1]


async def test_neither_the_session_nor_names_of_columns_change_a_hash(connection, database_url):
    await connection.execute(
        """
        CREATE TABLE h.a ("pake row" text, t timestamptz, f float8, b bytea, i interval, m money, v public.vector(2));
        INSERT INTO h.a VALUES
            ('x', '2026-05-06 07:08:09+03', 0.1::float8 / 3, '\\xdead', '1 day 2:03', 12.5, '[0.1,2]')
        """
    )
    before = await hashes(connection)
    await connection.execute(
        """
        SET timezone = 'Asia/Tokyo'; SET datestyle = 'SQL, DMY'; SET extra_float_digits = -5;
        SET bytea_output = 'escape'; SET intervalstyle = 'iso_8601'; SET search_path = h
        """
    )
    assert await hashes(connection) == before
    assert await connection.fetchval("SHOW timezone") == "Asia/Tokyo"


async def test_what_pg_dump_would_dump_is_hashed_and_nothing_else(connection):
    await connection.execute(
        """
        CREATE TABLE h.parent (i int) PARTITION BY RANGE (i);
        CREATE TABLE h.part PARTITION OF h.parent FOR VALUES FROM (0) TO (10);
        CREATE TABLE h.base (i int); CREATE TABLE h.child () INHERITS (h.base);
        CREATE UNLOGGED TABLE h.unlogged (i int); CREATE TEMP TABLE gone (i int); CREATE VIEW h.view AS SELECT 1;
        CREATE TABLE h.none (); INSERT INTO h.parent VALUES (1); INSERT INTO h.child VALUES (1), (2)
        """
    )
    found = {one.name: one.rows for one in await table_hashes(connection) if one.schema != "pake"}
    assert found == {"part": 1, "base": 0, "child": 2, "unlogged": 0, "none": 0}


async def test_a_frozen_database_stands_still_and_nobody_can_empty_a_table(connection, database_url):
    await connection.execute("CREATE TABLE h.a AS SELECT generate_series(1, 5) i")
    async with frozen(database_url) as (still, snapshot):
        assert snapshot
        await connection.execute("INSERT INTO h.a VALUES (6)")
        with pytest.raises(asyncpg.LockNotAvailableError):
            await connection.execute("SET lock_timeout = '50ms'; TRUNCATE h.a")
        assert (await hashes(still))["a"][0] == 5
        other = await asyncpg.connect(database_url)
        try:
            async with other.transaction(isolation="repeatable_read", readonly=True):
                await other.execute(f"SET TRANSACTION SNAPSHOT '{snapshot}'")
                assert await hashes(other) == await hashes(still)
        finally:
            await other.close()
        with pytest.raises(asyncpg.ReadOnlySQLTransactionError):
            await still.execute("DELETE FROM h.a")
    assert (await hashes(connection))["a"][0] == 6


async def test_what_is_committed_while_the_locks_are_waited_for_is_in_the_snapshot(connection, database_url):
    await connection.execute("CREATE TABLE h.a (i int)")
    writer = connection.transaction()
    await writer.start()
    await connection.execute("LOCK TABLE h.a IN ACCESS EXCLUSIVE MODE; INSERT INTO h.a VALUES (1)")

    async def look():
        async with frozen(database_url) as (still, _):
            return await hashes(still)

    looking = asyncio.create_task(look())
    await asyncio.sleep(0.1)
    await writer.commit()
    assert (await looking)["a"][0] == 1


async def test_tables_that_come_and_go_meanwhile_are_seen_to(connection, database_url):
    await connection.execute("CREATE TABLE h.a (i int); CREATE TABLE h.gone (i int)")
    writer = connection.transaction()
    await writer.start()
    await connection.execute("LOCK TABLE h.a IN ACCESS EXCLUSIVE MODE; DROP TABLE h.gone; CREATE TABLE h.fresh (i int)")

    async def look():
        async with frozen(database_url) as (still, _):
            return await hashes(still)

    looking = asyncio.create_task(look())
    await asyncio.sleep(0.1)
    await writer.commit()
    assert set(await looking) == {"a", "fresh"}


async def test_a_table_whose_rows_may_not_all_be_read_is_named(connection, database_url):
    await connection.execute("CREATE ROLE looker LOGIN; GRANT USAGE ON SCHEMA h TO looker")
    try:
        await connection.execute("CREATE TABLE h.a (i int); GRANT SELECT ON h.a TO looker")
        for command, said in (
            ("ALTER TABLE h.a ENABLE ROW LEVEL SECURITY", r"pake\.\w+"),
            ("GRANT USAGE ON SCHEMA pake TO looker; GRANT SELECT ON ALL TABLES IN SCHEMA pake TO looker", "row-level"),
        ):
            await connection.execute(command)
            with pytest.raises(StoreError, match=said):
                async with frozen(database_url.replace("pake@", "looker@")) as (still, _):
                    await table_hashes(still)
    finally:
        await connection.execute("DROP OWNED BY looker; DROP ROLE looker")


async def test_sequences_and_facts(connection, database_url):
    await connection.execute("CREATE SEQUENCE h.up; CREATE SEQUENCE h.down INCREMENT -1; CREATE SEQUENCE h.unused")
    await connection.execute("SELECT nextval('h.up'), nextval('h.up'), nextval('h.down')")
    assert [(one.name, one.last) for one in await sequence_values(connection) if one.schema == "h"] == [("up", 2)]
    found = await facts(connection)
    assert (found.server_major, found.revision, found.name in database_url) == (18, "0007", True)
    assert found.bytes > 1_000_000
