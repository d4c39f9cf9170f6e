"""Forecasts back-tested on synthetic series whose future is known, beside the ways others use.

    python -m benchmarks.forecast [--series N] [--seed N]

`median_error_7d` (14d, 30d) is the median of |days said - days that were| by the horizon, asked so many days before a
growing series first reads its limit; no date is an error of the whole horizon. `coverage_80` is the share of readings
1 to 30 days ahead inside their interval of 80 %, `no_date_rate` how often a series that goes nowhere gets no date.
"""

import argparse
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final

import numpy as np

from benchmarks.forecast_peers import peers
from benchmarks.forecast_series import DAYS, HORIZON, Synthetic, series
from benchmarks.report import Report, publish
from pake_pipelines.analytics.forecasts import Reading, days_to, forecast

BEFORE: Final = (7, 14, 30)
_FEWEST_DAYS: Final = 21  # of a past
_ROOM: Final = 0.15  # of the range of a series that goes nowhere, above it


@dataclass(frozen=True)
class Measured:
    """What a series showed: errors by (who, days before), whether readings lay inside, whether it got no date."""

    family: str
    errors: Mapping[tuple[str, int], float] = field(default_factory=dict)
    inside: Sequence[bool] = ()
    no_date: Mapping[str, bool] = field(default_factory=dict)
    model: str = ""


def measured(one: Synthetic) -> Measured:
    """Forecast one series at its origin, and at 7, 14 and 30 days before it fills."""
    made = forecast(_readings(one, one.origin), horizon=timedelta(days=HORIZON), now=one.at(one.origin))
    inside = []
    for ahead, point in enumerate(made.points, 1):
        truth = one.values[one.origin + ahead * one.per_day]
        if np.isfinite(truth):
            inside.append(bool(point.low - 1e-9 <= truth <= point.high + 1e-9))
    if one.grows:
        return Measured(one.family, _errors(one), inside, model=made.model)
    past = one.values[: one.origin + 1]
    limit = float(np.nanmax(past) + max(_ROOM * np.ptp(past[np.isfinite(past)]), 1e-6))
    return Measured(one.family, {}, inside, _dates(one, one.origin, limit, none=True), made.model)


def _errors(one: Synthetic) -> dict[tuple[str, int], float]:
    known = np.where(np.isfinite(one.values), one.values, -np.inf)
    records = np.maximum.accumulate(known)
    first = (max(BEFORE) + _FEWEST_DAYS) * one.per_day
    new = np.flatnonzero(records[first:] > records[first - 1 : -1]) + first
    if not len(new):
        return {}
    # the place is drawn from what the series is, not from what is asked about it
    full = int(new[one.origin % len(new)])
    limit = float((records[full] + records[full - 1]) / 2)
    return {
        (who, days): error
        for days in BEFORE
        for who, error in _dates(one, full - days * one.per_day, limit, days=days).items()
    }


def _dates(one: Synthetic, origin: int, limit: float, *, days: int = 0, none: bool = False) -> dict[str, Any]:
    """What each says at `origin`: its error by the horizon, or whether it says that there is no date."""
    readings = _readings(one, origin)
    places = np.flatnonzero(np.isfinite(one.values[: origin + 1]))
    said: dict[str, float | None] = {"own": days_to(readings, limit, now=one.at(origin)).days}
    for name, peer in peers().items():
        if peer is not None:
            said[name] = peer(places / one.per_day, one.values[places], limit)
    if none:
        return {who: day is None for who, day in said.items()}
    return {who: 1.0 if day is None else abs(day - days) / days for who, day in said.items()}


def _readings(one: Synthetic, origin: int) -> list[Reading]:
    return [Reading(one.at(place), float(one.values[place])) for place in range(origin + 1)]


def median_error(found: Iterable[Measured], who: str, days: int) -> float:
    """The median error of one who was asked, so many days before."""
    return float(np.median([one.errors[who, days] for one in found if (who, days) in one.errors]))


def coverage(found: Iterable[Measured]) -> float:
    """The share of readings inside their interval, each series counting alike."""
    return float(np.mean([np.mean(one.inside) for one in found if one.inside]))


def no_date_rate(found: Iterable[Measured], who: str) -> float:
    """The share of trendless series without a date."""
    return float(np.mean([one.no_date[who] for one in found if one.no_date]))


def by_family(found: Sequence[Measured]) -> dict[str, Any]:
    """The figures of each family."""
    shown = {}
    for family in dict.fromkeys(one.family for one in found):
        own = [one for one in found if one.family == family]
        figures: dict[str, Any] = {"coverage_80": round(coverage(own), 3)}
        if own[0].no_date:
            figures["no_date_rate"] = round(no_date_rate(own, "own"), 3)
        else:
            figures |= {f"median_error_{days}d": round(median_error(own, "own", days), 3) for days in BEFORE}
        shown[family] = figures
    return shown


def main() -> None:
    """Measure and print."""
    asked = arguments()
    begun = time.perf_counter()
    drawn = list(series(asked.seed, asked.series))
    with ProcessPoolExecutor(2) as pool:
        found = list(pool.map(measured, drawn, chunksize=8))
    figures = {f"median_error_{days}d": median_error(found, "own", days) for days in BEFORE}
    figures |= {"coverage_80": coverage(found), "no_date_rate": no_date_rate(found, "own")}
    others = {
        f"{name}_{figure}": value
        for name, peer in peers().items()
        for figure, value in (_of_peer(found, name) if peer else {"figures": "unavailable"}).items()
    }
    sizes = {"series": len(drawn), "seed": asked.seed, "days": DAYS, "seconds": round(time.perf_counter() - begun, 1)}
    publish(Report("forecast", figures, others, sizes | by_family(found)))


def _of_peer(found: Sequence[Measured], name: str) -> dict[str, float]:
    errors = {f"median_error_{days}d": median_error(found, name, days) for days in BEFORE}
    return errors | {"no_date_rate": no_date_rate(found, name)}


def arguments() -> argparse.Namespace:
    """Return what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--series", type=int, default=14, help="series of each of the 19 families")
    parser.add_argument("--seed", type=int, default=2026)
    return parser.parse_args(sys.argv[1:])


if __name__ == "__main__":
    main()
