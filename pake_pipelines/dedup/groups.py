"""Groups: duplicates become one group with one canonical member.

Pairs are joined from the closest to the farthest, and never across a contradiction: two reports with other facts stay
apart even if a third, with too few facts of its own, is a copy of either. That third goes with the closer one. What a
person ruled comes first and outranks every comparison. Which groups result depends on the pairs alone, not on the order
in which items arrived.
"""

from collections.abc import Iterable, Mapping, Sequence
from uuid import UUID

from pake_pipelines.model.comparison import Candidate, Group, Keep, Member, Ruled


def group(
    members: Mapping[UUID, Member], pairs: Iterable[Candidate], rulings: Iterable[Ruled], keep: Keep
) -> list[Group]:
    """Return the groups that `pairs` and `rulings` make of `members`, each with its canonical member by `keep`."""
    known = [pair for pair in pairs if pair.a in members and pair.b in members]
    ruled = [one for one in rulings if one.a in members and one.b in members]
    together = [(one.a, one.b) for one in ruled if one.ruling == "together"]
    apart = [(one.a, one.b) for one in ruled if one.ruling == "apart"]
    decided = {*together, *apart}
    clusters = _Clusters(members)
    for pair in apart:
        clusters.forbid(*pair)
    for pair in sorted(together):
        clusters.join(*pair)
    for one in known:
        if one.decision == "contradicted" and (one.a, one.b) not in decided:
            clusters.forbid(one.a, one.b)
    duplicates = [one for one in known if one.decision == "duplicate"]
    for one in sorted(duplicates, key=lambda one: (-one.score, one.a, one.b)):
        clusters.join(one.a, one.b)
    return [_group([members[one] for one in found], keep) for found in clusters.found()]


class _Clusters:
    """Disjoint sets of items, some pairs of which must not meet in one set."""

    def __init__(self, items: Iterable[UUID]) -> None:
        self._members = {item: [item] for item in sorted(items)}
        self._home = {item: item for item in self._members}
        self._forbidden: dict[UUID, set[UUID]] = {}

    def forbid(self, one: UUID, other: UUID) -> None:
        """Keep the sets of two items apart from now on; has no effect on what is joined already."""
        first, second = self._home[one], self._home[other]
        if first != second:
            self._forbidden.setdefault(first, set()).add(second)
            self._forbidden.setdefault(second, set()).add(first)

    def join(self, one: UUID, other: UUID) -> None:
        """Unite the sets of two items, unless they are kept apart."""
        kept, gone = self._home[one], self._home[other]
        if kept == gone or gone in self._forbidden.get(kept, ()):
            return
        if len(self._members[kept]) < len(self._members[gone]):
            kept, gone = gone, kept
        for item in self._members[gone]:
            self._home[item] = kept
        self._members[kept].extend(self._members.pop(gone))
        for enemy in self._forbidden.pop(gone, ()):
            self._forbidden[enemy].discard(gone)
            self._forbidden[enemy].add(kept)
            self._forbidden.setdefault(kept, set()).add(enemy)

    def found(self) -> list[list[UUID]]:
        """Return the sets of more than one item, sorted."""
        return sorted(sorted(items) for items in self._members.values() if len(items) > 1)


def _group(members: Sequence[Member], keep: Keep) -> Group:
    chosen = canonical(members, keep)
    ids = tuple(sorted(member.pake_id for member in members))
    return Group(ids[0], chosen.pake_id, ids, _because(chosen, members, keep))


def canonical(members: Sequence[Member], keep: Keep) -> Member:
    """Return the member that stays: one fit to stand for others first, then by `keep` (C-06), then the smaller id.

    `highest_confidence` takes the earlier of equals, `oldest` and `newest` the more confident. A member without a date
    comes last among equals: nothing shows that it was first.
    """
    sign = -1 if keep == "newest" else 1

    def rank(member: Member) -> tuple[bool, tuple[float, ...], UUID]:
        dated = (float(member.dated is None), sign * member.dated.timestamp() if member.dated else 0.0)
        confidence = (-round(member.confidence, 3),)
        merit = (*confidence, *dated) if keep == "highest_confidence" else (*dated, *confidence)
        return (not member.acceptable, merit, member.pake_id)

    return min(members, key=rank)


def _because(chosen: Member, members: Sequence[Member], keep: Keep) -> str:
    others = [member for member in members if member is not chosen]
    if chosen.acceptable and not any(other.acceptable for other in others):
        return "the only member fit to stand for others"
    if keep == "highest_confidence":
        if any(round(other.confidence, 3) == round(chosen.confidence, 3) for other in others):
            return f"the highest confidence ({chosen.confidence:.3f}), and the earliest of those that have it"
        return f"the highest confidence: {chosen.confidence:.3f}"
    return f"the {keep}: {chosen.dated:%Y-%m-%d %H:%M}" if chosen.dated else "none of its members is dated"
