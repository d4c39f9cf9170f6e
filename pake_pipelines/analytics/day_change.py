"""The last day beside the day before it (ANA-04): hour by hour, so that the round of the day is no change."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import isfinite
from statistics import fmean, median
from typing import Final, Literal

from pake_pipelines.analytics.trends import Judgement

_HOURS: Final = 24
_FEWEST_HOURS: Final = 12
_SIGNIFICANCE: Final = 0.01
_RELEVANT_SHARE: Final = 0.05


@dataclass(frozen=True, slots=True)
class DayChange:
    """How the last 24 hours were beside the 24 before: `rate_percent` is the change of the mean by the mean before.

    `before` and `after` are those means over the `hours` hours of the day that both days know. `rate_percent` is None
    where the mean before was 0, all three where `reason` says that too little is known.
    """

    judgement: Judgement
    rate_percent: float | None
    before: float | None
    after: float | None
    hours: int
    reason: str


def day_change(
    samples: Sequence[tuple[datetime, float]], *, now: datetime, better: Literal["lower", "higher"]
) -> DayChange:
    """Return whether the last 24 hours were worse than those before: in most hours, and not by chance (Wilcoxon)."""
    cells: dict[int, list[float]] = {}
    for at, value in samples:
        place = (now - at) // timedelta(hours=1)
        if 0 <= place < 2 * _HOURS and isfinite(value):
            cells.setdefault(place, []).append(value)
    pairs = [
        (median(cells[hour + _HOURS]), median(cells[hour]))
        for hour in range(_HOURS)
        if hour in cells and hour + _HOURS in cells
    ]
    if len(pairs) < _FEWEST_HOURS:
        said = f"only {len(pairs)} hours were measured on both days, of at least {_FEWEST_HOURS}"
        return DayChange(Judgement.INSUFFICIENT, None, None, None, len(pairs), said)
    before, after = fmean(one for one, _ in pairs), fmean(one for _, one in pairs)
    rate = 100 * (after - before) / abs(before) if before else None
    said = (
        f"{after:.4g} on average over the last 24 hours, {before:.4g} over the 24 before ({len(pairs)} hours compared)"
    )
    if abs(after - before) <= _RELEVANT_SHARE * abs(before) or _chance(pairs) >= _SIGNIFICANCE:
        return DayChange(Judgement.STABLE, rate, before, after, len(pairs), said)
    improved = (after > before) == (better == "higher")
    return DayChange(Judgement.IMPROVING if improved else Judgement.DECLINING, rate, before, after, len(pairs), said)


def _chance(pairs: Sequence[tuple[float, float]]) -> float:
    differences = [after - before for before, after in pairs if after != before]
    if not differences:
        return 1.0
    from scipy.stats import wilcoxon

    return float(wilcoxon(differences).pvalue)
