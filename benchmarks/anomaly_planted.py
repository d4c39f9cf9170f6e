"""Series as an operator's metrics are, clean and with faults planted: what an alarm would be right and wrong about.

NAB's labels say where its anomalies are, not that there are no others; here both are known. Sixteen kinds of noise at
five minutes for two weeks, from plain and heavy-tailed noise through days, saw-teeth and random walks to queues.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from pake_pipelines.analytics.anomalies import Point, detect

POINTS: Final = 4032
_DAY: Final = 288
_START: Final = datetime(2026, 1, 1, tzinfo=UTC)
_STEP: Final = timedelta(minutes=5)
_CLEAN_SEEDS: Final = (3, 4, 5)
_FAULTY_SEEDS: Final = (700, 701, 702, 703)
_NEAR: Final = 100  # points before and after a fault's beginning in which an episode counts as its own
_FAULTS: Final = {  # by how many points it lasts; a level lasts to the end
    "spike": 3,
    "dip": 6,
    "zeros": 20,
    "burst": 40,
    "flat": 60,
    "noise": 120,
    "drift": 200,
    "level": POINTS,
}

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Planted:
    """A series and where its faults begin, by kind."""

    noise: str
    values: Floats
    faults: dict[str, int]

    @property
    def points(self) -> list[Point]:
        """The series as samples every five minutes."""
        return [Point(_START + at * _STEP, value) for at, value in enumerate(self.values.tolist())]


def clean() -> list[Planted]:
    """Three series of every kind of noise, without a fault."""
    return [Planted(name, values, {}) for seed in _CLEAN_SEEDS for name, values in _noises(seed)]


def faulty() -> list[Planted]:
    """Four series of every kind of noise with two faults each."""
    random = np.random.default_rng(7)
    return [_plant(name, values, random) for seed in _FAULTY_SEEDS for name, values in _noises(seed)]


def judged(series: Planted) -> list[tuple[int, bool]]:
    """Where the episodes of `series` begin, and whether each stands out."""
    return [((one.started_at - _START) // _STEP, one.stands_out) for one in detect(series.points).episodes]


def figures(found: list[tuple[Planted, list[tuple[int, bool]]]]) -> dict[str, Any]:
    """Faults found and episodes that belong to none, of all episodes and of those that stand out."""
    return {
        "series_clean": sum(not series.faults for series, _ in found),
        "series_faulty": sum(bool(series.faults) for series, _ in found),
        "all_episodes": _counts([(series, [at for at, _ in episodes]) for series, episodes in found]),
        "standing_out": _counts([(series, [at for at, out in episodes if out]) for series, episodes in found]),
    }


def _counts(found: list[tuple[Planted, list[int]]]) -> dict[str, Any]:
    planted: Counter[str] = Counter()
    hits: Counter[str] = Counter()
    false = 0
    for series, episodes in found:
        if not series.faults:
            continue
        planted.update(series.faults.keys())
        hits.update(kind for kind, at in series.faults.items() if any(abs(one - at) <= _NEAR for one in episodes))
        false += sum(all(abs(one - at) > _NEAR for at in series.faults.values()) for one in episodes)
    without = [len(episodes) for series, episodes in found if not series.faults]
    return {
        "faults": planted.total(),
        "found": hits.total(),
        "found_by_kind": {kind: f"{hits[kind]}/{planted[kind]}" for kind in _FAULTS},
        "false_per_faulty_series": false / max(len(found) - len(without), 1),
        "false_per_clean_series": float(np.mean(without)) if without else 0.0,
    }


def _plant(name: str, values: Floats, random: np.random.Generator) -> Planted:
    kinds = random.choice(list(_FAULTS), 2, replace=False).tolist()
    if kinds[0] == "level":  # the second fault is to lie beyond the level that the first one left
        kinds.reverse()
    places = [int(random.integers(900, 2200)), int(random.integers(2500, 3800))]
    high, low = np.percentile(values, [90, 10])
    sigma = float(high - low) / 2.56  # as of a normal distribution, whatever the tails
    changed = values.copy()
    for kind, at in zip(kinds, places, strict=True):
        changed = _with_fault(changed, kind, at, sigma, random)
    return Planted(name, changed, dict(zip(kinds, places, strict=True)))


def _with_fault(values: Floats, kind: str, at: int, sigma: float, random: np.random.Generator) -> Floats:
    changed = values.copy()
    part = changed[at : at + _FAULTS[kind]]
    match kind:
        case "spike":
            part += sigma * random.uniform(6, 12)
        case "dip":
            part -= sigma * random.uniform(5, 8)
        case "burst":
            part += sigma * random.uniform(3, 5)
        case "level":
            part += sigma * random.choice([-1, 1]) * random.uniform(3, 5)
        case "noise":
            part += 3 * sigma * random.normal(size=len(part))
        case "drift":
            part += 5 * sigma * np.linspace(0, 1, len(part))
        case "flat":
            part[:] = part[0]
        case _:
            part[:] = 0
    return changed


def _noises(seed: int) -> Iterator[tuple[str, Floats]]:
    random = np.random.default_rng(seed)
    at = np.arange(POINTS)
    plain = random.normal(size=POINTS)
    day = np.sin(2 * np.pi * at / _DAY)
    correlated = np.zeros(POINTS)
    for place in range(1, POINTS):
        correlated[place] = 0.9 * correlated[place - 1] + random.normal()
    yield "plain", 50 + 5 * plain
    yield "correlated", 40 + 3 * correlated
    yield "day", 50 + 20 * day + 3 * plain
    yield "working_days", 50 + 20 * (at // _DAY % 7 < 5) * np.maximum(day, 0) + 2 * plain
    yield "skewed", np.exp(0.5 * plain + 1)
    yield "very_skewed", np.exp(plain + 1)
    yield "latency", random.gamma(2, 10, POINTS)
    yield "heavy_tails", random.standard_t(3, POINTS)
    yield "count", random.poisson(3, POINTS).astype(float)
    yield "count_by_day", random.poisson(20 + 18 * day).astype(float)
    yield "queue", (random.poisson(0.3, POINTS) * random.poisson(2, POINTS)).astype(float)
    yield "cpu_with_a_nightly_job", np.clip(10 + 3 * correlated + 60 * (at % _DAY == 30) + plain, 0, 100)
    yield "batches", 10 + plain + 40 * (at % 96 < 6)
    yield "saw_tooth", (at % 500) / 5 + plain / 2
    yield "growth", 0.01 * at + 0.3 * plain
    yield "random_walk", np.cumsum(plain)
