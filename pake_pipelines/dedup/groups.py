"""Groups: connected items become one group with one canonical member."""

from collections.abc import Iterable, Mapping
from typing import Literal
from uuid import UUID

from pake_pipelines.model.comparison import Group, Member


def group(
    members: Mapping[UUID, Member], pairs: Iterable[tuple[UUID, UUID]], keep: Literal["oldest", "newest"]
) -> list[Group]:
    """Return the connected groups that `pairs` make of `members`, each with its canonical member by `keep`."""
    parent = {pake_id: pake_id for pake_id in members}
    for one, other in pairs:
        _union(parent, one, other)
    sets: dict[UUID, list[UUID]] = {}
    for pake_id in sorted(members):
        sets.setdefault(_find(parent, pake_id), []).append(pake_id)
    return [
        Group(found[0], canonical([members[pake_id] for pake_id in found], keep), tuple(found))
        for found in sets.values()
        if len(found) > 1
    ]


def _find(parent: dict[UUID, UUID], pake_id: UUID) -> UUID:
    while parent[pake_id] != pake_id:
        parent[pake_id] = parent[parent[pake_id]]
        pake_id = parent[pake_id]
    return pake_id


def _union(parent: dict[UUID, UUID], one: UUID, other: UUID) -> None:
    first, second = _find(parent, one), _find(parent, other)
    if first != second:
        parent[max(first, second)] = min(first, second)


def canonical(members: list[Member], keep: Literal["oldest", "newest"]) -> UUID:
    """Return the member that stays: oldest or newest by date, then the higher authority, then the smaller id.

    A member without a date comes last in either case: nothing shows that it was first.
    """
    sign = 1 if keep == "oldest" else -1

    def rank(member: Member) -> tuple[bool, float, float, UUID]:
        moment = sign * member.dated.timestamp() if member.dated else 0.0
        return (member.dated is None, moment, -member.authority, member.pake_id)

    return min(members, key=rank).pake_id
