"""A series made ready for the models: in units of its largest value, without spikes and cycles."""

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from pake_pipelines.analytics.forecasts.direction import direction
from pake_pipelines.analytics.forecasts.jumping import FUTURES, futures, jumping_slope
from pake_pipelines.analytics.forecasts.jumps import Jumps, despiked, jumps
from pake_pipelines.analytics.forecasts.profile import profile
from pake_pipelines.analytics.forecasts.series import Series

if TYPE_CHECKING:
    from pake_pipelines.analytics.forecasts.series import Floats

_CYCLES: Final = (timedelta(days=1), timedelta(days=7))
_SCALE: Final = 1.4826  # of a normal distribution, by the median absolute deviation
_OUTLYING: Final = 4.0


class Prepared:
    """A series in units of its largest value, without spikes and cycles, with what puts cycles back."""

    def __init__(self, series: Series) -> None:
        """Take spikes and cycles out of the values and find what jumps."""
        import numpy as np

        self.series = series
        self.cycles: list[Floats] = []
        # squares of what is huge or tiny are not finite
        self.unit = float(abs(series.values).max()) or 1.0
        values = np.asarray(series.values / self.unit, float)
        for cycle in _CYCLES:
            period = round(cycle / series.step)
            if period * series.step == cycle and (found := _cycle(values, period)) is not None:
                values = values - _tiled(found, 0, len(values))
                self.cycles.append(found)
        self.values: Floats = despiked(values)
        self.jumps: Jumps = jumps(self.values)

    @property
    def doubt(self) -> float:
        """How much wider intervals are because cycles were told from few rounds and taken out of the same values."""
        doubt = 1.0
        for one in self.cycles:
            rounds = len(self.values) / len(one)
            doubt *= ((rounds + 1) / (rounds - 1)) ** 0.5
        return doubt

    def peaks(self, path: "Floats") -> "Floats":
        """Return how high the highest reading up to each step of a path is, as likely as not.

        Of what jumps it is that of the drawn futures: a path through their middle does not go as high as a tooth.
        """
        import numpy as np

        steps = len(path)
        found = path + np.zeros((FUTURES, 1))
        if self.jumps.clean_ups or self.jumps.steps:
            found = futures(self.values, self.jumps, steps)
        single = np.random.default_rng(0).normal(0, self._scatter(), (FUTURES, steps)) + self.cycle_effect(steps)
        return np.median(np.maximum.accumulate(found + single, axis=1), axis=0)

    def cycle_effect(self, steps: int) -> "Floats":
        """Return what the cycles add to the steps after the last."""
        import numpy as np

        begin = len(self.values)
        return sum((_tiled(one, begin, begin + steps) for one in self.cycles), np.zeros(steps))

    @property
    def slope(self) -> float:
        """The slope a step, 0 without a significant one; of a saw-tooth, that of its peaks and floors."""
        if self.jumps.clean_ups or self.jumps.steps:
            return jumping_slope(self.values, self.jumps)
        line = direction(self.jumps.joined(self.values))
        return line.slope if line.significant else 0.0

    def _scatter(self) -> float:
        """Return the standard deviation of what does not last; minus the lag-1 covariance of changes is its square."""
        import numpy as np

        changes = np.delete(np.diff(self.values), [place - 1 for place in self.jumps.places])
        if len(changes) < 3:
            return 0.0
        changes = changes - np.median(changes)
        limit = _OUTLYING * _SCALE * float(np.median(np.abs(changes)))
        changes = changes.clip(-limit, limit)
        return float(max(0.0, -float(np.mean(changes[1:] * changes[:-1]))) ** 0.5)


def _cycle(values: "Floats", period: int) -> "Floats | None":
    """Return the profile of a cycle: first with all spikes, for one that comes every week is none."""
    found = profile(values, period)
    return profile(despiked(values), period) if found is None else found


def _tiled(found: "Floats", begin: int, end: int) -> "Floats":
    import numpy as np

    return found[np.arange(begin, end) % len(found)]
