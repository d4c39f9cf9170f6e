"""Every promise notices when it is broken, and only then."""

from datetime import timedelta

import pytest

from pake_pipelines.store.integrity import PROMISES, offenders
from pake_pipelines_tests.chain import execute, value, visit, walk
from pake_pipelines_tests.feeds import item, prose, rss, sources_yaml

_FIRST = "(SELECT min(entry_id) FROM documents)"
VIOLATIONS = {
    "no_dead_letters": "INSERT INTO dead_letters (source, day, key, reason, detail, run_id)"
    " SELECT 'feed', day, 'k', 'r', 'd', 'x' FROM entries LIMIT 1",
    "documents_complete": f"DELETE FROM documents WHERE entry_id = {_FIRST}",
    "vectors_complete": "DELETE FROM embeddings WHERE embedding_key ="
    f" (SELECT embedding_key FROM documents WHERE entry_id = {_FIRST})",
    "groups_consistent": "UPDATE duplicate_groups SET members = members + 1",
    "duplicates_point_at_canonical": "UPDATE duplicate_groups g SET canonical_id ="
    " (SELECT pake_id FROM duplicate_members m WHERE m.group_id = g.group_id AND m.pake_id <> g.canonical_id LIMIT 1)",
    "connections_between_kept": "UPDATE documents SET dropped = 'too_short' WHERE entry_id ="
    " (SELECT entry_id FROM node_connections JOIN entries ON pake_id = source_id LIMIT 1)",
    "judged_completely": f"DELETE FROM confidence_scores WHERE entry_id = {_FIRST}",
    "nothing_unknown": f"UPDATE qa_results SET unknowns = '{{spam}}' WHERE entry_id = {_FIRST}",
    "verdicts_complete": f"DELETE FROM knowledge_nodes WHERE entry_id = {_FIRST}",
    "verified_are_sound": "UPDATE knowledge_nodes SET verification_status = 'verified'"
    " WHERE metadata ->> 'flagged' = 'potential_duplicate'",
}


@pytest.fixture
async def sound(configure, kit_of, database, run):
    """Three items walked to the end, two of them copies."""
    settings = configure(sources_yaml(feed="feed.xml"))
    (settings.home / "feed.xml").write_bytes(rss(item(1), item(2, text=prose(1)), item(3)))
    kit = kit_of(settings)
    await visit(kit, database, run)
    await walk(kit, database, run)


async def broken(database, day):
    async with database.connection() as connection:
        return {name: found.count for name in PROMISES if (found := await offenders(connection, name, day)).count}


async def test_a_sound_store_breaks_no_promise(sound, database, run):
    assert await broken(database, run.day) == {}


def test_every_promise_has_a_violation_here():
    assert set(VIOLATIONS) == set(PROMISES)


@pytest.mark.parametrize("promise", VIOLATIONS)
async def test_a_broken_promise_is_noticed(promise, sound, database, run):
    await execute(database, VIOLATIONS[promise])
    assert (await broken(database, run.day))[promise] == 1


@pytest.mark.parametrize("promise", sorted(set(VIOLATIONS) - {"groups_consistent", "duplicates_point_at_canonical"}))
async def test_a_promise_broken_on_another_day_is_not_this_days(promise, sound, database, run):
    await execute(database, VIOLATIONS[promise])
    assert promise not in await broken(database, run.day + timedelta(days=1))


async def test_a_group_whose_canonical_member_is_no_member_is_noticed(sound, database, run):
    await execute(
        database,
        """
        UPDATE duplicate_groups SET canonical_id =
            (SELECT pake_id FROM items WHERE pake_id NOT IN (SELECT pake_id FROM duplicate_members))
        """,
    )
    assert (await broken(database, run.day))["groups_consistent"] == 1


async def test_a_verified_node_that_breaks_a_rule_is_noticed(sound, database, run):
    await execute(
        database,
        """
        WITH last AS (SELECT max(entry_id) AS entry_id FROM documents),
             bad AS (UPDATE qa_results q SET valid = false FROM last WHERE q.entry_id = last.entry_id RETURNING 1)
        UPDATE knowledge_nodes n SET verification_status = 'verified' FROM last WHERE n.entry_id = last.entry_id
        """,
    )
    assert (await broken(database, run.day))["verified_are_sound"] == 1


async def test_offenders_are_counted_all_but_named_only_in_part(configure, kit_of, database, run):
    settings = configure(sources_yaml(feed="feed.xml"))
    (settings.home / "feed.xml").write_bytes(rss(*map(item, range(30))))
    await visit(kit_of(settings), database, run)
    async with database.connection() as connection:
        found = await offenders(connection, "documents_complete", run.day)
    assert (found.count, len(found.ids)) == (30, 20)


async def test_a_run_over_some_sources_answers_for_their_items_only(sound, database, run):
    await execute(database, VIOLATIONS["judged_completely"])
    async with database.connection() as connection:
        found = {
            source: (await offenders(connection, "judged_completely", run.day, sources=[source])).count
            for source in ("feed", "another")
        }
    assert found == {"feed": 1, "another": 0}


async def test_an_unknown_promise_is_an_error_and_not_a_kept_one(database, run):
    async with database.connection() as connection:
        with pytest.raises(KeyError):
            await offenders(connection, "no_such_promise", run.day)


async def test_the_store_itself_refuses_a_status_or_a_score_that_cannot_be(sound, database):
    for assignment in ("verification_status = 'fine'", "confidence_score = 1.1", "confidence_score = -0.1"):
        with pytest.raises(Exception, match="check constraint"):
            await value(database, f"UPDATE knowledge_nodes SET {assignment}")
