"""Whether a series goes anywhere: a drift, perhaps changed once, that neither noise nor a random walk would show.

The values are taken for a level with noise about it, where the level drifts and wanders (a random walk). How much of
the scatter is wandering is not known, so every share of it is tried and counts as its likelihood says (restricted,
Gaussian; Harvey 1989): where all is noise the slope is tested as that of a line, where all is wandering as the drift of
a random walk, in which lines show by chance. Changes of a level with noise have a covariance that the sine transform
makes diagonal, so that this is a handful of weighted sums.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pake_pipelines.analytics.forecasts.series import Floats

_WANDERING: Final = (1e-5, 1e-4, 1e-3, 3e-3, 0.01, 0.03, 0.1, 0.25, 0.5, 0.8, 1.0)
_CHANCE: Final = 0.03
_BEND_CHANCE: Final = 0.0004  # it is looked for at many places
_BEND_ROOM: Final = 0.12  # of the series on both sides of a bend
_BEND_STEPS: Final = 6
_PLACES: Final = 24
_ROUNDING: Final = 1e-10  # of the largest value


@dataclass(frozen=True, slots=True)
class Direction:
    """Where a series goes at its end: from `start` on by `slope` a step.

    `chance` is how likely a series that goes nowhere shows such a slope, `wandering` (0 to 1) the share of the scatter
    of its changes that stays in the level.
    """

    start: int
    slope: float
    chance: float
    wandering: float

    @property
    def significant(self) -> bool:
        """Whether there is a slope and chance hardly gives one."""
        return self.slope != 0 and self.chance < _CHANCE


def direction(values: "Floats") -> Direction:
    """Return where the values go at their end; there are at least three."""
    import numpy as np

    ones = np.ones((1, len(values) - 1))
    straight = _Fitted(values, ones[:, None, :])
    room = max(_BEND_STEPS, int(_BEND_ROOM * len(values)))
    if len(values) <= 2 * room:
        return straight.direction(0, 0)
    places = np.unique(np.linspace(room, len(values) - room, _PLACES).astype(int))
    after = (np.arange(len(values) - 1) >= places[:, None]).astype(float)
    # the columns are the slopes before and after, so that one is the slope at the end and their difference the bend
    bent = _Fitted(values, np.stack([1 - after, after], axis=1))
    best = bent.likeliest()
    if bent.bend_chance(best) > _BEND_CHANCE:
        return straight.direction(0, 0)
    return bent.direction(best, int(places[best]))


def theil_sen(values: "Floats") -> float:
    """Return the median of the slopes between any two values, per step."""
    import numpy as np

    later, sooner = np.tril_indices(len(values), -1)
    return float(np.median((values[later] - values[sooner]) / (later - sooner))) if len(values) > 1 else 0.0


class _Fitted:
    """Changes fitted by columns, for each design (of one or two columns) and each share of wandering."""

    def __init__(self, values: "Floats", designs: "Floats") -> None:
        import numpy as np
        from scipy.fft import dst

        self.size = float(np.abs(values).max()) or 1.0
        changes = np.diff(values / self.size)
        number, columns = len(changes), designs.shape[1]
        turned, given = dst(designs, type=1, norm="ortho"), dst(changes, type=1, norm="ortho")
        noise = 2 - 2 * np.cos(np.pi * np.arange(1, number + 1) / (number + 1))
        shares = np.array(_WANDERING)[:, None]
        variance = shares + (1 - shares) * noise
        self.freedom = max(1, number - columns)
        crossed = np.einsum("dik,djk,sk->sdij", turned, turned, 1 / variance)
        with_given = np.einsum("dik,k,sk->sdi", turned, given, 1 / variance)
        self.spread = np.linalg.inv(crossed)
        self.found = np.einsum("sdij,sdj->sdi", self.spread, with_given)
        rest = (given**2 / variance).sum(axis=1)[:, None] - np.einsum("sdi,sdi->sd", self.found, with_given)
        # what is below rounding is no scatter: a straight line is as sure as can be
        self.scatter = np.maximum(rest, number * _ROUNDING**2) / self.freedom
        self.likelihood = -0.5 * (
            self.freedom * np.log(self.scatter) + np.log(variance).sum(axis=1)[:, None] + np.log(np.linalg.det(crossed))
        )

    def likeliest(self) -> int:
        """Return the design that is likeliest, all shares together."""
        import numpy as np

        return int(np.argmax(np.logaddexp.reduce(self.likelihood, axis=0)))

    def bend_chance(self, design: int) -> float:
        """Return how likely chance makes the two slopes of a design so different."""
        import numpy as np

        return self._chance(design, np.array([-1.0, 1.0]))

    def direction(self, design: int, start: int) -> Direction:
        """Return the last slope of a design."""
        import numpy as np

        weights = self._weights(design)
        last = np.zeros(self.found.shape[2])
        last[-1] = 1.0
        slope = float(weights @ self.found[:, design, -1])
        slope = slope * self.size if abs(slope) > _ROUNDING else 0.0
        return Direction(start, slope, self._chance(design, last), float(weights @ np.array(_WANDERING)))

    def _weights(self, design: int) -> "Floats":
        import numpy as np

        likelihood = self.likelihood[:, design]
        weights = np.exp(likelihood - likelihood.max())
        return np.asarray(weights / weights.sum(), float)

    def _chance(self, design: int, of: "Floats") -> float:
        import numpy as np
        from scipy.special import stdtr

        error = np.sqrt(np.einsum("i,sij,j->s", of, self.spread[:, design], of) * self.scatter[:, design])
        t = np.abs(self.found[:, design] @ of) / error
        return float(self._weights(design) @ (2 * stdtr(self.freedom, -t)))
