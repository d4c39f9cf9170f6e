"""Connections: a copy points at its canonical item only, and nobody is connected with everybody."""

from collections import Counter
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from pake_pipelines.dedup.edges import connect
from pake_pipelines.model.comparison import Edge, Pair

A, B, C, D = (UUID(int=n) for n in range(1, 5))


def similar(one, other, score):
    return Pair(one, other, "semantic", score, "similar", None)


def duplicate(one, other, score, canonical):
    return Pair(one, other, "exact_text", score, "duplicate", canonical)


def test_similar_items_are_connected_with_the_strength_of_their_similarity():
    assert connect([similar(A, B, 0.8)], max_degree=5) == [Edge(A, B, "similar_to", 0.8, "semantic")]


def test_a_copy_points_at_the_canonical_item_even_when_it_was_compared_with_another():
    assert connect([duplicate(A, B, 1.0, C)], max_degree=5) == [Edge(A, C, "duplicate_of", 1.0, "exact_text")]


def test_the_canonical_item_points_at_none_of_its_copies():
    assert connect([duplicate(A, B, 1.0, A), duplicate(A, C, 0.9, A)], max_degree=5) == []


def test_a_pair_that_was_not_grouped_draws_no_copy():
    assert connect([duplicate(A, B, 1.0, None)], max_degree=5) == []


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
