"""Connections and references in SQL: what replaces what, what is looked up, and what changes nothing."""

from dataclasses import replace

import pytest

from pake_pipelines.dedup.fingerprint import content_hash, embedding_key
from pake_pipelines.model.comparison import Edge
from pake_pipelines.model.document import Document, Language, Linguistics, Structure
from pake_pipelines.store import connections, references
from pake_pipelines_tests.chain import execute, rows


@pytest.fixture
async def five(shelf):
    """Five items with a document each."""
    await shelf.put("abcde")
    await shelf.write({key: f"text {key}" for key in "abcde"})
    return shelf


def edge(shelf, source, target, kind="shares_entity", strength=0.5, **evidence):
    return Edge(shelf.id(source), shelf.id(target), kind, strength, evidence)


async def put(database, starts, edges):
    async with database.transaction() as connection:
        return await connections.replace_connections(connection, starts, edges, "run-1")


async def drawn(shelf, database):
    found = await rows(database, "SELECT source_id, connection_type, target_id FROM node_connections")
    names = {shelf.id(key): key for key in "abcde"}
    return {(names[one["source_id"]], one["connection_type"], names[one["target_id"]]) for one in found}


async def test_only_the_connections_of_the_given_types_and_starts_are_replaced(five, database):
    edges = [edge(five, "a", "b"), edge(five, "a", "b", "cites"), edge(five, "c", "b")]
    a, c = five.id("a"), five.id("c")
    await put(database, {"shares_entity": [a, c], "cites": [a]}, edges)
    changed = await put(database, {"shares_entity": [a]}, [edge(five, "a", "d")])
    assert await drawn(five, database) == {
        ("a", "shares_entity", "d"),
        ("a", "cites", "b"),
        ("c", "shares_entity", "b"),
    }
    assert (changed.written, changed.removed) == (("shares_entity",), ("shares_entity",))
    assert changed.items == {five.id(key) for key in "abd"}


async def test_a_connection_is_written_or_displaced_beside_what_else_starts_there(five, database):
    await put(database, {}, [edge(five, "a", "b"), edge(five, "a", "c"), edge(five, "a", "d", "cites")])
    async with database.transaction() as connection:
        changed = await connections.replace_connections(
            connection, {}, [edge(five, "a", "e")], "run-1", displaced=[edge(five, "a", "b")]
        )
    assert await drawn(five, database) == {
        ("a", "shares_entity", "c"),
        ("a", "shares_entity", "e"),
        ("a", "cites", "d"),
    }
    assert changed.items == {five.id(key) for key in "abe"}


async def test_the_same_connections_again_change_nothing_and_other_evidence_does(five, database):
    starts = {"shares_entity": [five.id("a")]}
    first = edge(five, "a", "b", strength=0.6667, shared=["ann"])
    await put(database, starts, [first])
    assert (await put(database, starts, [first])).items == frozenset()
    assert (await put(database, starts, [replace(first, evidence={"shared": ["bob"]})])).written == ("shares_entity",)


async def test_what_is_read_back_equals_what_was_written(five, database):
    first = edge(five, "a", "b", strength=0.6667, shared=["ann"])
    await put(database, {"shares_entity": [five.id("a")]}, [first])
    async with database.connection() as connection:
        by_start = await connections.lists_around(connection, "shares_entity", [], [five.id("a")])
        by_end = await connections.lists_around(connection, "shares_entity", [five.id("b")], [])
    assert by_start == by_end == {five.id("a"): [first]}


async def test_forgetting_an_item_names_those_it_was_connected_with(five, database):
    edges = [edge(five, "a", "b"), edge(five, "c", "a"), edge(five, "d", "e")]
    await put(database, {"shares_entity": [five.id(key) for key in "acd"]}, edges)
    async with database.transaction() as connection:
        assert await connections.forget(connection, [five.id("a")]) == {five.id("b"), five.id("c")}
    assert await drawn(five, database) == {("d", "shares_entity", "e")}


async def test_a_connection_in_both_directions_counts_once(five, database):
    edges = [edge(five, "a", "b", strength=0.5), edge(five, "b", "a", strength=0.5), edge(five, "c", "a", "cites", 1.0)]
    await put(database, {}, edges)
    async with database.connection() as connection:
        found = await connections.connections_of(connection, [five.id("a")])
    assert found == {five.id("a"): [("cites", 1.0), ("shares_entity", 0.5)]}


async def test_a_compared_pair_is_seen_from_both_sides_with_its_reason(five, database):
    a, b = sorted("ab", key=five.id)
    pair = """
        INSERT INTO duplicate_candidates (a_id, b_id, level, reason, score, decision, evidence, version, run_id)
        VALUES ($1, $2, 'near', 'contained', 0.5, 'contradicted', '{}', '1', 'r')
    """
    await execute(database, pair, five.id(a), five.id(b))
    async with database.connection() as connection:
        found = await connections.pairs_of(connection, await five.entry_ids(*"abc"))
    assert [(one.pake_id, one.other_id) for one in found] == [(five.id(a), five.id(b)), (five.id(b), five.id(a))]
    assert {(one.level, one.reason, one.decision) for one in found} == {("near", "contained", "contradicted")}
    await five.write({b: "too short"}, dropped="too_short")
    async with database.connection() as connection:
        assert await connections.pairs_of(connection, await five.entry_ids(a)) == []


