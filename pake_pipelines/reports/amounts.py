"""Amounts as people read them: with their unit, no more digits than say something, and unknown where there is none."""

from collections.abc import Mapping
from typing import Final

UNKNOWN: Final = "unknown"

# unit -> (from how much on, divisor, digits, sign), the largest first
_STEPS: Final[Mapping[str, tuple[tuple[float, float, int, str], ...]]] = {
    "percent": ((0, 1, 1, "%"),),
    "ms": ((10_000, 1000, 1, "s"), (10, 1, 0, "ms"), (0, 1, 1, "ms")),
    "s": ((5400, 3600, 1, "h"), (90, 60, 1, "min"), (0, 1, 1, "s")),
    "h": ((48, 24, 1, "d"), (0, 1, 1, "h")),
    "bytes": ((1e12, 1e12, 1, "TB"), (1e9, 1e9, 1, "GB"), (1e6, 1e6, 1, "MB"), (1e3, 1e3, 1, "kB"), (0, 1, 0, "bytes")),
    "per_minute": ((0, 1, 1, "per minute"),),
    "count": ((0, 1, 0, ""),),
}


def amount(value: float | None, unit: str) -> str:
    """Return `value` with its unit (see the catalogue of metrics), in the size that suits it."""
    if value is None:
        return UNKNOWN
    steps = _STEPS[unit]
    _, divisor, digits, sign = next((step for step in steps if abs(value) >= step[0]), steps[-1])
    scaled = value / divisor
    return f"{scaled:.{0 if scaled == int(scaled) else digits}f} {sign}".rstrip()


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


def lasting(minutes: float | None) -> str:
    """Return a stretch of time given in minutes."""
    return UNKNOWN if minutes is None else amount(60 * minutes, "s")
