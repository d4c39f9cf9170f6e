"""Groups: duplicates become one group with one canonical member.

Pairs are joined from the closest to the farthest, and two sets of items only if what is known of the pairs across them
speaks for it on the whole (greedy correlation clustering; Bansal, Blum, Chawla 2004): two reports with other facts stay
apart even if a third, with too few facts of its own, is a copy of either, and that third goes with the closer one.
What a person ruled comes first and outranks every comparison. Which groups result depends on the pairs alone, not on
the order in which items arrived.
"""

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Final
from uuid import UUID

from pake_pipelines.model.comparison import Candidate, Group, Keep, Member, Ruled

# an item with few facts agrees with many; facts that clash are rarer and say more
_CONTRADICTION: Final = 2.0
# facts that agree less than this leave no doubt, and no number of others outvotes them
_PLAIN: Final = 0.3
_NOTHING: Final = 1e-9


def group(
    members: Mapping[UUID, Member], pairs: Iterable[Candidate], rulings: Iterable[Ruled], keep: Keep
) -> list[Group]:
    """Return the groups that `pairs` and `rulings` make of `members`, each with its canonical member by `keep`."""
    ruled = {(one.a, one.b): one.ruling for one in rulings if one.a in members and one.b in members}
    alive = (one for one in pairs if one.a in members and one.b in members and (one.a, one.b) not in ruled)
    known = sorted(alive, key=lambda one: (-one.score, one.a, one.b))
    clusters = _Clusters(members)
    for pair, ruling in sorted(ruled.items()):
        clusters.pull(*pair, math.inf if ruling == "together" else -math.inf)
    for one in known:
        clusters.pull(one.a, one.b, pull(one))
    for pair in sorted(pair for pair, ruling in ruled.items() if ruling == "together"):
        clusters.join(*pair, even_against=True)
    for one in known:
        if one.decision == "duplicate":
            clusters.join(one.a, one.b)
    return [_group([members[one] for one in found], keep) for found in clusters.found()]


def pull(pair: Candidate) -> float:
    """Return how strongly a pair speaks for one group, up to 1, or against it; by how its facts agree.

    Squared, so that one doubtful contradiction among many agreements parts nobody; a plain one is final.
    """
    if pair.decision == "duplicate":
        return float(pair.evidence.get("facts", 1.0))
    if pair.decision == "similar":
        return 0.0
    agreement = float(pair.evidence.get("facts", 0.0))
    return -math.inf if agreement < _PLAIN else -_CONTRADICTION * (1.0 - agreement) ** 2


class _Clusters:
    """Disjoint sets of items, and the sum of what pulls each two of them together or apart."""

    def __init__(self, items: Iterable[UUID]) -> None:
        self._members = {item: [item] for item in sorted(items)}
        self._home = {item: item for item in self._members}
        self._pulls: defaultdict[UUID, dict[UUID, float]] = defaultdict(dict)

    def pull(self, one: UUID, other: UUID, strength: float) -> None:
        """Add to what pulls the sets of two items together."""
        self._add(self._home[one], self._home[other], strength)

    def _add(self, one: UUID, other: UUID, strength: float) -> None:
        # what is apart for good stays so, whatever pulls
        total = min(self._pulls[one].get(other, 0.0) + strength, strength if strength == -math.inf else math.inf)
        self._pulls[one][other] = self._pulls[other][one] = -math.inf if math.isnan(total) else total

    def join(self, one: UUID, other: UUID, *, even_against: bool = False) -> None:
        """Unite the sets of two items, if what is known of all pairs across them speaks for it."""
        kept, gone = self._home[one], self._home[other]
        if kept == gone or (self._pulls[kept].get(gone, 0.0) <= _NOTHING and not even_against):
            return
        if len(self._members[kept]) < len(self._members[gone]):
            kept, gone = gone, kept
        for item in self._members[gone]:
            self._home[item] = kept
        self._members[kept].extend(self._members.pop(gone))
        for neighbour, strength in self._pulls.pop(gone).items():
            del self._pulls[neighbour][gone]
            if neighbour != kept:
                self._add(kept, neighbour, strength)

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
