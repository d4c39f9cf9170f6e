"""Connections: who is a copy of whom, who is close to whom, who cites whom, and who speaks of the same names."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import groupby
from operator import attrgetter
from typing import Final
from uuid import UUID

from pake_pipelines.model.comparison import Edge, Pair

_SHOWN_NAMES: Final = 10
_DIGITS: Final = 4  # a strength that comes back from the store as a single float still equals itself


def connect(pairs: Iterable[Pair], *, max_degree: int) -> list[Edge]:
    """Return the connections that start at the items of `pairs` (strongest first), at most `max_degree` similar ones.

    A duplicate points at its group's canonical member only, with the strength of the best pair that made it one.
    Texts that are as close as copies but state other facts, or that were kept out of each other's group, are similar;
    the evidence says so.
    """
    edges: dict[tuple[UUID, UUID, str], Edge] = {}
    similar: dict[UUID, int] = {}
    for pair in pairs:
        if pair.decision == "duplicate" and pair.canonical_id is not None:
            edge = _duplicate_edge(pair, pair.canonical_id)
        elif similar.get(pair.pake_id, 0) < max_degree:
            similar[pair.pake_id] = similar.get(pair.pake_id, 0) + 1
            evidence = {"level": pair.level, "reason": pair.reason, "decision": pair.decision}
            edge = Edge(pair.pake_id, pair.other_id, "similar_to", pair.score, evidence)
        else:
            edge = None
        if edge is not None:
            edges.setdefault((edge.source_id, edge.target_id, edge.connection_type), edge)
    return list(edges.values())


def _duplicate_edge(pair: Pair, canonical_id: UUID) -> Edge | None:
    if canonical_id == pair.pake_id:
        return None
    evidence = {"level": pair.level, "reason": pair.reason}
    return Edge(pair.pake_id, canonical_id, "duplicate_of", pair.score, evidence)


def cite(links: Iterable[tuple[UUID, UUID, str]], *, max_degree: int) -> list[Edge]:
    """Return the citations that follow from `links` (source, target, address), at most `max_degree` from each source.

    A link is a link: its strength is 1. Of several to one target the first address in order is the evidence.
    """
    cited: dict[tuple[UUID, UUID], Edge] = {}
    for source, target, url in sorted(links):
        cited.setdefault((source, target), Edge(source, target, "cites", 1.0, {"url": url}))
    return strongest(cited.values(), max_degree=max_degree)


def share(pairs: Iterable[tuple[UUID, UUID]], names: Mapping[UUID, Collection[str]]) -> list[Edge]:
    """Return the connections of each of `pairs` in both directions; `names` are those of every item in `pairs`.

    The strength is the overlap coefficient |A and B| / min(|A|, |B|) (Simpson 1943), in [0, 1]: it looks at the two
    items alone, so that nothing that arrives later changes it.
    """
    edges = []
    for one, other in sorted({(min(pair), max(pair)) for pair in pairs}):
        shared = sorted(set(names[one]) & set(names[other]))
        strength = round(len(shared) / min(len(names[one]), len(names[other])), _DIGITS) if shared else 0.0
        evidence = {"shared": shared[:_SHOWN_NAMES]}
        edges.append(Edge(one, other, "shares_entity", strength, evidence))
        edges.append(Edge(other, one, "shares_entity", strength, evidence))
    return edges


def strongest(edges: Iterable[Edge], *, max_degree: int) -> list[Edge]:
    """Return for each source its `max_degree` strongest edges, strongest first; among equals the smaller target."""
    ordered = sorted(edges, key=lambda edge: (edge.source_id, *_rank(edge)))
    return [edge for _, mine in groupby(ordered, attrgetter("source_id")) for edge in list(mine)[:max_degree]]


def merge(
    before: Sequence[Edge], found: Iterable[Edge], changed: Collection[UUID], *, max_degree: int
) -> tuple[list[Edge], bool]:
    """Return one source's list after its edges to the items `changed` became `found`, and whether it is certain.

    `before` is its list so far, the strongest of all its edges. A full list that loses an edge, or keeps a weaker one,
    is uncertain: the best edge that had no place in it may have one now, and only the store knows which that is.
    """
    kept = [edge for edge in before if edge.target_id not in changed]
    after = strongest([*kept, *found], max_degree=max_degree)
    if len(before) < max_degree:
        return after, True
    bar = max(map(_rank, before))
    return after, len(after) == max_degree and max(map(_rank, after)) <= bar


def _rank(edge: Edge) -> tuple[float, UUID]:
    """Return what edges of one source are ordered by."""
    return -edge.strength, edge.target_id
