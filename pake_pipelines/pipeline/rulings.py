"""Rulings: a person parts duplicates or unites them; ruling, comparing, regrouping and audit are one transaction."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations, product
from typing import Any, Final, Literal
from uuid import UUID

from pake_pipelines.model.comparison import Candidate, Group, Ruled
from pake_pipelines.pipeline.duplicates import compare, duplicates_version, regroup
from pake_pipelines.pipeline.kit import Kit
from pake_pipelines.pipeline.refusal import RefusedError
from pake_pipelines.store import audit, documents, duplicates, group_views, groups, marks, rulings
from pake_pipelines.store.database import Connection, Database
from pake_pipelines.store.marks import Stage

Action = Literal["split", "merge"]
AUDITED: Final = "duplicates."
"""What the names of these actions begin with in the audit."""


class RulingError(RefusedError):
    """These items cannot be parted or united."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What a person wants done with which items, and why."""

    action: Action
    items: tuple[UUID, ...]
    actor: str
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a ruling brought about.

    `pairs` were ruled on, `lifted` are earlier rulings that stood against a merge. `before` and `after` are the groups
    of all items concerned, `changed` those whose group or role is another now. `left` are items of merged groups that
    did not come along, `because` the contradictions that keep them out.
    """

    pairs: tuple[tuple[UUID, UUID], ...]
    lifted: tuple[Ruled, ...]
    before: tuple[Group, ...]
    after: tuple[Group, ...]
    changed: tuple[UUID, ...]
    left: tuple[UUID, ...] = ()
    because: tuple[Candidate, ...] = ()


async def rule(kit: Kit, database: Database, wish: Wish, *, dry_run: bool = False) -> Outcome:
    """Carry out `wish`, or only find out what it would do. Raises RulingError.

    The stages behind are asked to look again at the items whose group changed; the next run does.
    """
    async with database.transaction(keep=not dry_run) as connection:
        await groups.lock_grouping(connection)
        return await _rule(connection, wish, kit)


async def _rule(connection: Connection, wish: Wish, kit: Kit) -> Outcome:
    before = await group_views.groups_of(connection, wish.items)
    await _check(connection, wish, before)
    concerned = sorted({*wish.items, *(member for one in before for member in one.members)})
    pairs = sorted(parted(wish.items, before) if wish.action == "split" else united(wish.items))
    event_id = await audit.record(
        connection,
        actor=wish.actor,
        action=f"{AUDITED}{wish.action}",
        subject=str(wish.items[0]),
        details={
            "items": [str(one) for one in concerned],
            "named": [str(one) for one in wish.items],
            "pairs": [[str(a), str(b)] for a, b in pairs],
            "reason": wish.reason,
            "before": _told(before),
        },
    )
    lifted = await rulings.lift(connection, "apart", concerned) if wish.action == "merge" else []
    await rulings.save_rulings(connection, pairs, "apart" if wish.action == "split" else "together", event_id)
    run_id = f"audit-{event_id}"
    paired = await _compare(connection, concerned, kit, run_id)
    changed, _ = await regroup(connection, {*concerned, *paired}, kit.quality, run_id)
    await marks.disturb(connection, marks.after(Stage.DUPLICATES), changed | paired)
    after = await group_views.groups_of(connection, concerned)
    left, because = await _left(connection, wish, concerned, after)
    told = {"after": _told(after), "lifted": [[str(one.a), str(one.b)] for one in lifted]}
    await audit.add_details(connection, event_id, told)
    return Outcome(tuple(pairs), tuple(lifted), tuple(before), tuple(after), tuple(sorted(changed)), left, because)


async def _compare(connection: Connection, items: Sequence[UUID], kit: Kit, run_id: str) -> set[UUID]:
    """Compare `items` anew under the rulings as they are now; return the items of all pairs that this changed.

    What was alike may have been compared only with one item that is ruled apart from the others by now.
    """
    rules, model = kit.quality, kit.embedder.model
    found = await compare(connection, await groups.entries_of(connection, items), rules.duplicates, model)
    paired = await duplicates.replace_candidates(
        connection, items, found, version=duplicates_version(rules, model), run_id=run_id
    )
    await marks.disturb(connection, [Stage.DUPLICATES], paired.parted - set(items))
    return paired.items


def parted(items: Sequence[UUID], before: Iterable[Group]) -> set[tuple[UUID, UUID]]:
    """Return the pairs to rule apart, the smaller id first, so that `items` leave their groups.

    Each is parted from all members that stay; what ties those that leave to one another still holds. When nobody would
    stay, all are parted from each other.
    """
    pairs: set[tuple[UUID, UUID]] = set()
    for group in before:
        leaving = [member for member in group.members if member in items]
        staying = [member for member in group.members if member not in items]
        some = product(leaving, staying) if staying else combinations(leaving, 2)
        pairs |= {_ordered(one, other) for one, other in some}
    return pairs


def united(items: Sequence[UUID]) -> set[tuple[UUID, UUID]]:
    """Return the pairs to rule together: each of `items` with each, so that no one of them is all that binds them."""
    return {_ordered(one, other) for one, other in combinations(items, 2)}


def _ordered(one: UUID, other: UUID) -> tuple[UUID, UUID]:
    return (one, other) if one < other else (other, one)


async def _check(connection: Connection, wish: Wish, before: Sequence[Group]) -> None:
    if wish.action == "split":
        grouped = {member for one in before for member in one.members}
        if alone := [one for one in wish.items if one not in grouped]:
            raise RulingError("in no group, so there is nothing to split", alone)
        return
    if len(set(wish.items)) < 2:
        raise RulingError("a merge takes two different items", wish.items)
    kept = await groups.entries_of(connection, wish.items)
    known = set(await documents.pake_ids(connection, kept))
    if unfit := [one for one in wish.items if one not in known]:
        raise RulingError("dropped at the door, or without a document yet, so it can be in no group", unfit)


async def _left(
    connection: Connection, wish: Wish, concerned: Sequence[UUID], after: Sequence[Group]
) -> tuple[tuple[UUID, ...], tuple[Candidate, ...]]:
    """Return who did not come along with a merge, and the contradictions that stand between them and the others."""
    if wish.action == "split":
        return (), ()
    merged = next((set(one.members) for one in after if wish.items[0] in one.members), set())
    if outside := [one for one in wish.items if one not in merged]:
        raise RulingError("kept apart from the others by further rulings", outside)
    left = tuple(one for one in concerned if one not in merged)
    because = tuple(
        pair
        for pair in await groups.pairs_among(connection, concerned)
        if pair.decision == "contradicted" and (pair.a in merged) != (pair.b in merged)
    )
    return left, because


def _told(found: Iterable[Group]) -> list[dict[str, Any]]:
    return [
        {
            "group_id": str(one.group_id),
            "canonical_id": str(one.canonical_id),
            "members": [str(member) for member in one.members],
        }
        for one in found
    ]
