"""What the product finds in a collection: its near level alone, and the groups that all levels together make."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from benchmarks.near_copies.collection import Item
from benchmarks.near_copies.truth import Places
from pake_pipelines.config.loading import load_quality
from pake_pipelines.dedup.canonical import canonical_url
from pake_pipelines.dedup.decision import measure
from pake_pipelines.dedup.fingerprint import content_hash, embedding_text
from pake_pipelines.dedup.groups import group
from pake_pipelines.dedup.profile import Profile
from pake_pipelines.dedup.trial import compare_all, lookalikes
from pake_pipelines.model.comparison import Candidate, Member

if TYPE_CHECKING:
    import numpy as np

    Vectors = np.ndarray[Any, np.dtype[np.float32]]

# what is measured are the packaged defaults: no directory, no changes to them
RULES: Final = load_quality(Path("no-changes")).duplicates


@dataclass(frozen=True)
class Found:
    """The decided pairs, and for each item the number of its group; an item alone has one of its own."""

    pairs: list[Candidate]
    labels: list[int]


def profiles(items: Sequence[Item]) -> list[Profile]:
    """Return what the product knows of each item; the id of an item is its place."""
    return [
        Profile(UUID(int=place), one.title, one.text, canonical_url(one.url), content_hash(one.text))
        for place, one in enumerate(items)
    ]


def embeddings(items: Sequence[Item]) -> "Vectors":
    """Return the vectors that the product stores, shape (n, 384), rows of unit length."""
    from pake_pipelines.pipeline.embedder import MiniLmEmbedder

    return MiniLmEmbedder().encode([embedding_text(one.title, one.text) for one in items])


def near_level(known: Sequence[Profile]) -> set[Places]:
    """Return the pairs whose signatures share a band and whose Jaccard index is at least the near threshold."""
    return {
        (one, other)
        for one, other in lookalikes(known)
        if measure(known[one], known[other], None).jaccard >= RULES.near_threshold
    }


def near_decisions(known: Sequence[Profile], near: set[Places]) -> set[Places]:
    """Return the pairs among those `near` that the product calls duplicates without any embedding."""
    from pake_pipelines.dedup.decision import decide

    found = ((pair, decide(known[pair[0]], known[pair[1]], None, RULES)) for pair in near)
    return {pair for pair, one in found if one is not None and one.decision == "duplicate"}


def all_levels(known: Sequence[Profile], vectors: "Vectors") -> Found:
    """Return what the product decides and groups when it knows everything."""
    pairs = compare_all(known, vectors, RULES)
    members = {one.pake_id: Member(one.pake_id, None, 0.5) for one in known}
    labels = list(range(len(known)))
    for one in group(members, pairs, (), RULES.keep):
        for member in one.members:
            labels[member.int] = one.group_id.int
    return Found(pairs, labels)
