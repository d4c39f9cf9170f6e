"""Comparisons: what was found on pairs of items, and the groups and connections that follow from it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

Level = Literal["exact_url", "exact_text", "semantic"]
Decision = Literal["duplicate", "similar"]


@dataclass(frozen=True, slots=True)
class Candidate:
    """A compared pair with `a < b`, its level, score in [0, 1], decision and evidence."""

    a: UUID
    b: UUID
    level: Level
    score: float
    decision: Decision
    evidence: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Pair:
    """A compared pair seen from `pake_id`; `canonical_id` is the canonical member of its group, if it has one."""

    pake_id: UUID
    other_id: UUID
    level: Level
    score: float
    decision: Decision
    canonical_id: UUID | None


@dataclass(frozen=True, slots=True)
class Member:
    """What decides on the canonical member: the date of the item and the authority of its source in [0, 1]."""

    pake_id: UUID
    dated: datetime | None
    authority: float


@dataclass(frozen=True, slots=True)
class Group:
    """A group of at least two duplicates. `group_id` is its smallest member, so it does not depend on order."""

    group_id: UUID
    canonical_id: UUID
    members: tuple[UUID, ...]


@dataclass(frozen=True, slots=True)
class Edge:
    """A directed connection with its strength in [0, 1] and the level of comparison behind it."""

    source_id: UUID
    target_id: UUID
    connection_type: str
    strength: float
    level: str
