"""A restored database is looked through to the end, its indexes too; what amcheck cannot look at is never sound."""

import asyncio
import stat

import asyncpg
import pytest

from pake_pipelines.store import examination
from pake_pipelines.store.database import Patience, wait_for
from pake_pipelines.store.errors import StoreError
from pake_pipelines.store.examination import IndexState, check_indexes, examine
from pake_pipelines.store.migrate import known_revisions
from pake_pipelines.store.migrations import HEAD


async def execute(url, *statements):
    connection = await wait_for(url, Patience())
    try:
        for statement in statements:
            await connection.execute(statement)
    finally:
        await connection.close()


async def test_tables_sequences_and_revision_are_found(database_url):
    await execute(database_url, "INSERT INTO pake.audit_events (actor, action, subject) VALUES ('a', 'b', 'c')")
    found = await examine(database_url)
    assert {f"{table.schema}.{table.name}": table.rows for table in found.tables if table.rows} == {
        "pake.alembic_version": 1, "pake.audit_events": 1,
    }  # fmt: skip
    assert [(one.name, one.last) for one in found.sequences] == [("audit_events_event_id_seq", 1)]
    assert (found.revision, list(found.invalid)) == (HEAD, [])
    assert HEAD in known_revisions()


async def test_an_index_that_was_never_finished_is_invalid(database_url):
    with pytest.raises(asyncpg.UniqueViolationError):
        await execute(
            database_url,
            "CREATE TABLE public.twice AS SELECT 1 AS one FROM generate_series(1, 2)",
            "CREATE UNIQUE INDEX CONCURRENTLY half ON public.twice (one)",
        )
    assert (await examine(database_url)).invalid == ["half"]


async def test_a_database_that_breaks_off_is_an_error(database_url, monkeypatch):
    async def broken(_):
        raise asyncpg.ConnectionDoesNotExistError("connection was closed in the middle of operation")

    monkeypatch.setattr(examination, "table_hashes", broken)
    with pytest.raises(StoreError, match="cannot be read to the end: connection was closed"):
        await examine(database_url)


async def test_without_amcheck_it_says_so(database_url):
    found = await check_indexes(database_url)
    assert (found.state, found.detail) == (IndexState.UNAVAILABLE, "this server has no extension amcheck")


@pytest.mark.parametrize(
    ("code", "state"), [(0, IndexState.SOUND), (2, IndexState.DAMAGED), (1, IndexState.UNAVAILABLE)], ids=str
)
def test_the_exit_code_of_amcheck_says_how_it_stands(tmp_path, code, state):
    program = tmp_path / "pg_amcheck"
    program.write_text(f'#!/bin/sh\necho "index of $1 $2"\nexit {code}\n')
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    found = asyncio.run(examination._amcheck(str(program), "house", "postgresql://pake@/house?host=%2Ftmp"))
    assert found.state is state
    assert found.detail == ("" if code == 0 else "index of --heapallindexed --database=house")
