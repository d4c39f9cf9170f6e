"""The product's detection of anomalies by NAB's own scoring, beside a moving and a robust z-score.

    python -m benchmarks.anomaly [--data DIR --labels FILE]

Without arguments it reads NAB's folder below `PAKE_CORPORA`: the product's threshold was chosen there, and only there.
With them it reads any folder laid out as NAB's is, and the product's threshold is what it is. The peers always get the
threshold that is best for them on the very series read. Without arguments it also says
what an alarm on series with planted faults would be right and wrong about (benchmarks/anomaly_planted.py).
"""

import argparse
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from threadpoolctl import threadpool_limits

from benchmarks import anomaly_planted as planted
from benchmarks import anomaly_scoring as scoring
from benchmarks.anomaly_peers import moving_z_score, robust_z_score
from benchmarks.anomaly_scoring import Floats, Labelled, Tally
from benchmarks.anomaly_series import Series, corpus, read
from benchmarks.report import Report, publish
from pake_pipelines.analytics.anomalies import THRESHOLD, detect

PRODUCT: Final = "standard_score"
PEERS: Final[Mapping[str, Callable[..., Floats]]] = {
    "robust_z_score": robust_z_score,
    "moving_z_score": moving_z_score,
}


@dataclass(frozen=True, slots=True)
class Scored:
    """One series with the scores of every detector and the seconds that each took."""

    folder: str
    name: str
    labelled: Labelled
    scores: Mapping[str, Floats]
    seconds: Mapping[str, float]

    @property
    def clean(self) -> bool:
        """Whether the labels name no window in it."""
        return not self.labelled.labels


def main(data: Path, labels: Path, *, with_planted: bool) -> None:
    """Score every series below `data` and print both forms of the answer."""
    series = list(read(data, labels))
    if not series:
        sys.exit(f"no series below {data}")
    with ProcessPoolExecutor(initializer=threadpool_limits, initargs=(1,)) as pool:
        scored = list(pool.map(score, sorted(series, key=lambda one: -len(one.points))))
        made = [*planted.clean(), *planted.faulty()] if with_planted else []
        faults = planted.figures(list(zip(made, pool.map(planted.judged, made, chunksize=4), strict=True)))
    thresholds = {PRODUCT: THRESHOLD} | {peer: scoring.best_threshold(_of(scored, peer)) for peer in PEERS}
    folders = sorted({one.folder for one in scored})
    tallies = {
        detector: {folder: _total(scored, detector, threshold, folder) for folder in [*folders, "all"]}
        for detector, threshold in thresholds.items()
    }
    _table(scored, tallies)
    publish(_report(scored, tallies, thresholds, faults))


def score(series: Series) -> Scored:
    """Let every detector score `series`."""
    times = [point.at for point in series.points]
    scores: dict[str, Floats] = {}
    seconds: dict[str, float] = {}
    detectors = {PRODUCT: lambda points: detect(points, probation=scoring.probation(len(points))).scores}
    for name, detector in {**detectors, **PEERS}.items():
        begun = time.process_time()
        scores[name] = np.asarray(detector(series.points))
        seconds[name] = time.process_time() - begun
    return Scored(series.folder, series.name, scoring.label(times, series.windows), scores, seconds)


def _of(scored: Sequence[Scored], detector: str) -> list[tuple[Labelled, Floats]]:
    return [(one.labelled, one.scores[detector]) for one in scored]


def _total(
    scored: Sequence[Scored], detector: str, threshold: float, folder: str, profile: scoring.Profile = scoring.STANDARD
) -> Tally:
    return scoring.total(_of([one for one in scored if folder in (one.folder, "all")], detector), threshold, profile)


def _left_out(scored: Sequence[Scored]) -> dict[str, float | None]:
    """The product's score on each folder, and over all of them, at the threshold that is best on the other folders."""
    tallies = {}
    for folder in sorted({one.folder for one in scored if not one.clean}):
        others = [one for one in scored if one.folder != folder]
        if any(not one.clean for one in others):
            tallies[folder] = _total(scored, PRODUCT, scoring.best_threshold(_of(others, PRODUCT)), folder)
    return _scores({**tallies, "all": sum(tallies.values(), scoring.NOTHING)}) if tallies else {}


