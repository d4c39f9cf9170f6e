"""Copies are found and grouped in SQL: few pairs, one group, and no group that is no longer one."""

import pytest

from pake_pipelines.model.comparison import Candidate, Group
from pake_pipelines.store import duplicates
from pake_pipelines_tests.chain import rows


async def matches(shelf, database, *keys):
    ids = await shelf.entry_ids(*keys)
    async with database.connection() as connection:
        found = await duplicates.exact_matches(connection, ids)
    names = {shelf.id(key): key for key in keys}
    return {(names.get(one.pake_id), names.get(one.other_id), one.level) for one in found}


@pytest.fixture
async def four(shelf):
    """Four items, of which a and b share their words, b and c an address."""
    await shelf.put("abcd")
    await shelf.write(
        {"a": "The same WORDS.", "b": "the same words", "c": "others", "d": "alone"},
        urls={"b": "https://x.example/1", "c": "https://x.example/1", "d": "https://x.example/2"},
    )
    return shelf


async def test_equal_words_and_equal_addresses_are_found_from_either_side(four, database):
    found = await matches(four, database, *"abcd")
    assert found == {
        ("a", "b", "exact_text"),
        ("b", "a", "exact_text"),
        ("b", "c", "exact_url"),
        ("c", "b", "exact_url"),
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
    assert {pair[0] for pair in await matches(shelf, database, first)} == {first}
    ids = await shelf.entry_ids(first)
    async with database.connection() as connection:
        assert {one.other_id for one in await duplicates.exact_matches(connection, ids)} == {
            shelf.id(key) for key in others
        }
        found = await duplicates.exact_matches(connection, await shelf.entry_ids(others[0]))
    assert [one.other_id for one in found] == [shelf.id(first)]


def pair(shelf, one, other, level="semantic", decision="duplicate", score=0.9):
    a, b = sorted((shelf.id(one), shelf.id(other)))
    return Candidate(a, b, level, score, decision, {"why": "test"})


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


@pytest.mark.parametrize("now", [[], ["semantic"]])
async def test_items_that_no_longer_share_anything_are_named(four, database, now):
    await replace(four, database, "ab", [pair(four, "a", "b", "exact_text", score=1.0)])
    changed = await replace(four, database, "a", [pair(four, "a", "b", level) for level in now])
    assert changed.parted == {four.id("a"), four.id("b")}


async def regroup(shelf, database, touched, *groups):
    made = []
    for members in groups:
        ids = sorted(map(shelf.id, members))
        made.append(Group(ids[0], shelf.id(members[0]), tuple(ids)))
    async with database.transaction() as connection:
        return await duplicates.replace_groups(connection, [shelf.id(key) for key in touched], made, "r")


async def held(shelf, database):
    names = {shelf.id(key): key for key in "abcdef"}
    found = await rows(
        database, "SELECT canonical_id, m.pake_id FROM duplicate_groups JOIN duplicate_members m USING (group_id)"
    )
    groups = {}
    for row in found:
        groups.setdefault(names[row["canonical_id"]], set()).add(names[row["pake_id"]])
    return groups


async def test_groups_merge_and_split_and_dissolve(four, database):
    await regroup(four, database, "abcd", "ab", "cd")
    assert await held(four, database) == {"a": {"a", "b"}, "c": {"c", "d"}}
    assert await regroup(four, database, "abcd", "abcd") == {four.id(key) for key in "abcd"}
    assert await held(four, database) == {"a": {"a", "b", "c", "d"}}
    await regroup(four, database, "abcd", "bc")
    assert await held(four, database) == {"b": {"b", "c"}}
    await regroup(four, database, "bc")
    assert await held(four, database) == {}


async def test_an_unchanged_group_is_not_written_again(four, database):
    await regroup(four, database, "abcd", "ab")
    before = await rows(database, "SELECT xmin, * FROM duplicate_groups")
    assert await regroup(four, database, "abcd", "ab") == set()
    assert await rows(database, "SELECT xmin, * FROM duplicate_groups") == before


async def test_a_new_canonical_member_is_a_change_for_the_members_concerned(four, database):
    await regroup(four, database, "abc", "abc")
    assert await regroup(four, database, "abc", "bac") == {four.id("a"), four.id("b")}


async def test_the_surroundings_of_an_item_reach_through_pairs_and_old_groups(four, database):
    await replace(four, database, "abc", [pair(four, "a", "b"), pair(four, "b", "c", decision="similar")])
    await regroup(four, database, "bd", "bd")
    async with database.connection() as connection:
        reached, pairs = await duplicates.surroundings(connection, [four.id("a")])
    assert reached == {four.id(key) for key in "abd"}
    assert len(pairs) == 1


async def test_group_counts_cover_the_whole_store(four, database):
    await regroup(four, database, "abcd", "abc")
    async with database.connection() as connection:
        counts = await duplicates.group_counts(connection)
    assert (counts.groups, counts.duplicates, counts.largest) == (1, 2, 3)
