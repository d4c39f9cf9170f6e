"""Trial: many documents compared with each other in memory, by the same lookups that the store makes from its indexes.

For looking at what the rules would do with documents that are in no store.
"""

from collections import Counter, defaultdict
from collections.abc import Hashable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final

from pake_pipelines.config.quality import DuplicateRules
from pake_pipelines.dedup.decision import decide
from pake_pipelines.dedup.minhash import bands, sign, worth_comparing
from pake_pipelines.dedup.profile import Profile
from pake_pipelines.model.comparison import Candidate

if TYPE_CHECKING:
    import numpy as np

    Vectors = np.ndarray[Any, np.dtype[np.float32]]

# the same bounds as in the store: documents looked at behind one band, and candidates of one document
_IN_BAND: Final = 50
_CANDIDATES: Final = 20
_ROWS: Final = 1000  # of the matrix of cosines at a time

Pairs = dict[tuple[int, int], float | None]


def compare_all(profiles: Sequence[Profile], vectors: "Vectors | None", rules: DuplicateRules) -> list[Candidate]:
    """Return every pair of `profiles` that matters, decided; `vectors` has a unit row for each, or is None."""
    found = (
        decide(profiles[one], profiles[other], cosine, rules)
        for one, other, cosine in candidate_pairs(profiles, vectors, rules)
    )
    return [candidate for candidate in found if candidate is not None]


def candidate_pairs(
    profiles: Sequence[Profile], vectors: "Vectors | None", rules: DuplicateRules
) -> list[tuple[int, int, float | None]]:
    """Return the pairs of places in `profiles` that are worth comparing, with the cosine of their vectors."""
    sharing = set(_sharing(profiles))
    pairs: Pairs = dict.fromkeys({*sharing, *lookalikes(profiles)})
    if vectors is not None:
        pairs = {(one, other): float(vectors[one] @ vectors[other]) for one, other in pairs}
        pairs |= _neighbours(vectors, rules)
    return [
        (one, other, cosine)
        for (one, other), cosine in sorted(pairs.items())
        if (one, other) in sharing or not profiles[one].repeats(profiles[other])
    ]


def _sharing(profiles: Sequence[Profile]) -> Iterator[tuple[int, int]]:
    """Yield each document with the first that has its words, and the first that has its address."""
    first: dict[Hashable, int] = {}
    for place, one in enumerate(profiles):
        for shared in (("words", one.content_hash), one.canonical_url and ("address", one.canonical_url)):
            if shared and first.setdefault(shared, place) != place:
                yield first[shared], place


def lookalikes(profiles: Sequence[Profile]) -> Iterator[tuple[int, int]]:
    """Yield the pairs whose signatures share a band: for each document those first that share most."""
    signed = [
        (place, signature)
        for place, found in enumerate(sign([(one.title, one.text) for one in profiles]))
        for signature in found
    ]
    behind: defaultdict[int, list[int]] = defaultdict(list)
    hashes = bands([signature for _, signature in signed])
    for number, row in enumerate(hashes):
        for band in row:
            if len(behind[band]) < _IN_BAND:
                behind[band].append(number)
    for number, row in enumerate(hashes):
        hits = Counter(other for band in row for other in behind[band] if other != number)
        place, mine = signed[number]
        for other, _ in sorted(hits.items(), key=lambda hit: (-hit[1], hit[0]))[:_CANDIDATES]:
            other_place, signature = signed[other]
            if place != other_place and worth_comparing(mine.kind, mine.minhash, signature.minhash):
                yield min(place, other_place), max(place, other_place)


def _neighbours(vectors: "Vectors", rules: DuplicateRules) -> Pairs:
    """Return for each row the pairs with its closest other rows, from the candidate threshold on."""
    import numpy as np

    found: Pairs = {}
    count = min(rules.max_candidates, len(vectors) - 1)
    if count < 1:
        return found
    for start in range(0, len(vectors), _ROWS):
        cosines = vectors[start : start + _ROWS] @ vectors.T
        cosines[np.arange(len(cosines)), np.arange(start, start + len(cosines))] = -1.0
        closest = np.argpartition(-cosines, count - 1, axis=1)[:, :count]
        for row, others in enumerate(closest):
            for other in others[cosines[row, others] >= rules.candidate_threshold].tolist():
                one = start + row
                found[min(one, other), max(one, other)] = float(cosines[row, other])
    return found