def document(entry_id, *, names=(), links=(), dropped=None):
    return Document(
        entry_id=entry_id, title="", text="", canonical_url=None, content_hash=content_hash(""),
        embedding_key=embedding_key("", ""), language=Language("en", 1.0), structure=Structure(),
        linguistics=Linguistics(), links=links, entities=names, dropped=dropped,
    )  # fmt: skip


async def refer(shelf, max_documents=100, dropped=None, **said):
    """Save what the versions in force of some keys refer to: a string's letters as names, a tuple as links."""
    ids = await shelf.entry_ids(*said)
    made = [
        document(entry_id, dropped=dropped, **{"names" if isinstance(given, str) else "links": tuple(given)})
        for entry_id, given in zip(ids, said.values(), strict=True)
    ]
    async with shelf.database.transaction() as connection:
        moved = await references.save_references(connection, made, max_documents=max_documents)
    return {key for key in "abcde" if shelf.id(key) in moved}


async def test_references_are_replaced_where_they_differ_only(five):
    assert await refer(five, a="xy", b="x", c=("https://x.example/",)) == {"a", "b", "c"}
    assert await refer(five, a="xy", b="x", c=("https://x.example/",)) == set()
    assert await refer(five, a="xy", b="y", c=("https://y.example/",)) == {"b", "c"}


async def test_only_the_newest_version_of_a_kept_item_refers_to_anything(five, database):
    await refer(five, a="xy", b="xy")
    await five.put("a", body="new")
    await refer(five, a="z")
    await refer(five, b="xy", dropped="too_short")
    (newest,) = await five.entry_ids("a")
    assert await rows(database, "SELECT * FROM document_entities") == [{"entry_id": newest, "entity": "z"}]


async def test_those_who_hold_a_name_hear_of_it_when_it_becomes_common_or_rare(five):
    await refer(five, max_documents=2, a="xy", b="x")
    assert await refer(five, max_documents=2, c="x") == {"a", "b", "c"}
    assert await refer(five, max_documents=2, d="x") == {"d"}
    assert await refer(five, max_documents=2, d="") == {"d"}
    assert await refer(five, max_documents=2, c="") == {"a", "b", "c"}


async def shared(shelf, database, *keys, at_least=1, max_documents=100):
    ids = await shelf.entry_ids(*keys)
    async with database.connection() as connection:
        found = await references.sharing(connection, ids, at_least=at_least, max_documents=max_documents)
    names = {shelf.id(key): key for key in "abcde"}
    return {(names[one], names[other]) for one, other in found}


async def test_names_in_too_few_or_too_many_connect_nobody(five, database):
    await refer(five, a="xyz", b="xy", c="x", d="z")
    assert await shared(five, database, "a") == {("a", "b"), ("a", "c"), ("a", "d")}
    assert await shared(five, database, "a", at_least=2) == {("a", "b")}
    assert await shared(five, database, "a", max_documents=2) == {("a", "b"), ("a", "d")}


async def test_copies_of_one_group_share_no_names(five, database):
    await refer(five, a="x", b="x", c="x")
    group = "INSERT INTO duplicate_groups (group_id, canonical_id, members, run_id) VALUES ($1, $1, 2, 'r')"
    await execute(database, group, five.id("a"))
    joined = "INSERT INTO duplicate_members (pake_id, group_id) SELECT unnest($2::uuid[]), $1"
    await execute(database, joined, five.id("a"), [five.id("a"), five.id("b")])
    assert await shared(five, database, "a", "c") == {("a", "c"), ("c", "a"), ("c", "b")}


async def test_of_items_at_one_address_the_smallest_is_cited(five, database):
    at = "https://x.example/1"
    await five.write({"b": "one", "c": "two", "d": "three"}, urls={"b": at, "c": at, "d": at})
    await refer(five, a=(at, "https://elsewhere.example/"), b=(at,))
    async with database.connection() as connection:
        found = await references.citations(connection, [five.id("a"), five.id("b")])
        asked = await references.citers(connection, [five.id("d")])
    smallest = min(map(five.id, "bcd"))
    after_b = min(map(five.id, "cd"))
    assert set(found) == {(five.id("a"), smallest, at), (five.id("b"), after_b, at)}
    assert asked == {five.id("a"), five.id("b")}


async def test_an_address_that_an_item_had_leads_to_those_who_link_to_it(five, database):
    at = "https://x.example/1"
    await five.write({"b": "one"}, urls={"b": at})
    await refer(five, a=(at,))
    await five.put("b", body="moved")
    await five.write({"b": "moved"}, urls={"b": "https://x.example/2"})
    async with database.connection() as connection:
        assert await references.citers(connection, [five.id("b")]) == {five.id("a")}
        assert await references.citations(connection, [five.id("a")]) == []
