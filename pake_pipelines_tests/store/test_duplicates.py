"""Copies are found in SQL, in few pairs, and what is known of a pair is replaced whole."""

import pytest

from pake_pipelines.model.comparison import Candidate
from pake_pipelines.store import duplicates
from pake_pipelines_tests.chain import rows


async def matches(shelf, database, *keys):
    """Return (key, other key) of every document that shares words or an address."""
    ids = await shelf.entry_ids(*keys)
    async with database.connection() as connection:
        found = await duplicates.sharing(connection, ids)
        held = await connection.fetch("SELECT entry_id, key FROM entries JOIN items USING (pake_id)")
    names = {row["entry_id"]: row["key"] for row in held}
    return {(names[one], names[other]) for one, other in found}


async def test_equal_words_and_equal_addresses_are_found_from_either_side(four, database):
    found = await matches(four, database, *"abcd")
    assert found == {
        ("a", "b"),
        ("b", "a"),
        ("b", "c"),
        ("c", "b"),
    }


async def test_a_dropped_or_superseded_copy_is_no_match(four, database):
    await four.write({"a": "The same words."}, dropped="too_short")
    await four.put("c", body="new")
    assert await matches(four, database, "b") == set()


async def test_three_hundred_copies_make_three_hundred_pairs(shelf, database):
    keys = [str(number) for number in range(300)]
    await shelf.put(keys)
    await shelf.write(dict.fromkeys(keys, "the very same words"))
    found = await matches(shelf, database, *keys)
    assert len({frozenset(pair[:2]) for pair in found}) == 299
    first = min(keys, key=shelf.id)
    assert all(first in pair[:2] for pair in found)


async def test_the_first_of_many_copies_is_paired_with_all_and_any_other_with_the_first(shelf, database):
    await shelf.put("abcde")
    await shelf.write(dict.fromkeys("abcde", "the very same words"))
    first, *others = sorted("abcde", key=shelf.id)
    assert await matches(shelf, database, first) == {(first, other) for other in others}
    assert await matches(shelf, database, others[0]) == {(others[0], first)}


def pair(shelf, one, other, level="near", decision="duplicate", score=0.9):
    a, b = sorted((shelf.id(one), shelf.id(other)))
    return Candidate(a, b, level, "shared_words", score, decision, {"why": "test"})


async def replace(shelf, database, keys, candidates):
    async with database.transaction() as connection:
        return await duplicates.replace_candidates(
            connection, [shelf.id(key) for key in keys], candidates, version="1", run_id="r"
        )


async def test_candidates_replace_what_was_known_of_their_items_and_nothing_else(four, database):
    await replace(four, database, "abcd", [pair(four, "a", "b"), pair(four, "c", "d")])
    changed = await replace(four, database, "a", [pair(four, "a", "c")])
    assert changed.items == {four.id(key) for key in "abc"}
    held = await rows(database, "SELECT a_id, b_id FROM duplicate_candidates")
    assert {frozenset(row.values()) for row in held} == {
        frozenset((four.id("a"), four.id("c"))),
        frozenset((four.id("c"), four.id("d"))),
    }


async def test_the_same_candidates_again_change_nothing(four, database):
    await replace(four, database, "ab", [pair(four, "a", "b")])
    changed = await replace(four, database, "ab", [pair(four, "a", "b")])
    assert (changed.items, changed.parted) == (set(), set())


@pytest.mark.parametrize("now", [[], ["near"]])
async def test_items_that_no_longer_share_anything_are_named(four, database, now):
    await replace(four, database, "ab", [pair(four, "a", "b", "exact", score=1.0)])
    changed = await replace(four, database, "a", [pair(four, "a", "b", level) for level in now])
    assert changed.parted == {four.id("a"), four.id("b")}
