"""The sources as configured, and what their readers remember."""

from dataclasses import replace

import pytest

from pake_pipelines.store import sources
from pake_pipelines.store.sources import SourceRow, SourceState
from pake_pipelines_tests.chain import rows, value
from pake_pipelines_tests.conftest import NOW

A = SourceRow("a", "A", "feed", "http://a", 0.5, "news", True, None)
B = replace(A, source="b", name="B")


async def sync(database, *given):
    async with database.transaction() as connection:
        await sources.sync_sources(connection, given)


async def test_a_source_that_is_no_longer_configured_stays_disabled_with_the_reason(database):
    await sync(database, A, B)
    await sync(database, A)
    found = await rows(database, "SELECT source, enabled, disabled_because FROM sources ORDER BY 1")
    assert [tuple(row.values()) for row in found] == [("a", True, None), ("b", False, "it is no longer configured")]
    await sync(database, A, B)
    assert await value(database, "SELECT enabled FROM sources WHERE source = 'b'")


async def test_an_unchanged_source_is_not_written_again(database):
    await sync(database, A)
    before = await rows(database, "SELECT xmin, * FROM sources")
    await sync(database, A)
    assert await rows(database, "SELECT xmin, * FROM sources") == before


async def test_an_empty_configuration_disables_everything_but_the_system_itself(database):
    await sync(database, A, replace(B, authority_basis="system"))
    await sync(database)
    assert {row["source"] for row in await rows(database, "SELECT source FROM sources WHERE enabled")} == {"b"}


@pytest.mark.parametrize("state", [SourceState(), SourceState('W/"x"', "yesterday", "hash", "feed-1", None)])
async def test_what_a_reader_remembers_comes_back(database, state):
    await sync(database, A)
    async with database.transaction() as connection:
        assert await sources.load_state(connection, "a") == SourceState()
        await sources.save_state(connection, "a", state)
        assert await sources.load_state(connection, "a") == state


async def test_success_ends_a_row_of_failures_and_keeps_what_is_remembered(database):
    await sync(database, A)
    async with database.transaction() as connection:
        await sources.save_state(connection, "a", SourceState(etag="e"))
        assert [await sources.record_failure(connection, "a", NOW, "bad") for _ in range(3)] == [1, 2, 3]
        await sources.record_success(connection, "a", NOW)
        assert await sources.record_failure(connection, "a", NOW, "bad") == 1
        assert (await sources.load_state(connection, "a")).etag == "e"
