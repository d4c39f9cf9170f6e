"""What a stage knows of the run that it works in, and what it gives back."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class Run:
    """The Dagster run, its daily partition and its moment (aware, UTC).

    `everywhere` widens it to all days, `sources` narrows it to the items of these (None: of all). `withheld` are the
    entries that the gate keeps from being published.
    """

    run_id: str
    day: date
    now: datetime
    everywhere: bool = False
    sources: tuple[str, ...] | None = None
    withheld: frozenset[int] = frozenset()

    @property
    def is_past(self) -> bool:
        """Whether the partition's day is over, so that its sources must look back."""
        return self.day < self.now.date()


@dataclass(frozen=True, slots=True)
class StageResult:
    """Counts of one stage in one run; `details` holds what is special to the stage. Seconds are wall time.

    `rows` is what the partition holds afterwards, `looked_at` what the stage had to work on.
    """

    rows: int = 0
    looked_at: int = 0
    new: int = 0
    updated: int = 0
    unchanged: int = 0
    skipped: int = 0
    failed: int = 0
    seconds: float = 0.0
    details: Mapping[str, Any] = field(default_factory=dict)

    @property
    def changed(self) -> int:
        """How many rows the stage wrote anew or differently."""
        return self.new + self.updated


class Stopwatch:
    """Seconds since its making."""

    def __init__(self) -> None:
        """Start."""
        self._start = time.perf_counter()

    @property
    def seconds(self) -> float:
        """Wall time so far."""
        return round(time.perf_counter() - self._start, 3)
