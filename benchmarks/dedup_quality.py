"""Quality of finding duplicates: items with known truth, beside the best engines on the same items.

    python -m benchmarks.dedup_quality [--seed 0] [--small]

`precision`, `recall` and `f1` are those of the near level as the product decides it without any embedding: pairs of one
item with a Jaccard index of 0.7 or more are to be found, pairs of one item below are neither right nor wrong, pairs of
different items are wrong. `words_alone` is the same before the facts have to agree: how far shared words alone go,
which is what the peers of this level do.

`ari` (Hubert, Arabie 1985) and `false_merge_rate`, the share of the hard negatives that are in one group, are those of
the groups that all levels together make. `best_peer_f1` is the highest that any peer reaches over all pairs of one item
at any of its settings, `f1_same_truth` what our groups reach there; `best_peer_near_f1` is the peers' highest on the
near level's truth.
"""

import argparse
import os
import time
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

import numpy as np
from sklearn.metrics import adjusted_rand_score

from benchmarks import dedup_engine as engine
from benchmarks.dedup_peers import PEERS, TEXT_DEDUP
from benchmarks.near_copies.collection import Collection, near_copies
from benchmarks.near_copies.truth import NEAR, Places, Score, joined, score, shares, together
from benchmarks.report import Report, publish
from pake_pipelines.settings import PACKAGE_HOME

Vectors = np.ndarray[Any, np.dtype[np.float32]]
_SMALL: Final = 0.1


def main() -> None:
    """Measure and report."""
    asked = arguments()
    corpora = Path(os.environ.get("PAKE_CORPORA") or PACKAGE_HOME / ".." / "shared" / "corpora").resolve()
    made = near_copies(asked.seed, _SMALL if asked.small else 1.0, corpora)
    truth = Truth(made)
    known = engine.profiles(made.items)
    bare = engine.near_level(known)
    words_alone, near = truth.near(bare), truth.near(engine.near_decisions(known, bare))
    started = time.perf_counter()
    vectors = engine.embeddings(made.items)
    embedded = time.perf_counter()
    found = engine.all_levels(known, vectors)
    ours = truth.all(together(found.labels))
    peers, best, best_near = beside(made, truth, vectors)
    publish(
        Report(
            "dedup_quality",
            {
                "precision": near.precision,
                "recall": near.recall,
                "f1": near.f1,
                "words_alone": words_alone.shown(),
                "ari": float(adjusted_rand_score([item.group for item in made.items], found.labels)),
                "false_merge_rate": sum(truth.false_merges(found.labels).values()) / len(made.negatives),
                "best_peer_f1": best,
                "f1_same_truth": ours.f1,
                "best_peer_near_f1": best_near,
            },
            peers,
            {
                **made.sizes(),
                "corpora": sorted({item.source for item in made.items} & {"article", "language"}) or "not found",
                "near_false": {"words_alone": words_alone.false, "decided": near.false},
                "near_to_find": len(truth.alike),
                "all_levels": {**ours.shown(), "false": ours.false, "missed": ours.missed},
                "recall_by_kind": truth.recall_by_kind(found.labels),
                "false_merges_by_kind": truth.false_merges(found.labels),
                "embedding_seconds": embedded - started,
                "deciding_seconds": time.perf_counter() - embedded,
            },
        )
    )


class Truth:
    """What is right in a collection."""

    def __init__(self, made: Collection) -> None:
        """Sort the pairs of one item into those that the near level is to find and those that it may."""
        self._made = made
        self.wanted = {one.places for one in made.positives}
        self.alike = {one.places for one in made.positives if one.jaccard.decisive >= NEAR}

    def near(self, found: set[Places]) -> Score:
        """Score pairs found by words alone."""
        return score(found, self.alike, indifferent=self.wanted - self.alike)

    def all(self, found: set[Places]) -> Score:
        """Score pairs found by any means."""
        return score(found, self.wanted)

    def recall_by_kind(self, labels: list[int]) -> dict[str, float]:
        """Return which share of the pairs of each kind of edit is in one group."""
        right = (one.kind for one in self._made.positives if labels[one.places[0]] == labels[one.places[1]])
        return shares(Counter(right), Counter(one.kind for one in self._made.positives))

    def false_merges(self, labels: list[int]) -> dict[str, int]:
        """Return by kind how many hard negatives are in one group."""
        wrong = (one.kind for one in self._made.negatives if labels[one.places[0]] == labels[one.places[1]])
        return dict(sorted(Counter(wrong).items()))


def beside(made: Collection, truth: Truth, vectors: Vectors) -> tuple[dict[str, Any], float, float]:
    """Return for each peer its best setting on both truths, and the best F1 of all peers on each.

    A peer's pairs count as it gives them and as the groups they connect, whichever is better.
    """
    texts = [item.text for item in made.items]
    shown: dict[str, Any] = {"text-dedup": TEXT_DEDUP}
    tops: list[tuple[float, float]] = []
    for name, peer in PEERS.items():
        try:
            settings = list(peer(texts, vectors))
        except ImportError as error:
            shown[name] = f"unavailable: {error}"
            continue
        forms = [
            (f"{one.name}{form}", pairs)
            for one in settings
            for form, pairs in (("", one.pairs), (", connected", together(joined(one.pairs, len(texts)))))
        ]
        best, best_near = (
            _best((form, truth.all(found)) for form, found in forms),
            _best((form, truth.near(found)) for form, found in forms),
        )
        shown[name] = {"all_pairs": best, "near_pairs": best_near}
        tops.append((best["f1"], best_near["f1"]))
    return shown, max((one for one, _ in tops), default=0.0), max((one for _, one in tops), default=0.0)


def _best(scores: Iterable[tuple[str, Score]]) -> dict[str, Any]:
    name, top = max(scores, key=lambda one: one[1].f1)
    return {"setting": name, **top.shown()}


def arguments() -> argparse.Namespace:
    """Return what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--small", action="store_true", help="a tenth of the size, for a quick look")
    return parser.parse_args()


if __name__ == "__main__":
    main()
