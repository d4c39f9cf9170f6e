"""What the parts of an addition take, for `dedup_scale`: the product's own functions, watched from outside."""

import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, Final
from unittest.mock import patch

from pake_pipelines.store import duplicates, embeddings, signatures

_WATCHED: Final = (
    (signatures, "unsigned", "read texts"),
    (signatures, "save_signatures", "write signatures"),
    (signatures, "write_bands", "write bands"),
    (signatures, "lookalikes", "look up bands"),
    (duplicates, "sharing", "look up equal"),
    (duplicates, "known", "look up known"),
    (embeddings, "neighbours", "vectors"),
    (embeddings, "cosines", "vectors"),
    (duplicates, "in_force", "read compared"),
    (duplicates, "replace_candidates", "write pairs"),
)


class Parts:
    """Counts the seconds of each part, without those of the parts within it. For one task at a time."""

    def __init__(self) -> None:
        """Count nothing yet."""
        self.seconds: dict[str, float] = defaultdict(float)
        self._within = [0.0]

    @contextmanager
    def part(self, name: str) -> Iterator[None]:
        """Count what happens inside as part `name`."""
        started = time.perf_counter()
        self._within.append(0.0)
        try:
            yield
        finally:
            taken = time.perf_counter() - started
            self.seconds[name] += taken - self._within.pop()
            self._within[-1] += taken

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Count the statements of the store as the parts they are."""
        with ExitStack() as stack:
            for module, function, name in _WATCHED:
                stack.enter_context(patch.object(module, function, self._timed(getattr(module, function), name)))
            yield

    def _timed(self, function: Callable[..., Awaitable[Any]], name: str) -> Callable[..., Awaitable[Any]]:
        async def timed(*given: Any, **named: Any) -> Any:
            with self.part(name):
                return await function(*given, **named)

        return timed
