"""Knowledge nodes: the sample rows, what is written when, and the history that is kept of it."""

from dataclasses import replace

import pytest

from pake_pipelines.store import nodes
from pake_pipelines.store.nodes import HistoryRow, NodeRow
from pake_pipelines_tests.chain import rows, value


async def test_the_sample_rows_are_put_in_once(database):
    counts = []
    for _ in range(2):
        async with database.transaction() as connection:
            counts.append(await nodes.seed_sample_rows(connection))
    assert counts == [2, 0]
    found = await rows(
        database,
        "SELECT source_uri, content, confidence_score::numeric AS score, type, verification_status AS status, tags"
        " FROM knowledge_nodes ORDER BY source_uri",
    )
    assert [(row["source_uri"], float(row["score"]), row["type"], row["status"], row["tags"]) for row in found] == [
        ("local://system", 1.0, "system", "verified", ["system", "initialization"]),
        ("local://test", 0.8, "test", "verified", ["test", "validation"]),
    ]
    assert found[0]["content"] == "PAKE+ System initialization successful. All components operational."
    assert found[1]["content"] == "Test knowledge node for validation of ingestion pipeline functionality."


async def test_a_sample_row_that_somebody_changed_is_left_as_it_is(database):
    async with database.transaction() as connection:
        await nodes.seed_sample_rows(connection)
    await value(database, "UPDATE knowledge_nodes SET title = 'Mine' WHERE source_uri = 'local://test'")
    async with database.transaction() as connection:
        assert await nodes.seed_sample_rows(connection) == 0
    assert await value(database, "SELECT title FROM knowledge_nodes WHERE source_uri = 'local://test'") == "Mine"


@pytest.fixture
async def node(shelf):
    await shelf.put(["a"])
    await shelf.write({"a": "text"})
    (entry_id,) = await shelf.entry_ids("a")
    return NodeRow(entry_id, 0.5, "pending", ("why",), {"flagged": "x"})


@pytest.fixture
def first(shelf):
    return HistoryRow(shelf.id("a"), None, 0.5, None, "pending", "why", "first judgement")


async def save(database, node, history, run_id="run-1"):
    async with database.transaction() as connection:
        return await nodes.save_nodes(connection, [node], history, run_id)


async def test_a_node_has_the_text_of_its_document_and_five_key_phrases_beside_its_tags(node, shelf, database):
    phrases = ["Tag", "grid storage", "b", "c", "d", "e"]
    await value(database, "UPDATE entries SET tags = '{tag}'")
    await value(
        database,
        "UPDATE documents SET linguistics = linguistics || jsonb_build_object('key_phrases', $1::text[])",
        phrases,
    )
    await save(database, node, [])
    (found,) = await rows(database, "SELECT n.title = d.title AND n.content = d.text AS same, n.tags FROM documents d "
                          "JOIN knowledge_nodes n USING (entry_id)")  # fmt: skip
    assert found == {"same": True, "tags": ["tag", "grid storage", "b", "c", "d"]}


async def test_an_unchanged_node_is_not_written_and_has_no_history(node, first, shelf, database):
    assert await save(database, node, [first]) == [shelf.id("a")]
    before = await rows(database, "SELECT xmin, * FROM knowledge_nodes")
    assert await save(database, node, [first], "run-2") == []
    assert await rows(database, "SELECT xmin, * FROM knowledge_nodes") == before
    assert await value(database, "SELECT count(*) FROM confidence_history") == 1


async def test_a_change_of_status_is_remembered_with_its_cause_and_its_run(node, first, shelf, database):
    await save(database, node, [first])
    changed = replace(node, verification_status="verified", confidence_score=0.9)
    good = HistoryRow(shelf.id("a"), 0.5, 0.9, "pending", "verified", "good", "a citation", "ada")
    await save(database, changed, [good], "run-2")
    history = await rows(
        database,
        "SELECT old_status, new_status, reason, cause, changed_by, run_id FROM confidence_history ORDER BY history_id",
    )
    assert [tuple(row.values()) for row in history] == [
        (None, "pending", "why", "first judgement", "pipeline", "run-1"),
        ("pending", "verified", "good", "a citation", "ada", "run-2"),
    ]
    logged = await rows(database, "SELECT details, run_id FROM processing_logs ORDER BY log_id")
    assert logged[1] == {"details": {"from": "pending", "to": "verified", "reason": "good"}, "run_id": "run-2"}


async def test_a_change_of_score_alone_is_history_but_no_change_of_status(node, first, shelf, database):
    await save(database, node, [first])
    better = HistoryRow(shelf.id("a"), 0.5, 0.6, "pending", "pending", "why", "a citation")
    await save(database, replace(node, confidence_score=0.6), [better])
    assert await value(database, "SELECT count(*) FROM confidence_history") == 2
    assert await value(database, "SELECT count(*) FROM processing_logs") == 1
