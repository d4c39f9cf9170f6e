"""Connections: a copy points at its canonical item only, links cite, names are shared, and nobody has too many."""

from collections import Counter
from dataclasses import replace
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from pake_pipelines.dedup.edges import cite, connect, merge, share, strongest
from pake_pipelines.model.comparison import Edge, Pair

A, B, C, D = (UUID(int=n) for n in range(1, 5))


def similar(one, other, score):
    return Pair(one, other, "semantic", "close_meaning", score, "similar", None)


def duplicate(one, other, score, canonical):
    return Pair(one, other, "exact", "same_text", score, "duplicate", canonical)


def test_similar_items_are_connected_with_the_strength_of_their_similarity():
    evidence = {"level": "semantic", "reason": "close_meaning", "decision": "similar"}
    assert connect([similar(A, B, 0.8)], max_degree=5) == [Edge(A, B, "similar_to", 0.8, evidence)]


def test_close_items_that_state_other_facts_are_similar_and_the_evidence_says_why_they_are_no_copies():
    (edge,) = connect([replace(similar(A, B, 0.95), decision="contradicted", canonical_id=C)], max_degree=5)
    assert (edge.connection_type, edge.evidence["decision"]) == ("similar_to", "contradicted")


def test_a_copy_points_at_the_canonical_item_even_when_it_was_compared_with_another():
    evidence = {"level": "exact", "reason": "same_text"}
    assert connect([duplicate(A, B, 1.0, C)], max_degree=5) == [Edge(A, C, "duplicate_of", 1.0, evidence)]


def test_the_canonical_item_points_at_none_of_its_copies():
    assert connect([duplicate(A, B, 1.0, A), duplicate(A, C, 0.9, A)], max_degree=5) == []


def test_copies_that_were_kept_out_of_one_group_are_similar():
    (edge,) = connect([duplicate(A, B, 1.0, None)], max_degree=5)
    assert (edge.connection_type, edge.evidence["decision"]) == ("similar_to", "duplicate")


def test_the_strongest_of_several_reasons_counts():
    (edge,) = connect([duplicate(A, B, 1.0, C), duplicate(A, C, 0.9, C)], max_degree=5)
    assert edge.strength == 1.0


def test_an_item_keeps_its_strongest_connections_only():
    found = connect([similar(A, B, 0.9), similar(A, C, 0.8), similar(A, D, 0.7)], max_degree=2)
    assert [edge.target_id for edge in found] == [B, C]


def test_copies_do_not_use_up_the_degree():
    found = connect([duplicate(A, D, 1.0, D), similar(A, B, 0.9), similar(A, C, 0.8)], max_degree=2)
    assert [edge.connection_type for edge in found] == ["duplicate_of", "similar_to", "similar_to"]


ids = st.integers(1, 8).map(lambda n: UUID(int=n))
scores = st.floats(0, 1)
pairs = st.lists(
    st.builds(similar, ids, ids, scores) | st.builds(duplicate, ids, ids, scores, st.none() | ids), max_size=40
).map(lambda found: sorted((p for p in found if p.pake_id != p.other_id), key=lambda p: -p.score))


@given(pairs, st.integers(1, 4))
def test_the_degree_is_bounded_and_no_edge_is_drawn_twice_or_onto_itself(found, most):
    edges = connect(found, max_degree=most)
    degrees = Counter(edge.source_id for edge in edges if edge.connection_type == "similar_to")
    assert all(count <= most for count in degrees.values())
    assert len({(edge.source_id, edge.target_id, edge.connection_type) for edge in edges}) == len(edges)
    assert all(edge.source_id != edge.target_id for edge in edges)
    assert {edge.source_id for edge in edges} <= {pair.pake_id for pair in found}


def test_two_links_to_one_item_are_one_citation():
    links = [(A, B, "https://x.example/b"), (A, B, "https://x.example/a")]
    assert cite(links, max_degree=5) == [Edge(A, B, "cites", 1.0, {"url": "https://x.example/a"})]


def test_of_too_many_citations_the_same_remain_whatever_their_order():
    links = [(A, target, "https://x.example/") for target in (D, B, C)]
    assert [edge.target_id for edge in cite(links, max_degree=2)] == [B, C]


def test_shared_names_count_against_the_item_that_has_fewer():
    names = {A: {"ann", "bob", "cid"}, B: {"ann", "bob", "dan", "eve"}}
    shared = {"shared": ["ann", "bob"]}
    assert share([(B, A)], names) == [
        Edge(A, B, "shares_entity", 0.6667, shared),
        Edge(B, A, "shares_entity", 0.6667, shared),
    ]


def test_ten_shared_names_are_evidence_enough():
    names = {one: {f"name {number:02}" for number in range(30)} for one in (A, B)}
    assert {len(edge.evidence["shared"]) for edge in share([(A, B)], names)} == {10}


words = st.sets(st.sampled_from("abcdef"), max_size=6)


@given(words, words)
def test_the_strength_of_shared_names_is_a_share_and_the_same_from_both_sides(one, other):
    there, back = share([(A, B), (B, A)], {A: one, B: other})
    assert 0.0 <= there.strength == back.strength <= 1.0
    assert (there.strength == 1.0) == bool(one and other and (one <= other or other <= one))
    assert (there.source_id, there.target_id) == (back.target_id, back.source_id)


def named(target, strength):
    return Edge(A, UUID(int=100 + target), "shares_entity", strength)


lists = st.dictionaries(st.integers(0, 9), st.sampled_from([0.2, 0.4, 0.6, 0.8]))


@given(lists, lists, st.sets(st.integers(0, 9)), st.integers(1, 4))
def test_a_merged_list_that_is_certain_is_the_list_made_anew(old, new, others, most):
    everything = {target: named(target, strength) for target, strength in old.items()}
    before = strongest(everything.values(), max_degree=most)
    touched = new.keys() | others
    found = [named(target, strength) for target, strength in new.items()]
    after, certain = merge(before, found, {named(target, 0).target_id for target in touched}, max_degree=most)
    kept = [edge for target, edge in everything.items() if target not in touched]
    anew = strongest([*kept, *found], max_degree=most)
    assert after == anew or not certain
    assert len(after) <= most
    if all(everything.get(edge.target_id.int - 100) == edge for edge in found) and touched <= new.keys():
        assert (after, certain) == (before, True), "what was known before unsettles nobody"


def test_a_full_list_that_loses_an_edge_is_uncertain():
    before = [named(1, 0.8), named(2, 0.6)]
    assert merge(before, [], {before[0].target_id}, max_degree=2) == ([before[1]], False)


def test_a_list_with_room_to_spare_had_everything_and_stays_certain():
    before = [named(1, 0.8), named(2, 0.6)]
    assert merge(before, [], {before[0].target_id}, max_degree=3) == ([before[1]], True)


def test_a_full_list_that_takes_a_stronger_edge_is_certain_without_the_weakest():
    before = [named(1, 0.8), named(2, 0.4)]
    assert merge(before, [named(3, 0.6)], {named(3, 0).target_id}, max_degree=2) == (
        [named(1, 0.8), named(3, 0.6)],
        True,
    )
