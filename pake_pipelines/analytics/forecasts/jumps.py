"""Jumps of a series that last: clean-ups and steps. And what it would be had it not jumped."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pake_pipelines.analytics.forecasts.series import Floats

_FAR: Final = 5.0  # robust standard deviations of a step's change
_OF_RANGE: Final = 0.06
_AROUND: Final = 3  # steps on each side by whose median a jump lasts
_LASTS: Final = 0.4  # of its size
_SPIKE: Final = 6.0
_SCALE: Final = 1.4826  # of a normal distribution, by the median absolute deviation


@dataclass(frozen=True, slots=True)
class Jumps:
    """Jumps of some values: the places of the first value after each, and sizes beyond the usual change of a step."""

    places: "tuple[int, ...]"
    sizes: "tuple[float, ...]"

    @property
    def clean_ups(self) -> bool:
        """Whether they fall, again and again: a saw-tooth."""
        return len(self.sizes) > 1 and max(self.sizes) < 0

    @property
    def steps(self) -> bool:
        """Whether they rise, again and again: stairs."""
        return len(self.sizes) > 1 and min(self.sizes) > 0

    def joined(self, values: "Floats") -> "Floats":
        """Return the values as if a single jump had always been taken back; with more jumps, the values as they are.

        What jumped once goes on as before; what jumps again and again has its jumps in how it goes on.
        """
        joined = values.copy()
        if len(self.places) == 1:
            joined[: self.places[0]] += self.sizes[0]
        return joined


def jumps(values: "Floats") -> Jumps:
    """Return the lasting jumps of the values."""
    import numpy as np

    changes = np.diff(values)
    usual = float(np.median(changes))
    scatter = _SCALE * float(np.median(np.abs(changes - usual)))
    least = max(_FAR * scatter, _OF_RANGE * float(np.ptp(values)))
    beyond = changes - usual
    candidates = np.flatnonzero(np.abs(beyond) > least) + 1
    # a fall that only takes back the usual growth is none
    far = [int(place) for place in candidates if beyond[place - 1] > 0 or changes[place - 1] < -least / 2]
    edges = [0, *far, len(values)]
    places, sizes = [], []
    for number, place in enumerate(far):
        before = values[max(edges[number], place - _AROUND) : place]
        after = values[place : min(edges[number + 2], place + _AROUND)]
        lasting = float(np.median(after) - np.median(before))
        size = float(beyond[place - 1])
        if lasting * size > 0 and abs(lasting) > _LASTS * abs(size):
            places.append(place)
            sizes.append(size)
    return Jumps(tuple(places), tuple(sizes))


def despiked(values: "Floats") -> "Floats":
    """Return the values without single ones that jump out and back; the last two may be the first of many, and stay."""
    import numpy as np

    if len(values) < 7:
        return values
    changes = np.diff(values)
    beyond = changes - np.median(changes)
    scatter = _SCALE * float(np.median(np.abs(beyond))) or float(np.mean(np.abs(beyond)))
    out, back = beyond[:-1], -beyond[1:]
    spikes = np.zeros(len(values), bool)
    spikes[1:-1] = (np.sign(out) == np.sign(back)) & (np.minimum(np.abs(out), np.abs(back)) > _SPIKE * scatter)
    spikes[:2] = spikes[-2:] = False
    steps = np.arange(len(values))
    return np.interp(steps, steps[~spikes], values[~spikes])
