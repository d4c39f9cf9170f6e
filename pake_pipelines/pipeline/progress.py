"""Progress of a long stage, told in the log every few seconds: how far it is, how fast, how much longer."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

EVERY_SECONDS: Final = 10.0


@dataclass
class Progress:
    """Counts texts, and the work in them, which says more about the remaining time than their number does.

    `say` gets each line, which begins with `done`. Nothing is said of what is done within EVERY_SECONDS.
    """

    done: str
    texts: int
    work: float
    say: Callable[[str], object]
    clock: Callable[[], float] = time.monotonic
    _texts: int = field(default=0, init=False)
    _work: float = field(default=0, init=False)
    _start: float = field(init=False)
    _said: float = field(init=False)

    def __post_init__(self) -> None:
        """Start the clock."""
        self._start = self._said = self.clock()

    def advance(self, texts: int, work: float) -> None:
        """Note that `texts` more with that much `work` are done, and say so if it is time."""
        self._texts += texts
        self._work += work
        now = self.clock()
        over = self._texts >= self.texts
        if now - self._said >= EVERY_SECONDS or (over and now - self._start >= EVERY_SECONDS):
            self._said = now
            self.say(self._line(now - self._start, over))

    @property
    def rate(self) -> float:
        """Texts per second so far."""
        return self._texts / max(self.clock() - self._start, 1e-3)

    def _line(self, seconds: float, over: bool) -> str:
        rate = self._texts / seconds
        line = f"{self.done} {self._texts:,} of {self.texts:,} texts, {rate:,.{0 if rate >= 10 else 1}f} a second"
        left = seconds * (self.work - self._work) / self._work if self._work else 0
        return f"{line}, in {duration(seconds)}" if over else f"{line}, about {duration(left)} left"


def duration(seconds: float) -> str:
    """Return `seconds` in the unit a person would use: 40 s, 12 min, 3.5 h."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = seconds / 60
    return f"{minutes:.0f} min" if minutes < 90 else f"{minutes / 60:.1f} h"
