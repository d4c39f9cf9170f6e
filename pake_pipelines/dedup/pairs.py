"""The decision on one pair of items: duplicates, merely similar, or neither; always with the evidence."""

import re
from typing import Final, Literal
from uuid import UUID

from pake_pipelines.config.quality import DuplicateRules
from pake_pipelines.model.comparison import Candidate

_NUMBER: Final = re.compile(r"\d+(?:[.,]\d+)*")
# one rewritten copy may drop or add a figure; bulletins made from one template share hardly any
_NUMBERS_AGREE: Final = 0.6


def ordered(one: UUID, other: UUID) -> tuple[UUID, UUID]:
    """Return the pair with the smaller id first; the same pair is the same row whoever found it."""
    return (one, other) if one < other else (other, one)


def exact(one: UUID, other: UUID, level: Literal["exact_url", "exact_text"], shared: str) -> Candidate:
    """Return the candidate for two items that share an address or a text."""
    a, b = ordered(one, other)
    return Candidate(a, b, level, 1.0, "duplicate", {"shared": shared})


def semantic(
    one: tuple[UUID, str], other: tuple[UUID, str], similarity: float, rules: DuplicateRules
) -> Candidate | None:
    """Decide on two (id, text) whose embeddings have the cosine `similarity`; None when they are too far apart.

    From `content_threshold` on they are duplicates, provided that the numbers in their texts agree: bulletins made
    from one template are close in every embedding and differ in nothing but their facts.
    """
    if similarity < rules.candidate_threshold:
        return None
    agreement = numbers_agreement(one[1], other[1])
    is_duplicate = similarity >= rules.content_threshold and agreement >= _NUMBERS_AGREE
    a, b = ordered(one[0], other[0])
    evidence = {"cosine": round(similarity, 4), "numbers_agreement": round(agreement, 4)}
    score = min(max(similarity, 0.0), 1.0)
    return Candidate(a, b, "semantic", score, "duplicate" if is_duplicate else "similar", evidence)


def numbers_agreement(one: str, other: str) -> float:
    """Return the Jaccard similarity of the sets of numbers in two texts; 1.0 when neither holds any."""
    first, second = set(_NUMBER.findall(one)), set(_NUMBER.findall(other))
    if not first and not second:
        return 1.0
    return len(first & second) / len(first | second)
