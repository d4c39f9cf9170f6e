"""Labels are bound to a version and a person, and are read with the score of now."""

import pytest

from pake_pipelines.store import labels
from pake_pipelines.store.labels import NewLabel
from pake_pipelines_tests.chain import execute, rows


@pytest.fixture
async def scored(shelf, database):
    """Items a, b and c with the scores 0.2, 0.5 and 0.8."""
    await shelf.put("abc")
    await shelf.write({"a": "first text", "b": "second", "c": "third"})
    await score(shelf, database, a=0.2, b=0.5, c=0.8)
    return shelf


async def score(shelf, database, **scores):
    for key, value in scores.items():
        (entry_id,) = await shelf.entry_ids(key)
        await execute(
            database,
            """INSERT INTO confidence_scores (entry_id, score, decision_score, factors) VALUES ($1, $2, $2, $3)
               ON CONFLICT (entry_id) DO UPDATE SET decision_score = excluded.decision_score""",
            entry_id,
            value,
            [{"name": "temporal_relevance", "value": None}, {"name": "source_authority", "value": 0.7}],
        )


async def say(shelf, database, actor="anna", **said):
    ids = await shelf.entry_ids(*said)
    async with database.transaction() as connection:
        await labels.save(
            connection, actor, [NewLabel(one, good, 2.5) for one, good in zip(ids, said.values(), strict=True)]
        )


async def test_a_label_is_read_with_the_score_of_now_and_keeps_the_one_of_then(scored, database):
    await say(scored, database, a=True)
    await score(scored, database, a=0.9)
    async with database.connection() as connection:
        (one,) = await labels.stored(connection)
    assert (one.good, one.weight, one.source, one.superseded) == (True, 2.5, "s", False)
    assert (one.decision_score, one.authority, one.characters) == (0.9, 0.7, len("first text"))
    (then,) = await rows(database, "SELECT decision_score FROM quality_labels")
    assert then == {"decision_score": 0.2}


async def test_a_second_label_of_a_person_replaces_the_first_and_another_persons_stands_beside_it(scored, database):
    await say(scored, database, a=True)
    await say(scored, database, a=False)
    await say(scored, database, actor="ben", a=True)
    async with database.connection() as connection:
        assert [(one.actor, one.good) for one in await labels.stored(connection)] == [("anna", False), ("ben", True)]


async def test_what_a_person_has_not_labelled_is_scored_in_force_and_no_copy(scored, database):
    first, second, third = await scored.entry_ids("a", "b", "c")
    await say(scored, database, a=True)
    await scored.put("d")
    async with database.connection() as connection:
        assert await labels.unlabelled(connection, "anna") == [(second, 0.5), (third, 0.8)]
        assert [one for one, _ in await labels.unlabelled(connection, "ben")] == [first, second, third]
        ids = [scored.id(key) for key in "abc"]
        await connection.execute(
            "INSERT INTO duplicate_groups (group_id, canonical_id, members, run_id) VALUES ($1, $2, 2, 'r')",
            min(ids[:2]),
            ids[1],
        )
        await connection.executemany(
            "INSERT INTO duplicate_members (pake_id, group_id) VALUES ($1, $2)",
            [(one, min(ids[:2])) for one in ids[:2]],
        )
        assert [one for one, _ in await labels.unlabelled(connection, "ben")] == [second, third]


async def test_a_new_version_is_asked_for_again_and_the_old_label_is_marked(scored, database):
    await say(scored, database, a=True)
    await scored.put("a", body="new")
    await scored.write({"a": "another text"})
    await score(scored, database, a=0.3)
    (fresh,) = await scored.entry_ids("a")
    async with database.connection() as connection:
        assert fresh in [one for one, _ in await labels.unlabelled(connection, "anna")]
        (one,) = await labels.stored(connection)
    assert one.superseded


async def test_a_label_of_a_dropped_item_has_no_score(scored, database):
    await say(scored, database, a=True)
    await scored.write({"a": "first text"}, dropped="too_short")
    async with database.connection() as connection:
        (one,) = await labels.stored(connection)
        assert await labels.shown(connection, one.entry_id) is None
    assert one.decision_score is None


async def test_a_label_taken_back_is_gone(scored, database):
    await say(scored, database, a=True, b=False)
    (first,) = await scored.entry_ids("a")
    async with database.transaction() as connection:
        await labels.take_back(connection, "ben", first)
        await labels.take_back(connection, "anna", first)
    assert [row["good"] for row in await rows(database, "SELECT good FROM quality_labels")] == [False]


async def test_items_and_versions_are_found_by_their_ids(scored, database):
    first, second = await scored.entry_ids("a", "b")
    async with database.connection() as connection:
        assert await labels.current_entries(connection, [scored.id("a"), scored.id("zz")]) == {scored.id("a"): first}
        assert await labels.known_entries(connection, [second, 2**62]) == {second}
        shown = await labels.shown(connection, first)
    assert (shown.title, shown.text, shown.source_name) == ("a", "first text", "S")
