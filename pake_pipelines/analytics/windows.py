"""Quiet hours (ANA-08): a stretch of the day that is low in every hour, and was so on most days that are known."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from math import isfinite
from statistics import fmean
from typing import Final

LOW_SHARE: Final = 0.3
"""An hour is low whose load is less than this share of the daily average (ANA-08)."""

_HOURS: Final = 24
_DAY: Final = timedelta(days=1)
_FEWEST: Final = 3  # days that tell of a window
_WHOLE_ENOUGH: Final = 12  # measured hours that make a day known
_SURE: Final = 0.5  # a window that was quiet on fewer of its days is none


@dataclass(frozen=True, slots=True)
class Window:
    """A stretch of `hours` hours from `start_hour` (UTC) on, every day.

    `confidence` is the share of the `days` past days on which it really was low in every hour; `load` its mean load
    and `load_share` that by the daily average, which is the impact to expect.
    """

    start_hour: int
    hours: int
    confidence: float
    days: int
    load: float
    load_share: float

    def start_before(self, moment: datetime) -> datetime:
        """Return when the window last began, at `moment` or before it."""
        today = moment.astimezone(UTC).replace(hour=self.start_hour, minute=0, second=0, microsecond=0)
        return today if today <= moment else today - _DAY

    def start_after(self, moment: datetime) -> datetime:
        """Return when the window next begins, after `moment`."""
        return self.start_before(moment) + _DAY

    def contains(self, moment: datetime) -> bool:
        """Return whether `moment` lies in the window; its end does not."""
        return moment < self.start_before(moment) + timedelta(hours=self.hours)


@dataclass(frozen=True, slots=True)
class WindowForecast:
    """The quiet windows of the day, the best first; none where `reason` says why.

    `profile` is the mean load of each hour of the day (UTC), None for one that was not measured, and `average` that of
    all of them.
    """

    windows: tuple[Window, ...]
    profile: tuple[float | None, ...]
    average: float | None
    days: int
    reason: str | None

    @property
    def best(self) -> Window | None:
        """The window that was most often quiet, of several the quietest."""
        return self.windows[0] if self.windows else None


def quiet_windows(
    samples: Sequence[tuple[datetime, float]],
    *,
    hours: int = 2,
    low_share: float = LOW_SHARE,
    fewest_days: int = _FEWEST,
) -> WindowForecast:
    """Return the windows of `hours` hours (1 to 24) that are low in every hour; they may go past midnight.

    `samples` are load at moments, in any unit in which 0 is none. Of fewer than `fewest_days` days with at least half
    of their hours measured nothing is said.
    """
    cells = _cells(samples)
    days = [day for day, number in Counter(day for day, _ in cells).items() if number >= _WHOLE_ENOUGH]
    profile = _profile(cells, days)
    known = [one for one in profile if one is not None]
    average = fmean(known) if known else None
    if len(days) < fewest_days or average is None:
        said = f"insufficient data: {len(days)} days of at least {fewest_days}"
        return WindowForecast((), profile, average, len(days), said)
    if average <= 0:
        return WindowForecast((), profile, average, len(days), "there is no load at any hour")
    windows = _windows(cells, days, low_share * average, average, hours)
    return WindowForecast(
        windows, profile, average, len(days), None if windows else _why_none(profile, average, low_share)
    )


def _cells(samples: Sequence[tuple[datetime, float]]) -> dict[tuple[date, int], float]:
    """Return the mean load of each hour of each day."""
    found: dict[tuple[date, int], list[float]] = {}
    for at, value in samples:
        if isfinite(value):
            utc = at.astimezone(UTC)
            found.setdefault((utc.date(), utc.hour), []).append(value)
    return {cell: fmean(values) for cell, values in found.items()}


def _profile(cells: Mapping[tuple[date, int], float], days: Sequence[date]) -> tuple[float | None, ...]:
    """Return the mean load of each hour that was measured on at least half of the days."""
    profile: list[float | None] = []
    for hour in range(_HOURS):
        measured = [cells[day, hour] for day in days if (day, hour) in cells]
        profile.append(fmean(measured) if measured and 2 * len(measured) >= len(days) else None)
    return tuple(profile)


def _windows(
    cells: Mapping[tuple[date, int], float], days: Sequence[date], low: float, average: float, hours: int
) -> tuple[Window, ...]:
    found = []
    for start in range(_HOURS):
        stretches = [one for day in days if (one := _stretch(cells, day, start, hours)) is not None]
        if 2 * len(stretches) < len(days) or len(stretches) < _FEWEST:
            continue
        means = [fmean(hour) for hour in zip(*stretches, strict=True)]
        if max(means) >= low:
            continue
        confidence = sum(max(one) < low for one in stretches) / len(stretches)
        if confidence >= _SURE:
            load = fmean(means)
            found.append(Window(start, hours, confidence, len(stretches), load, load / average))
    return tuple(sorted(found, key=lambda one: (-one.confidence, one.load, one.start_hour)))


def _stretch(cells: Mapping[tuple[date, int], float], day: date, start: int, hours: int) -> list[float] | None:
    """Return the loads of the hours of one window that begins on `day`; None where one of them was not measured."""
    places = [(day + timedelta(days=(start + hour) // _HOURS), (start + hour) % _HOURS) for hour in range(hours)]
    return [cells[one] for one in places] if all(one in cells for one in places) else None


def _why_none(profile: Sequence[float | None], average: float, low_share: float) -> str:
    low = sum(one is not None and one < low_share * average for one in profile)
    if not low:
        return f"load is even: no hour is below {low_share:.0%} of the daily average"
    return f"{low} hours are low, but no stretch is low in every hour on most days"
