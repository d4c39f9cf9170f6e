"""The database tells of itself; what it will not tell is missing with its reason, and costs no other figure."""

import pytest

from pake_pipelines.store import database_metrics
from pake_pipelines.store.database_metrics import Missing, database_figures
from pake_pipelines.store.database_performance import database_performance

STATEMENTS = """
CREATE SCHEMA "odd Schema";
CREATE VIEW "odd Schema".pg_stat_statements AS
SELECT ((SELECT oid FROM pg_database WHERE datname = current_database())::bigint + elsewhere)::oid AS dbid, query,
       mean_exec_time, calls
FROM (VALUES (0, E'SELECT *\n  FROM knowledge_nodes WHERE pake_id = $1 AND title = $2', 12.34567, 7),
             (0, 'ALTER ROLE x PASSWORD ''secret''', 99.0, 1),
             (0, 'update knowledge_nodes SET title = $1', 5.0, 2),
             (1, 'SELECT of_another_database', 1000.0, 1)) AS v (elsewhere, query, mean_exec_time, calls)
"""


async def figures(database, *, role=None):
    async with database.transaction() as connection:
        if role:
            await connection.execute(f"SET LOCAL ROLE {role}")
        return await database_figures(connection)


async def test_an_empty_database_tells_everything_but_slow_statements(database):
    found = await figures(database)
    gone = {name: figure for name, figure in found.figures.items() if isinstance(figure, Missing)}
    assert gone == {"db_slowest_query_ms": Missing("the extension pg_stat_statements is not installed", expected=True)}
    assert found.figures["knowledge_nodes"] == 0
    assert 0 < found.figures["db_query_ms"] < 1000
    assert found.figures["db_size_bytes"] > 1_000_000
    assert found.figures["db_connections"] >= 1
    assert found.figures["db_connections_active"] >= 1
    assert 0 < found.figures["db_connections_used_percent"] <= 100


async def test_the_largest_tables_are_told_of(database):
    sizes = (await figures(database)).table_bytes
    assert len(sizes) == database_metrics.LARGEST_TABLES
    assert list(sizes.values()) == sorted(sizes.values(), reverse=True)
    async with database.connection() as connection:
        largest = await connection.fetchval("SELECT pg_total_relation_size($1::text::regclass)", next(iter(sizes)))
    assert largest == next(iter(sizes.values()))


@pytest.fixture
async def stranger(database):
    """A role that may look into schemas and read nothing there."""
    async with database.connection() as connection:
        await connection.execute("DROP ROLE IF EXISTS stranger")
        await connection.execute("CREATE ROLE stranger; GRANT USAGE ON SCHEMA pake TO stranger")
    yield "stranger"
    async with database.connection() as connection:
        await connection.execute("DROP OWNED BY stranger; DROP ROLE stranger")


async def test_a_missing_privilege_costs_its_own_figures_only(database, stranger):
    found = await figures(database, role=stranger)
    for name in ("db_query_ms", "knowledge_nodes", "knowledge_nodes_last_hour"):
        assert isinstance(found.figures[name], Missing), name
        assert found.figures[name].expected
    assert found.figures["db_size_bytes"] > 1_000_000
    assert found.figures["db_connections"] >= 1
    assert isinstance(found.figures["db_connections_active"], Missing)


async def test_a_query_that_fails_otherwise_is_unknown_and_the_transaction_goes_on(database):
    async with database.transaction() as connection:
        found = await database_metrics.read(connection, "SELECT 1 / 0")
        assert (found.expected, found.why) == (False, "division by zero")
        assert await connection.fetchval("SELECT 1") == 1


async def test_slow_statements_are_those_of_this_database(database):
    async with database.transaction() as connection:
        await connection.execute(STATEMENTS)
        found = await database_figures(connection)
    assert found.figures["db_slowest_query_ms"] == 99


async def test_only_queries_on_data_are_shown_and_only_their_beginning(database):
    async with database.transaction() as connection:
        await connection.execute(STATEMENTS)
        found = await database_performance(connection)
    assert found.slow_queries == [
        {"query": "SELECT * FROM knowledge_nodes WHERE pake_id = $1 A", "mean_ms": 12.346, "calls": 7},
        {"query": "update knowledge_nodes SET title = $1", "mean_ms": 5.0, "calls": 2},
    ]


async def test_a_view_that_cannot_be_read_is_missing(database, stranger):
    async with database.transaction() as connection:
        await connection.execute(STATEMENTS)
        await connection.execute(f'GRANT USAGE ON SCHEMA "odd Schema" TO {stranger}; SET LOCAL ROLE {stranger}')
        found = await database_performance(connection)
    assert isinstance(found.slow_queries, Missing)
    assert "permission denied" in found.slow_queries.why
    assert found.table_sizes


async def test_the_lists_tell_of_tables_and_indexes(database):
    async with database.connection() as connection:
        found = await database_performance(connection)
    assert {"table", "bytes"} == set(found.table_sizes[0])
    assert len(found.index_usage) == 10
    assert {"table", "index", "idx_scan", "idx_tup_read", "idx_tup_fetch"} == set(found.index_usage[0])
    assert isinstance(found.slow_queries, Missing)


async def test_an_index_is_called_unused_only_if_it_is_large_and_not_unique(database, monkeypatch):
    async with database.connection() as connection:
        await connection.execute(
            """
            CREATE TABLE heap AS SELECT n AS a, n AS b, n AS c FROM generate_series(1, 600000) n;
            CREATE INDEX heap_unused ON heap (a); CREATE UNIQUE INDEX heap_unique ON heap (b);
            CREATE INDEX heap_small ON heap (c) WHERE c < 10;
            """
        )
        performance = await database_performance(connection)
        found = await database_figures(connection)
    assert [line["index"] for line in performance.unused_indexes] == ["heap_unused"]
    assert found.figures["db_unused_indexes"] == 1
