"""Which items leave the tables (ING-16, MNT-41): too old ones, and the oldest of what a source has too much of."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from typing import Final
from uuid import UUID

from pake_pipelines.config.retention import Retention
from pake_pipelines.store.retention import Candidate, age_limit

AGE: Final = "age"
NUMBER: Final = "number"
# somebody who asks why an item of this week was rejected should find it
_FIRST_WEEK: Final = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Move:
    """An item that leaves the tables, and why: `age` or `number`."""

    pake_id: UUID
    source: str
    since: datetime
    reason: str


def plan(candidates: Iterable[Candidate], in_force: Mapping[str, int], rules: Retention, now: datetime) -> list[Move]:
    """Return what leaves: everything older than `days`, and while a source has more than `max_items_per_source` items
    left, its oldest settled ones, except those of the last week. Verified and waiting items never leave by number.

    `in_force` counts the items of each source. Moves are by source, oldest first.
    """
    before, week = age_limit(now, rules.days), now - _FIRST_WEEK
    ordered = sorted(candidates, key=lambda one: (one.source, one.since, one.pake_id))
    moves = [_move(one, AGE) for one in ordered if one.since < before]
    aged = Counter(move.source for move in moves)
    for source, some in groupby((one for one in ordered if one.since >= before), key=lambda one: one.source):
        excess = in_force.get(source, 0) - aged[source] - rules.max_items_per_source
        leaving = [one for one in some if one.settled and one.since < week]
        moves += [_move(one, NUMBER) for one in leaving[: max(excess, 0)]]
    return sorted(moves, key=lambda move: (move.source, move.since, move.pake_id))


def _move(one: Candidate, reason: str) -> Move:
    return Move(one.pake_id, one.source, one.since, reason)


def batches(moves: Sequence[Move], size: int) -> Iterator[Sequence[Move]]:
    """Yield `moves` in parts of at most `size`: each becomes one archive file and leaves in one transaction."""
    for start in range(0, len(moves), size):
        yield moves[start : start + size]
