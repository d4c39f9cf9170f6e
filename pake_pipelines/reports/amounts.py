"""Amounts as people read them: with their unit, no more digits than say something, and unknown where there is none."""

import math
from collections.abc import Mapping
from datetime import timedelta
from typing import Final

UNKNOWN: Final = "unknown"

# unit -> (from how much on, divisor, digits, sign), the largest first
_STEPS: Final[Mapping[str, tuple[tuple[float, float, int, str], ...]]] = {
    "percent": ((0, 1, 1, "%"),),
    "ms": ((10_000, 1000, 1, "s"), (10, 1, 0, "ms"), (0, 1, 1, "ms")),
    "s": ((172_800, 86_400, 1, "d"), (5400, 3600, 1, "h"), (90, 60, 1, "min"), (0, 1, 1, "s")),
    "h": ((48, 24, 1, "d"), (0, 1, 1, "h")),
    "bytes": ((1e12, 1e12, 1, "TB"), (1e9, 1e9, 1, "GB"), (1e6, 1e6, 1, "MB"), (1e3, 1e3, 1, "kB"), (0, 1, 0, "bytes")),
    "per_minute": ((0, 1, 1, "per minute"),),
    "d": ((0, 1, 1, "d"),),
    "count": ((100, 1, 0, ""), (0, 1, 2, "")),
}
_PLAIN: Final = ((1000, 1, 0), (10, 1, 1), (0, 1, 3))


def amount(value: float | None, unit: str) -> str:
    """Return `value` with its unit (see the catalogue of metrics), in the size that suits it.

    A unit that is not among those with sizes of their own follows the number as it is; a `share` is one in [0, 1].
    """
    if value is None or not math.isfinite(value):
        return UNKNOWN
    if unit == "share":
        return share(value)
    steps = _STEPS.get(unit) or tuple((*one, unit) for one in _PLAIN)
    _, divisor, digits, sign = next((step for step in steps if abs(value) >= step[0]), steps[-1])
    scaled = value / divisor
    return f"{_digits(scaled, digits)} {sign}".rstrip()


def _digits(value: float, digits: int) -> str:
    """Return a number with up to that many digits after the point, and no sign where nothing but noughts is left."""
    said = f"{value:z,.{digits}f}"
    return said.rstrip("0").rstrip(".") if "." in said else said


def share(value: float | None) -> str:
    """Return a share in [0, 1] as a percentage that says 100 only of all, and 0 only of nothing."""
    if value is None:
        return UNKNOWN
    percent = 100 * value
    if percent >= 99.995 and value < 1:  # would be rounded to all
        return "99.99 %"
    if 0 < percent < 0.005:
        return "0.01 %"
    return f"{percent:.2f}".rstrip("0").rstrip(".") + " %"


def counted(number: int, one: str, several: str | None = None) -> str:
    """Return a number of things with the word for one or several, by itself with an s: `1 alert`, `1,204 alerts`."""
    return f"{number:,} {one if number == 1 else several or f'{one}s'}"


def long(age: timedelta) -> str:
    """Return how long ago something was: `30 hours`, `6 days`."""
    days = age / timedelta(days=1)
    if days >= 2:
        return f"{days:.0f} days"
    return counted(round(24 * days), "hour", "hours")


def lasting(minutes: float | None) -> str:
    """Return a stretch of time given in minutes."""
    return UNKNOWN if minutes is None else amount(60 * minutes, "s")
