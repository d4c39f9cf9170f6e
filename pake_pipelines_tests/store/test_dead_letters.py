"""Dead letters can be found by source and number, counted, and let go."""

import pytest

from pake_pipelines.model.entry import Unparsed
from pake_pipelines.store import dead_letters, sources
from pake_pipelines.store.dead_letters import NewLetter
from pake_pipelines.store.sources import SourceRow
from pake_pipelines_tests.conftest import TODAY


@pytest.fixture
async def connection(database):
    """A connection to a store that holds two letters of `a` and one of `b`."""
    async with database.transaction() as connection:
        rows = [SourceRow(slug, slug, "folder", slug, 0.5, "news", True, None) for slug in ("a", "b", "c")]
        await sources.sync_sources(connection, rows)
        letters = [
            NewLetter(source, TODAY, None, Unparsed(key, "unreadable", f"{key} is torn"))
            for source, key in (("a", "x"), ("b", "y"), ("a", "z"))
        ]
        await dead_letters.save(connection, letters, "run-1")
        yield connection


async def keys(connection, *given):
    return [letter.key for letter in await dead_letters.dead_letters(connection, *given)]


async def test_letters_are_listed_oldest_first_of_all_sources_or_one(connection):
    assert await keys(connection) == ["x", "y", "z"]
    assert await keys(connection, "a") == ["x", "z"]
    assert await keys(connection, "c") == []


async def test_a_letter_says_where_it_came_from_and_why(connection):
    letter = (await dead_letters.dead_letters(connection, "b"))[0]
    assert (letter.source, letter.day, letter.fetch_id, letter.key) == ("b", TODAY, None, "y")
    assert (letter.reason, letter.detail, letter.run_id) == ("unreadable", "y is torn", "run-1")


async def test_letters_are_found_by_number_and_only_of_the_source_asked_for(connection):
    ids = [letter.dead_letter_id for letter in await dead_letters.dead_letters(connection)]
    assert await keys(connection, None, ids[:2]) == ["x", "y"]
    assert await keys(connection, "a", ids[:2]) == ["x"]
    assert await keys(connection, None, []) == []


async def test_they_are_counted_by_source(connection):
    assert await dead_letters.count_by_source(connection) == {"a": 2, "b": 1}


async def test_deleted_letters_are_gone_and_the_others_stay(connection):
    ids = [letter.dead_letter_id for letter in await dead_letters.dead_letters(connection, "a")]
    assert await dead_letters.delete(connection, [*ids, 999]) == 2
    assert await keys(connection) == ["y"]
