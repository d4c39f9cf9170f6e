"""Comparisons: what was found on pairs of items, and the groups and connections that follow from it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

Level = Literal["exact", "near", "semantic"]
Reason = Literal["same_text", "same_address", "shared_words", "contained", "same_title", "close_meaning"]
Decision = Literal["duplicate", "similar", "contradicted"]
Ruling = Literal["together", "apart"]
Keep = Literal["highest_confidence", "oldest", "newest"]
ConnectionType = Literal["duplicate_of", "similar_to", "shares_entity", "cites"]


@dataclass(frozen=True, slots=True)
class Candidate:
    """A compared pair with `a < b`: what brought the two close, how close (score in [0, 1]), and what follows.

    `contradicted` pairs are as close as duplicates, but state other facts; groups never hold both.
    """

    a: UUID
    b: UUID
    level: Level
    reason: Reason
    score: float
    decision: Decision
    evidence: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Ruled:
    """What a person decided on a pair with `a < b`; it outranks what comparing them says."""

    a: UUID
    b: UUID
    ruling: Ruling


@dataclass(frozen=True, slots=True)
class Pair:
    """A compared pair seen from `pake_id`; `canonical_id` is the canonical member of its group, if it has one."""

    pake_id: UUID
    other_id: UUID
    level: Level
    reason: Reason
    score: float
    decision: Decision
    canonical_id: UUID | None


@dataclass(frozen=True, slots=True)
class Member:
    """What decides on the canonical member: whether it is fit to stand for others, its confidence, its date.

    `confidence` in [0, 1] rests on the item's own evidence, so that it does not depend on its part in a group.
    """

    pake_id: UUID
    dated: datetime | None
    confidence: float
    acceptable: bool = True


@dataclass(frozen=True, slots=True)
class Group:
    """A group of at least two duplicates. `group_id` is its smallest member, so it does not depend on order."""

    group_id: UUID
    canonical_id: UUID
    members: tuple[UUID, ...]
    canonical_because: str = ""


@dataclass(frozen=True, slots=True)
class Edge:
    """A directed connection with its strength in [0, 1] and the evidence for it."""

    source_id: UUID
    target_id: UUID
    connection_type: ConnectionType
    strength: float
    evidence: Mapping[str, Any] = field(default_factory=dict)
