"""Connections drawn from compared pairs: who is a copy of whom, and who is close to whom."""

from collections.abc import Iterable
from uuid import UUID

from pake_pipelines.model.comparison import Edge, Pair


def connect(pairs: Iterable[Pair], *, max_degree: int) -> list[Edge]:
    """Return the connections that start at the items of `pairs` (strongest first), at most `max_degree` similar ones.

    A duplicate points at its group's canonical member only, with the strength of the best pair that made it one.
    """
    edges: dict[tuple[UUID, UUID, str], Edge] = {}
    similar: dict[UUID, int] = {}
    for pair in pairs:
        if pair.decision == "duplicate":
            edge = _duplicate_edge(pair)
        elif similar.get(pair.pake_id, 0) < max_degree:
            similar[pair.pake_id] = similar.get(pair.pake_id, 0) + 1
            edge = Edge(pair.pake_id, pair.other_id, "similar_to", pair.score, pair.level)
        else:
            edge = None
        if edge is not None:
            edges.setdefault((edge.source_id, edge.target_id, edge.connection_type), edge)
    return list(edges.values())


def _duplicate_edge(pair: Pair) -> Edge | None:
    if pair.canonical_id is None or pair.canonical_id == pair.pake_id:
        return None
    return Edge(pair.pake_id, pair.canonical_id, "duplicate_of", pair.score, pair.level)
