"""What a kind of recovery is given, and what it gives back."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from pake_pipelines.config.monitoring import Recovery
from pake_pipelines.services.mechanics import Mechanics
from pake_pipelines.store.database import Database


@dataclass(frozen=True, slots=True)
class Case:
    """One recovery that began at `begun_at`: its configuration, the database, and the services to be probed."""

    recovery: Recovery
    mechanics: Mechanics
    begun_at: datetime

    @property
    def database(self) -> Database:
        """The knowledge database."""
        return self.mechanics.database


@dataclass(frozen=True, slots=True)
class Acted:
    """What was done, in figures, and the levers that change something until the recovery is taken back."""

    details: Mapping[str, Any]
    levers: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether it has helped (None: nothing can be told yet, which is no success), and by which figure."""

    good: bool | None
    says: str


class Kind(Protocol):
    """A kind of recovery; each is a module of this room."""

    async def act(self, case: Case) -> Acted:
        """Do what helps. What it does can be done twice: whoever did it may have been killed before telling."""

    async def verify(self, case: Case) -> Verdict:
        """Measure whether it has helped."""


def by_bound(value: float, bound: float | None, unit: str, *, at_least: bool = False) -> Verdict:
    """Judge `value` by the `bound` of the configuration, which it must not exceed (or must reach)."""
    if bound is None:
        return Verdict(None, f"{value:.1f} {unit}, and no bound is set to judge it by")
    good = value >= bound if at_least else value <= bound
    wanted = "at least" if at_least else "at most"
    return Verdict(good, f"{value:.1f} {unit}, {wanted} {bound:g} is wanted")
