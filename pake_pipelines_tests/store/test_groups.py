"""Groups are replaced whole: merged, split, dissolved, and no group stays that is no longer one."""

from pake_pipelines.model.comparison import Group
from pake_pipelines.store import groups
from pake_pipelines_tests.chain import rows
from pake_pipelines_tests.store.test_duplicates import pair, replace


async def regroup(shelf, database, touched, *wanted):
    made = []
    for members in wanted:
        ids = sorted(map(shelf.id, members))
        made.append(Group(ids[0], shelf.id(members[0]), tuple(ids)))
    async with database.transaction() as connection:
        return await groups.replace_groups(connection, [shelf.id(key) for key in touched], made, "r")


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
        around = await groups.surroundings(connection, [four.id("a")])
    assert around.items == {four.id(key) for key in "abd"}
    assert [(one.a, one.b) for one in around.pairs] == [tuple(sorted((four.id("a"), four.id("b"))))]


async def test_group_counts_cover_the_whole_store(four, database):
    await replace(four, database, "abcd", [pair(four, "a", "b"), pair(four, "c", "d", "exact", score=1.0)])
    await regroup(four, database, "abcd", "ab", "cd")
    async with database.connection() as connection:
        counts = await groups.group_counts(connection, suspicious_members=2)
    assert (counts.groups, counts.duplicates, counts.largest, counts.suspicious) == (2, 2, 2, 0)
    assert counts.by_level == {"near": 1, "exact": 1}


async def test_a_large_group_of_different_texts_is_suspicious(four, database):
    await replace(four, database, "abc", [pair(four, "a", "b"), pair(four, "b", "c")])
    await regroup(four, database, "abc", "abc")
    async with database.connection() as connection:
        assert (await groups.group_counts(connection, suspicious_members=2)).suspicious == 1
        assert (await groups.group_counts(connection, suspicious_members=3)).suspicious == 0
