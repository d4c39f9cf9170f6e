"""MinHash signatures and their bands (Broder 1997; Leskovec, Rajaraman, Ullman, Mining of Massive Datasets, 3.4).

A signature holds for each of some permutations of all shingles the smallest of the text's own; the share of places in
which two signatures agree estimates the Jaccard index of their texts. A band is a run of places: two signatures that
agree in a whole band are worth comparing. With b bands of r places, a pair of Jaccard index s is found with
probability 1 - (1 - s^r)^b.
"""

import hashlib
import struct
from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING, Final

from pake_pipelines.dedup.shingles import kinds_of, mixed, shingles
from pake_pipelines.dedup.tokens import words
from pake_pipelines.model.signature import Signature, SignatureKind

if TYPE_CHECKING:
    from pake_pipelines.dedup.shingles import Shingles

_SCHEME: Final = "1"
_SEED: Final = 20_260_101
# kind -> bands, places in each. Texts: 0.9998 of the pairs at 0.7 and 0.99 at 0.6 are found, a third at 0.33.
# Titles are compared to find candidates only, of which those at 0.5 and more matter: two thirds, 0.97 at 0.7.
_BANDS: Final[dict[SignatureKind, tuple[int, int]]] = {"words": (32, 4), "characters": (32, 4), "title": (8, 3)}
# A third of a text, cut off, has 0.33 with the whole and may be a copy of it; estimates are off by 0.04 of 128 places.
# Titles of an edit similarity of 0.9 have 0.5 and more; their 24 places are off by 0.1.
_HOPEFUL: Final[dict[SignatureKind, float]] = {"words": 0.25, "characters": 0.25, "title": 0.4}


@cache
def version() -> str:
    """Return what a signature depends on beside its text; signatures of different versions cannot be compared."""
    from rensa import RMinHash

    return f"{_SCHEME}.{RMinHash.ALGORITHM_VERSION}"


def sign(documents: Sequence[tuple[str, str]]) -> list[tuple[Signature, ...]]:
    """Return the signatures of each (title, text): of the title if it has words, and one or two of the text."""
    wanted: dict[SignatureKind, list[tuple[int, Shingles]]] = {kind: [] for kind in _BANDS}
    for place, (title, text) in enumerate(documents):
        in_text, in_title = words(text), words(title)
        for kind in kinds_of(in_text):
            wanted[kind].append((place, shingles(in_text, kind)))
        if in_title:
            wanted["title"].append((place, shingles(in_title, "title")))
    made: list[list[Signature]] = [[] for _ in documents]
    for kind, some in wanted.items():
        for (place, _), minhash in zip(some, minhashes([one for _, one in some], kind), strict=True):
            made[place].append(Signature(_identity(kind, minhash), kind, minhash))
    return [tuple(signatures) for signatures in made]


def minhashes(sets: "Sequence[Shingles]", kind: SignatureKind) -> list[bytes]:
    """Return the MinHash of each set of shingles, none of them empty."""
    import numpy as np
    from rensa import RMinHash

    if not sets:
        return []
    count, places = _BANDS[kind]
    ends = np.cumsum([0, *map(len, sets)], dtype=np.uint64)
    matrix = RMinHash.digest_matrix_from_flat_token_hashes(np.concatenate(sets), ends, count * places, _SEED)
    packed = struct.Struct(f"<{count * places}I").pack
    return [packed(*row) for row in matrix.to_rows()]


def _identity(kind: SignatureKind, minhash: bytes) -> int:
    digest = hashlib.blake2b(f"{version()} {kind} ".encode() + minhash, digest_size=8).digest()
    return int.from_bytes(digest, "big") >> 1


def bands(signatures: Sequence[Signature]) -> list[list[int]]:
    """Return the band hashes of each signature, as signed 64-bit numbers; those of different kinds never meet."""
    found: list[list[int]] = [[] for _ in signatures]
    for kind in _BANDS:
        chosen = [place for place, one in enumerate(signatures) if one.kind == kind]
        for place, row in zip(chosen, _band_hashes([signatures[one].minhash for one in chosen], kind), strict=True):
            found[place] = row
    return found


def _band_hashes(given: Sequence[bytes], kind: SignatureKind) -> list[list[int]]:
    import numpy as np

    count, places = _BANDS[kind]
    if not given:
        return []
    values = np.frombuffer(b"".join(given), dtype="<u4").reshape(len(given), count, places).astype(np.uint64)
    start = int.from_bytes(hashlib.blake2b(f"{version()} {kind}".encode(), digest_size=8).digest(), "big")
    state = mixed(np.arange(count, dtype=np.uint64) + np.uint64(start & 0xFFFF_FFFF_FFFF))
    state = np.broadcast_to(state, values.shape[:2])
    for place in range(places):
        state = mixed(state ^ values[:, :, place])
    rows: list[list[int]] = state.astype(np.int64).tolist()
    return rows


def estimated_jaccard(one: bytes, other: bytes) -> float:
    """Return the share of places in which two signatures of one kind agree; its error is at most 0.5 / sqrt(places)."""
    import numpy as np

    return float(np.mean(np.frombuffer(one, dtype="<u4") == np.frombuffer(other, dtype="<u4")))


def worth_comparing(kind: SignatureKind, one: bytes, other: bytes) -> bool:
    """Tell whether two signatures of one kind are alike enough for their texts to be looked at."""
    return estimated_jaccard(one, other) >= _HOPEFUL[kind]
