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
    (entry_id,) = await shelf.entry_ids("a")
    return NodeRow(
        pake_id=shelf.id("a"), entry_id=entry_id, title="a", content="text", confidence_score=0.5,
        verification_status="pending", reasons=("why",), flags={"flagged": "x"}, source_name="S", source_uri="u",
        tags=("t",), content_hash="h", published_at=None,
    )  # fmt: skip


async def save(database, node, history, run_id="run-1"):
    async with database.transaction() as connection:
        return await nodes.save_nodes(connection, [node], history, run_id)


async def test_an_unchanged_node_is_not_written_and_has_no_history(node, database):
    first = HistoryRow(node.pake_id, None, 0.5, None, "pending", "why")
    assert await save(database, node, [first]) == [node.pake_id]
    before = await rows(database, "SELECT xmin, * FROM knowledge_nodes")
    assert await save(database, node, [first], "run-2") == []
    assert await rows(database, "SELECT xmin, * FROM knowledge_nodes") == before
    assert await value(database, "SELECT count(*) FROM confidence_history") == 1


async def test_a_change_of_status_is_remembered_with_its_run(node, database):
    await save(database, node, [HistoryRow(node.pake_id, None, 0.5, None, "pending", "why")])
    changed = replace(node, verification_status="verified", confidence_score=0.9)
    await save(database, changed, [HistoryRow(node.pake_id, 0.5, 0.9, "pending", "verified", "good")], "run-2")
    history = await rows(
        database, "SELECT old_status, new_status, reason, run_id FROM confidence_history ORDER BY history_id"
    )
    assert [tuple(row.values()) for row in history] == [
        (None, "pending", "why", "run-1"),
        ("pending", "verified", "good", "run-2"),
    ]
    logged = await rows(database, "SELECT details, run_id FROM processing_logs ORDER BY log_id")
    assert logged[1] == {"details": {"from": "pending", "to": "verified", "reason": "good"}, "run_id": "run-2"}


async def test_a_change_of_score_alone_is_history_but_no_change_of_status(node, database):
    await save(database, node, [HistoryRow(node.pake_id, None, 0.5, None, "pending", "why")])
    await save(
        database, replace(node, confidence_score=0.6), [HistoryRow(node.pake_id, 0.5, 0.6, "pending", "pending", "why")]
    )
    assert await value(database, "SELECT count(*) FROM confidence_history") == 2
    assert await value(database, "SELECT count(*) FROM processing_logs") == 1


async def test_the_fingerprint_changes_with_any_verdict_score_or_title(node, database):
    async def fingerprint():
        async with database.connection() as connection:
            return await nodes.fingerprint(connection)

    seen = [await fingerprint()]
    for state in (node, replace(node, title="b"), replace(node, confidence_score=0.6), replace(node, flags={})):
        await save(database, state, [])
        seen.append(await fingerprint())
    assert len(set(seen)) == 5
    assert await fingerprint() == seen[-1]
