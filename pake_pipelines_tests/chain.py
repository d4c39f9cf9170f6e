"""The way of a datum as tests walk it: visits, then every stage in order, without Dagster."""

from pake_pipelines.pipeline.chain import STAGES
from pake_pipelines.pipeline.fetch import fetch_sources


async def visit(kit, database, run, *slugs, **options):
    """Visit `slugs` (all enabled sources when none is given); return the visits by source."""
    wanted = slugs or tuple(kit.sources.enabled)
    return {one.source: one async for one in fetch_sources(kit, database, wanted, run, **options)}


async def walk(kit, database, run):
    """Run every stage behind the visits; return the results by stage."""
    return {name: await stage(kit, database, run) for name, stage in STAGES.items()}


async def rows(database, statement, *values):
    """Return the rows of a query as dictionaries."""
    async with database.connection() as connection:
        return [dict(row) for row in await connection.fetch(statement, *values)]


async def value(database, statement, *values):
    """Return the one value of a query."""
    async with database.connection() as connection:
        return await connection.fetchval(statement, *values)


async def execute(database, statement, *values):
    """Carry out one statement."""
    async with database.connection() as connection:
        await connection.execute(statement, *values)


# what says when a run took place, and nothing of what it found
_CLOCKS = {"source_state": {"checked_at", "succeeded_at", "due_at", "items_per_day"}}
_JOURNALS = {"ingestion_runs", "alembic_version", "host_budgets", "cache_entries", "cache_accesses", "cache_policies"}


async def contents(database):
    """Return a hash of the contents of every data table, by name."""
    named = await rows(
        database,
        """
        SELECT table_name, column_name FROM information_schema.columns JOIN information_schema.tables USING
            (table_schema, table_name)
        WHERE table_schema = 'pake' AND table_type = 'BASE TABLE' ORDER BY table_name, ordinal_position
        """,
    )
    columns = {}
    for row in named:
        if row["table_name"] not in _JOURNALS and row["column_name"] not in _CLOCKS.get(row["table_name"], ()):
            columns.setdefault(row["table_name"], []).append(row["column_name"])
    return {
        table: await value(
            database,
            f"""
            SELECT md5(coalesce(string_agg(t::text, '|' ORDER BY t::text), ''))
            FROM (SELECT {", ".join(some)} FROM {table}) AS t
            """,
        )
        for table, some in columns.items()
    }


def changed(before, after):
    """Return the names of the tables whose contents differ."""
    return {table for table in before if before[table] != after[table]}
