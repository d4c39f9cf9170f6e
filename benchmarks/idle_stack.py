"""What the whole stack costs while it has nothing to do, beside an empty Dagster project over the same minutes.

Ours is what `pake up` starts, `pake up` itself included: code server, webserver, daemon, embedded PostgreSQL. Every
schedule and every sensor is on and ticks as it does for a user. It has read its samples once, and no source is due for
a day, so that the ticks find nothing to do. Ticks that launch a run whatever there is (nightly and weekly ones, the
digest) belong to no idle time: a window with a run in it is refused, so start it between them.

The empty project has the same processes of the same versions, storage on an embedded PostgreSQL of its own, Dagster's
own defaults in all else, and no definition. Nobody looks at either UI.

Both run at once. CPU time (user and system) is that of all their processes, those that ended included; memory is the
median of the sums of their PSS, taken of one and the other by turns.
"""

import asyncio
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from benchmarks.children import byte_code_cache
from benchmarks.idle_stacks import empty_stack, our_stack, runs_launched

_SETTLE_SECONDS: Final = 90.0
_SAMPLE_SECONDS: Final = 5.0

Parts = Mapping[str, float]


@dataclass(frozen=True)
class Idle:
    """CPU seconds over the window and PSS in MB, each per part of a stack."""

    cpu_seconds: Parts
    pss_mb: Parts

    @property
    def cpu(self) -> float:
        """CPU seconds of all parts."""
        return sum(self.cpu_seconds.values())

    @property
    def memory(self) -> float:
        """Megabytes of all parts."""
        return sum(self.pss_mb.values())


@dataclass(frozen=True)
class Beside:
    """Both stacks over the same window of `seconds`."""

    ours: Idle
    empty: Idle
    seconds: float

    def figures(self) -> dict[str, Any]:
        """Return the figures that are tracked."""
        return {
            "stack_cpu_ratio_to_empty_project": round(self.ours.cpu / self.empty.cpu, 3),
            "stack_memory_ratio_to_empty_project": round(self.ours.memory / self.empty.memory, 3),
        }

    def sizes(self) -> dict[str, Any]:
        """Return the raw numbers behind them."""
        return {
            "stack_minutes": round(self.seconds / 60, 1),
            "stack_cpu_seconds": _rounded(self.ours.cpu_seconds),
            "stack_memory_mb": _rounded(self.ours.pss_mb),
            "empty_project_cpu_seconds": _rounded(self.empty.cpu_seconds),
            "empty_project_memory_mb": _rounded(self.empty.pss_mb),
        }


def measure(minutes: float) -> Beside:
    """Measure both stacks for so long. Raises RuntimeError when one does not start, or when a run was launched."""
    with byte_code_cache() as cache, our_stack(cache) as (ours, settings), empty_stack(cache) as empty:
        _say(f"both stacks are up and settle for {_SETTLE_SECONDS:.0f} s")
        time.sleep(_SETTLE_SECONDS)
        _say(f"measuring for {minutes:g} minutes")
        opened, began = datetime.now(UTC), time.monotonic()
        before = (ours.cpu_seconds(), empty.cpu_seconds())
        held: tuple[list[Parts], list[Parts]] = ([], [])
        while time.monotonic() - began < minutes * 60:
            for tree, samples in zip((ours, empty), held, strict=True):
                samples.append(tree.pss_mb())
                time.sleep(_SAMPLE_SECONDS)
        after = (ours.cpu_seconds(), empty.cpu_seconds())
        seconds = time.monotonic() - began
        if launched := asyncio.run(runs_launched(settings, opened)):
            raise RuntimeError(f"not idle, runs were launched in the window: {', '.join(launched)}")
    return Beside(*(_idle(*one) for one in zip(before, after, held, strict=True)), seconds)


def _idle(before: Parts, after: Parts, samples: Sequence[Parts]) -> Idle:
    typical = sorted(samples, key=lambda one: sum(one.values()))[len(samples) // 2]
    return Idle({part: used - before.get(part, 0) for part, used in after.items()}, typical)


def _rounded(parts: Parts) -> dict[str, float]:
    return {part: round(value, 2) for part, value in sorted(parts.items())} | {"all": round(sum(parts.values()), 2)}


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
