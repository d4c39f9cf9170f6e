"""Items and their versions: one in force, none lost."""

from datetime import timedelta

import asyncpg
import pytest

from pake_pipelines.model.entry import Unparsed
from pake_pipelines.store import dead_letters, entries
from pake_pipelines_tests.chain import rows, value
from pake_pipelines_tests.conftest import TODAY


async def test_a_new_version_retires_the_one_before(shelf, database):
    await shelf.put(["a", "b"], body="one")
    await shelf.put(["a"], body="two")
    found = await rows(
        database, "SELECT title, version, body, superseded_at IS NULL AS live FROM entries ORDER BY 1, 2"
    )
    assert [tuple(row.values()) for row in found] == [
        ("a", 1, "one", False),
        ("a", 2, "two", True),
        ("b", 1, "one", True),
    ]


async def test_two_versions_in_force_cannot_be(shelf, database):
    await shelf.put(["a"])
    with pytest.raises(asyncpg.UniqueViolationError):
        await value(
            database,
            """
            INSERT INTO entries (pake_id, version, day, title, body, media_type, entry_hash, fetch_id, run_id)
            SELECT pake_id, 2, day, title, body, media_type, entry_hash, fetch_id, run_id FROM entries
            """,
        )


async def test_the_version_in_force_is_known_by_its_hash_and_fetch(shelf, database):
    await shelf.put(["a"], body="one")
    await shelf.put(["a"], body="two")
    async with database.connection() as connection:
        known = await entries.current_versions(connection, [("s", "a"), ("s", "unknown"), ("other", "a")])
    assert list(known) == [("s", "a")]
    (found,) = known.values()
    assert (found.pake_id, found.version, found.day, found.gone) == (shelf.id("a"), 2, TODAY, False)
    assert found.entry_hash == await value(database, "SELECT entry_hash FROM entries WHERE version = 2")


async def test_items_are_counted_by_the_day_of_their_version_in_force(shelf, database):
    await shelf.put(["a", "b"])
    await shelf.put(["a"], day=TODAY + timedelta(days=1), body="two")
    async with database.connection() as connection:
        counts = [await entries.count_of_day(connection, TODAY + timedelta(days=n)) for n in range(3)]
        by_source = await entries.counts_of_day(connection, TODAY, ["s", "other"])
    assert by_source == {"s": 1, "other": 0}
    assert counts == [1, 1, 0]


async def test_the_same_dead_letter_is_kept_once(shelf, database):
    letters = [
        Unparsed("a", "too_large", "big"),
        Unparsed("a", "unreadable", "closed"),
        Unparsed("b", "too_large", "big"),
    ]
    counts = []
    for _ in range(2):
        async with database.transaction() as connection:
            counts.append(
                await dead_letters.save(
                    connection, [dead_letters.NewLetter("s", TODAY, None, letter) for letter in letters], "r"
                )
            )
    assert counts == [3, 0]
    assert await value(database, "SELECT count(*) FROM dead_letters") == 3