def _scores(tallies: Mapping[str, Tally]) -> dict[str, float | None]:
    return {folder: None if tally.score is None else round(tally.score, 2) for folder, tally in tallies.items()}


def _report(
    scored: Sequence[Scored],
    tallies: Mapping[str, Mapping[str, Tally]],
    thresholds: Mapping[str, float],
    faults: Mapping[str, Any],
) -> Report:
    clean = [one for one in scored if one.clean]
    points = sum(len(one.labelled.rewards) for one in scored)
    best = scoring.best_threshold(_of(scored, PRODUCT))
    profiles = {"low_fp": scoring.LOW_FALSE_POSITIVES, "low_fn": scoring.LOW_FALSE_NEGATIVES}
    figures: dict[str, Any] = {
        **{detector: _scores(tally) for detector, tally in tallies.items()},
        "false_points_on_clean": _total(clean, PRODUCT, THRESHOLD, "all").false_points,
        "threshold": THRESHOLD,
    }
    peers = {
        peer: {
            "threshold": thresholds[peer],
            "hits": tallies[peer]["all"].hits,
            "false_points": tallies[peer]["all"].false_points,
            "false_points_on_clean": _total(clean, peer, thresholds[peer], "all").false_points,
        }
        for peer in PEERS
    }
    sizes = {
        "series": len(scored),
        "clean_series": len(clean),
        "points": points,
        "windows": tallies[PRODUCT]["all"].windows,
        "hits": {folder: tally.hits for folder, tally in tallies[PRODUCT].items()},
        "false_points": {folder: tally.false_points for folder, tally in tallies[PRODUCT].items()},
        **{name: _total(scored, PRODUCT, THRESHOLD, "all", profile).score for name, profile in profiles.items()},
        "best_threshold": best,
        "score_at_best_threshold": _total(scored, PRODUCT, best, "all").score,
        "threshold_of_other_folders": _left_out(scored),
        **({"planted_faults": faults} if faults["series_faulty"] else {}),
        "cpu_seconds_per_1000_points": {
            name: 1000 * sum(one.seconds[name] for one in scored) / points for name in thresholds
        },
    }
    return Report("anomaly", figures, peers, sizes)


def _table(scored: Sequence[Scored], tallies: Mapping[str, Mapping[str, Tally]]) -> None:
    width = max(len(folder) for folder in tallies[PRODUCT])
    print(f"{'folder':<{width}}  {'points':>8}  {'windows':>7}  score (hits, false points)", file=sys.stderr)
    for folder, ours in tallies[PRODUCT].items():
        points = sum(len(one.labelled.rewards) for one in scored if folder in (one.folder, "all"))
        results = "  ".join(f"{name} {_shown(tally[folder])}" for name, tally in tallies.items())
        print(f"{folder:<{width}}  {points:>8}  {ours.windows:>7}  {results}", file=sys.stderr)


def _shown(tally: Tally) -> str:
    score = "    -" if tally.score is None else f"{tally.score:5.1f}"
    return f"{score} ({tally.hits:>2}, {tally.false_points:>3})"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Score the detection of anomalies as NAB does")
    parser.add_argument("--data", type=Path, help="a folder of folders of timestamp,value files")
    parser.add_argument("--labels", type=Path, help="a JSON file of windows by folder/file.csv")
    given = parser.parse_args()
    if (given.data is None) != (given.labels is None):
        parser.error("--data and --labels go together")
    if given.data is None and not corpus().is_dir():
        sys.exit(f"corpus not found, skipped: {corpus()}")
    main(
        given.data or corpus() / "data",
        given.labels or corpus() / "labels" / "combined_windows.json",
        with_planted=given.data is None,
    )
