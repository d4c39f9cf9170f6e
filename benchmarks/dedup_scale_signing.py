"""How fast texts are signed, beside datasketch, for `dedup_scale`: the same texts, the same three-word shingles.

datasketch is measured in both ways it offers: `update` for each shingle, as its documentation shows, and `bulk`, its
fastest, which works on arrays.
"""

import gc
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from benchmarks.corpus import Writer
from pake_pipelines.dedup.minhash import minhashes
from pake_pipelines.dedup.shingles import shingles
from pake_pipelines.dedup.tokens import words

_PLACES: Final = 128
# the slow way is measured on every fifth text
_EVERY: Final = 5


def signing(documents: int, rounds: int, seed: int) -> Mapping[str, float]:
    """Return documents signed in a second of processor time by each way, without and with the making of shingles."""
    from datasketch import MinHash

    texts = [words(text) for _, text in Writer(seed).documents(documents)]
    texts = [one for one in texts if len(one) >= 50]
    hashed, joined = [shingles(one, "words") for one in texts], _joined(texts)

    def update(sets: Sequence[Sequence[bytes]]) -> None:
        for pieces in sets:
            made = MinHash(num_perm=_PLACES)
            for piece in pieces:
                made.update(piece)

    def bulk(sets: Sequence[Sequence[bytes]]) -> None:
        MinHash.bulk(sets, num_perm=_PLACES)

    few = texts[::_EVERY]
    ways: dict[str, tuple[int, Callable[[], Any]]] = {
        "ours": (len(texts), lambda: minhashes(hashed, "words")),
        "datasketch update": (len(few), lambda: update(joined[::_EVERY])),
        "datasketch bulk": (len(texts), lambda: bulk(joined)),
        "ours with shingling": (len(texts), lambda: minhashes([shingles(one, "words") for one in texts], "words")),
        "datasketch update with shingling": (len(few), lambda: update(_joined(few))),
        "datasketch bulk with shingling": (len(texts), lambda: bulk(_joined(texts))),
    }
    taken: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(rounds):
        for name, (count, sign) in ways.items():
            gc.collect()
            started = time.process_time()
            sign()
            taken[name].append(count / (time.process_time() - started))
    return {name: statistics.median(rates) for name, rates in taken.items()}


def _joined(texts: Sequence[Sequence[str]]) -> list[list[bytes]]:
    return [[" ".join(one[at : at + 3]).encode() for at in range(len(one) - 2)] for one in texts]
