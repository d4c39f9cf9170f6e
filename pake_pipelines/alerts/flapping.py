"""Flap detection: a series whose state changes so often that every change of it is noise.

The method of Nagios Core (its manual, "Detection and Handling of State Flapping"): of the last 21 states the 20 changes
are weighted from 0.75 for the oldest to 1.25 for the newest, and their share of 20 is compared with two bounds, one
for the beginning and a lower one for the end.
"""

from typing import Final

from pake_pipelines.config.alerting import Flapping

STATES: Final = 21
_CHANGES: Final = STATES - 1
_MASK: Final = (1 << STATES) - 1
_OLDEST, _NEWEST = 0.75, 1.25
# by age of the change: 0 is the newest
_WEIGHTS: Final = tuple(_NEWEST - age * (_NEWEST - _OLDEST) / (_CHANGES - 1) for age in range(_CHANGES))


def remember(history: int, *, bad: bool) -> int:
    """Return `history` (bits, the newest lowest) with one more state; only the last 21 are kept."""
    return (history << 1 | bad) & _MASK


def percent(history: int) -> float:
    """Return the weighted share of changes in `history`, in percent. States before the first are good ones."""
    changes = history ^ (history >> 1)
    return sum(weight for age, weight in enumerate(_WEIGHTS) if changes >> age & 1) / _CHANGES * 100


def flaps(history: int, config: Flapping, *, before: bool) -> bool:
    """Tell whether a series flaps now, given whether it did `before`."""
    if not config.enabled:
        return False
    share = percent(history)
    return share > config.high_percent if not before else share >= config.low_percent
