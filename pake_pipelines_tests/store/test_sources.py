"""The sources as configured, and what their readers remember."""

from dataclasses import replace

from pake_pipelines.store import sources
from pake_pipelines.store.sources import Progress, SourceRow, SourceState
from pake_pipelines_tests.chain import rows, value
from pake_pipelines_tests.conftest import NOW, TODAY

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


async def test_progress_comes_back_and_a_cursor_that_is_not_given_stays(database):
    await sync(database, A)
    async with database.transaction() as connection:
        assert await sources.load_state(connection, "a") == SourceState()
        await sources.save_progress(connection, [Progress("a", "feed-1", {"etag": 'W/"x"', "deep": [1]}, 7)])
        await sources.save_progress(connection, [Progress("a", "feed-2")])
        found = await sources.load_state(connection, "a")
    assert (found.cursor, found.parser_version, found.backlog_fetch_id) == (
        {"etag": 'W/"x"', "deep": [1]},
        "feed-2",
        None,
    )


async def test_how_a_source_stands_comes_back_and_leaves_its_progress_alone(database):
    await sync(database, A)
    stands = SourceState(
        checked_at=NOW, succeeded_at=NOW, consecutive_failures=5, last_error="bad", items_per_day=1.5, due_at=NOW,
        due_because="so", wait_until=NOW, rests=2, resting_until=NOW, disabled_because="gone", learned_url="http://b",
        moved_to="http://c", moved_visits=3, moved_since=NOW,
    )  # fmt: skip
    async with database.transaction() as connection:
        await sources.save_progress(connection, [Progress("a", "feed-1", {"etag": "e"})])
        await sources.save_standings(connection, {"a": stands})
        found = await sources.load_state(connection, "a")
    assert found == replace(stands, cursor={"etag": "e"}, parser_version="feed-1")


async def test_what_was_said_of_another_address_is_forgotten(database):
    await sync(database, A)
    async with database.transaction() as connection:
        await sources.save_progress(connection, [Progress("a", "feed-1", {"etag": "e"})])
        await sources.save_standings(connection, {"a": SourceState(rests=2, disabled_because="gone")})
    await sync(database, replace(A, name="renamed"))
    async with database.connection() as connection:
        assert (await sources.load_state(connection, "a")).cursor == {"etag": "e"}
    await sync(database, replace(A, address="http://elsewhere"))
    async with database.connection() as connection:
        assert await sources.load_state(connection, "a") == SourceState()


async def test_a_rest_is_cleared_by_hand_with_an_event_and_only_when_there_is_one(database):
    await sync(database, A)
    async with database.transaction() as connection:
        assert not await sources.clear_rest(connection, "a")
        await sources.save_standings(connection, {"a": SourceState(rests=2, consecutive_failures=5, resting_until=NOW)})
        assert await sources.clear_rest(connection, "a")
        assert await sources.load_state(connection, "a") == SourceState()
    assert await value(database, "SELECT array_agg(kind) FROM source_events") == ["enabled"]


async def test_a_look_back_that_is_complete_is_forgotten(database):
    await sync(database, A)
    async with database.transaction() as connection:
        await sources.save_window_cursor(connection, "a", TODAY, TODAY, {"start": 100}, "r")
        await sources.save_window_cursor(connection, "a", TODAY, TODAY, {"start": 200}, "r")
        assert await sources.load_window_cursor(connection, "a", TODAY, TODAY) == {"start": 200}
        await sources.forget_window_cursor(connection, "a", TODAY, TODAY)
        assert await sources.load_window_cursor(connection, "a", TODAY, TODAY) == {}
