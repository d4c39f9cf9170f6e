"""What other engines find on the same items, each at its documented threshold and at others around it.

An engine yields for each setting the pairs it finds; a peer that is not installed raises ImportError. They get the
shingles or vectors that the product gets: words of three and five, embeddings of title and text.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from benchmarks.near_copies.truth import Places, neutral_words, word_shingles

if TYPE_CHECKING:
    import numpy as np

    Vectors = np.ndarray[Any, np.dtype[np.float32]]

_PERMUTATIONS: Final = 128
_SHINGLES: Final = (3, 5)
_JACCARD: Final = (0.3, 0.4, 0.5, 0.6, 0.7, 0.8)
_BANDS: Final = (8, 16, 32, 64)  # rensa takes as many; its README shows 8 and 16
_COSINES: Final = (0.75, 0.8, 0.85, 0.9, 0.95)
# runs inside an environment of its own only
TEXT_DEDUP: Final = (
    "unavailable: its releases pin NumPy 1.22, SciPy 1.9, pytest 6 or urllib3 2.0, or need Python 3.12, and so do not "
    "install beside the lock; its MinHash is that of datasketch over five words"
)


@dataclass(frozen=True)
class Setting:
    """One way of running a peer, and the pairs it found."""

    name: str
    pairs: set[Places]


def datasketch(texts: Sequence[str], vectors: "Vectors") -> Iterator[Setting]:
    """MinHashLSH as documented (what a query returns), and with its estimate of the Jaccard index checked."""
    from datasketch import MinHash, MinHashLSH

    del vectors
    words = list(map(neutral_words, texts))
    for size in _SHINGLES:
        sets = ([one.encode() for one in word_shingles(known, size)] for known in words)
        signed = list(MinHash.generator(sets, num_perm=_PERMUTATIONS))
        for threshold in _JACCARD:
            lsh = MinHashLSH(threshold=threshold, num_perm=_PERMUTATIONS)
            for place, one in enumerate(signed):
                lsh.insert(place, one)
            found = _pairs((place, lsh.query(one)) for place, one in enumerate(signed))
            yield Setting(f"{size} words, {threshold}", found)
            sure = {pair for pair in found if signed[pair[0]].jaccard(signed[pair[1]]) >= threshold}
            yield Setting(f"{size} words, {threshold}, estimate checked", sure)


def rensa(texts: Sequence[str], vectors: "Vectors") -> Iterator[Setting]:
    """RMinHashLSH alone (what a query returns), and with the estimate of the Jaccard index checked."""
    from rensa import RMinHash, RMinHashLSH

    del vectors
    words = list(map(neutral_words, texts))
    for size in _SHINGLES:
        signed = RMinHash.from_token_sets([sorted(word_shingles(known, size)) for known in words], _PERMUTATIONS, 42)
        for bands in _BANDS:
            lsh = RMinHashLSH(threshold=0.7, num_perm=_PERMUTATIONS, num_bands=bands)
            for place, one in enumerate(signed):
                lsh.insert(place, one)
            found = _pairs((place, lsh.query(one)) for place, one in enumerate(signed))
            yield Setting(f"{size} words, {bands} bands", found)
            for threshold in _JACCARD:
                sure = {pair for pair in found if signed[pair[0]].jaccard(signed[pair[1]]) >= threshold}
                yield Setting(f"{size} words, {bands} bands, estimate {threshold}", sure)


def semhash(texts: Sequence[str], vectors: "Vectors") -> Iterator[Setting]:
    """SemHash with the product's own model: the copies it removes, each with the record it keeps for it."""
    from semhash import SemHash

    records = [{"place": str(place), "text": text} for place, text in enumerate(texts)]
    engine = SemHash.from_embeddings(vectors, records, model=_Encoded(), columns=["text"])
    for threshold in _COSINES:
        result = engine.self_deduplicate(threshold=threshold)
        pairs = ((int(one.record["place"]), [int(one.duplicate_of["place"])]) for one in result.filtered)
        yield Setting(f"cosine {threshold}", _pairs(pairs))


class _Encoded:
    """The model behind vectors that are there already: nothing is left to encode."""

    def encode(self, inputs: Sequence[Any], **options: Any) -> "Vectors":
        raise NotImplementedError(f"{len(inputs)} texts have no vector")


PEERS: Final[dict[str, Callable[[Sequence[str], "Vectors"], Iterator[Setting]]]] = {
    "datasketch": datasketch,
    "rensa": rensa,
    "semhash": semhash,
}


def _pairs(answers: Iterable[tuple[int, Iterable[int]]]) -> set[Places]:
    return {(min(one, other), max(one, other)) for one, others in answers for other in others if one != other}
