"""Working through many rows in small transactions."""

from collections.abc import Iterator, Sequence
from typing import Final, TypeVar

Item = TypeVar("Item")

# large enough that a transaction's cost does not count, small enough that memory stays flat and a crash loses little
BATCH: Final = 200


def batches(items: Sequence[Item], size: int = BATCH) -> Iterator[Sequence[Item]]:
    """Yield `items` in runs of `size`."""
    for start in range(0, len(items), size):
        yield items[start : start + size]
