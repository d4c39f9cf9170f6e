"""The parts of a round: each bounded in time, timed, and if it fails told of, without harm to the others."""

import asyncio
import time
from collections.abc import Awaitable
from typing import TypeVar

Value = TypeVar("Value")


class Parts:
    """Carries out the parts of one round, all of which have to be over by its end."""

    def __init__(self, seconds: float) -> None:
        """Begin a round that may take so long."""
        self._ends_at = time.monotonic() + seconds
        self.seconds: dict[str, float] = {}
        self.faults: dict[str, str] = {}

    def left(self) -> float:
        """Return how many seconds are left."""
        return max(0.0, self._ends_at - time.monotonic())

    async def run(self, name: str, part: Awaitable[Value], at_most: float | None = None) -> Value | None:
        """Return what a part returns; None, and an entry in `faults`, when it fails or its time is up."""
        began = time.monotonic()
        seconds = self.left() if at_most is None else min(at_most, self.left())
        try:
            async with asyncio.timeout(seconds):
                return await part
        except TimeoutError:
            self.fail(name, f"not done within {seconds:.1f} s")
        except Exception as error:  # noqa: BLE001  # a part that breaks must be told of and must not stop the others
            self.fail(name, f"{type(error).__name__}: {error}")
        finally:
            self.seconds[name] = self.seconds.get(name, 0.0) + time.monotonic() - began
        return None

    def fail(self, name: str, why: str) -> None:
        """Note that a part failed."""
        self.faults[name] = why[:500]
