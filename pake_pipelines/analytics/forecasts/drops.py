"""Clean-ups in a series that otherwise grows: where it fell at once, and what it would be had nothing been taken out."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pake_pipelines.analytics.forecasts.series import Floats

_FAR: Final = 5.0  # robust standard deviations of a step's change
_OF_RANGE: Final = 0.06
_AROUND: Final = 2  # steps on each side by whose median a drop lasts
_SPIKE: Final = 6.0


@dataclass(frozen=True, slots=True)
class Drops:
    """Places of the first value after each drop, and the values with all drops taken back (`joined`)."""

    places: tuple[int, ...]
    joined: "Floats"

    @property
    def count(self) -> int:
        """How many there were."""
        return len(self.places)


def drops(values: "Floats") -> Drops:
    """Return the lasting drops of the values."""
    import numpy as np

    changes = np.diff(values)
    usual = float(np.median(changes))
    scatter = 1.4826 * float(np.median(np.abs(changes - usual)))
    least = max(_FAR * scatter, _OF_RANGE * float(np.ptp(values)))
    low = changes < min(usual - least, -least)
    places = []
    joined = values.copy()
    for place in np.flatnonzero(low) + 1:
        before = float(np.median(values[max(0, place - _AROUND) : place]))
        after = float(np.median(values[place : place + _AROUND]))
        if before - after < least / 2:
            continue
        joined[place:] += usual - changes[place - 1]
        places.append(int(place))
    return Drops(tuple(places), joined)


def despiked(values: "Floats") -> "Floats":
    """Return the values without single ones that jump out and back; the last two stay, which may be the first of many."""
    import numpy as np

    if len(values) < 7:
        return values
    changes = np.diff(values)
    scatter = 1.4826 * float(np.median(np.abs(changes - np.median(changes)))) or float(np.mean(np.abs(changes)))
    out, back = changes[:-1], -changes[1:]
    spikes = np.zeros(len(values), bool)
    spikes[1:-1] = (np.sign(out) == np.sign(back)) & (np.minimum(np.abs(out), np.abs(back)) > _SPIKE * scatter)
    spikes[:2] = spikes[-2:] = False
    steps = np.arange(len(values))
    return np.interp(steps, steps[~spikes], values[~spikes])
