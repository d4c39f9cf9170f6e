"""Shingles: the overlapping pieces of a text whose shared part says how much two texts have in common.

Similarity is the Jaccard index of two sets of shingles, |A n B| / |A u B| (Broder 1997, "On the resemblance and
containment of documents"); containment is |A n B| / min(|A|, |B|).
"""

import hashlib
from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from pake_pipelines.model.signature import SignatureKind

if TYPE_CHECKING:
    import numpy as np

    Shingles: TypeAlias = np.ndarray[Any, np.dtype[np.uint64]]

# three words: one changed word costs three shingles of a text, five words would cost five and lose edited copies
_WORDS: Final = 3
_CHARACTERS: Final = 5
_TITLE_CHARACTERS: Final = 3
# Below 50 words too few word shingles are left to measure with; from 30 words on there are both kinds. Texts with a
# Jaccard index of 0.7 differ in length by at most 1 / 0.7, so they always share a kind.
_FEW_WORDS: Final = 50
_ENOUGH_WORDS: Final = 30


def kinds_of(words: Sequence[str]) -> tuple[SignatureKind, ...]:
    """Return by which shingles a text of `words` is compared; by none when it has no words."""
    kinds: list[SignatureKind] = []
    if len(words) >= _ENOUGH_WORDS:
        kinds.append("words")
    if words and len(words) < _FEW_WORDS:
        kinds.append("characters")
    return tuple(kinds)


def shingles(words: Sequence[str], kind: SignatureKind) -> "Shingles":
    """Return the hashes of the shingles of a text or title of `words`: sorted, each once, uint64 of shape (n,).

    A text too short for a shingle is one itself. Two different shingles have the same hash once in 2^64.
    """
    import numpy as np

    units = list(words) if kind == "words" else list(" ".join(words))
    size = {"words": _WORDS, "characters": _CHARACTERS, "title": _TITLE_CHARACTERS}[kind]
    hashes = np.array([_hash(unit) for unit in units], dtype=np.uint64)
    if not len(hashes):
        return hashes
    count = max(1, len(hashes) - size + 1)
    state = np.zeros(count, dtype=np.uint64)
    for place in range(min(size, len(hashes))):
        state = mixed(state ^ hashes[place : place + count])
    return np.unique(state)


@lru_cache(maxsize=200_000)
def _hash(unit: str) -> int:
    return int.from_bytes(hashlib.blake2b(unit.encode("utf-8", "replace"), digest_size=8).digest(), "big")


def mixed(state: "Shingles") -> "Shingles":
    """Return each number well mixed: a step of SplitMix64 (Steele, Lea, Flood 2014); overflow is meant."""
    import numpy as np

    with np.errstate(over="ignore"):
        state = state + np.uint64(0x9E3779B97F4A7C15)
        state = (state ^ (state >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        state = (state ^ (state >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return state ^ (state >> np.uint64(31))


def jaccard(one: "Shingles", other: "Shingles") -> float:
    """Return the Jaccard index of two sets; two empty ones have nothing in common."""
    shared = _shared(one, other)
    return shared / (len(one) + len(other) - shared) if shared else 0.0


def containment(one: "Shingles", other: "Shingles") -> float:
    """Return which share of the smaller set the larger one holds."""
    smaller = min(len(one), len(other))
    return _shared(one, other) / smaller if smaller else 0.0


def _shared(one: "Shingles", other: "Shingles") -> int:
    import numpy as np

    return len(np.intersect1d(one, other, assume_unique=True))
