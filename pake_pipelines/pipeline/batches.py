"""Working through many rows in small transactions."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from itertools import islice
from typing import Final, TypeVar

Item = TypeVar("Item")
Done = TypeVar("Done")

# large enough that a transaction's cost does not count, small enough that memory stays flat and a crash loses little
BATCH: Final = 200


def batches(items: Sequence[Item], size: int = BATCH) -> Iterator[Sequence[Item]]:
    """Yield `items` in runs of `size`."""
    for start in range(0, len(items), size):
        yield items[start : start + size]


async def at_once(
    given: Iterator[Sequence[Item]], settle: Callable[[Sequence[Item]], Awaitable[Done]], lanes: int = 2
) -> AsyncIterator[tuple[Sequence[Item], Done]]:
    """Yield each of `given` with what `settle` made of it, in order; while one waits for the database another computes.

    After a failure nothing more is begun; what is under way ends first.
    """
    while group := list(islice(given, lanes)):
        async with asyncio.TaskGroup() as tasks:
            under_way = [(batch, tasks.create_task(_awaited(settle(batch)))) for batch in group]
        for batch, task in under_way:
            yield batch, task.result()


async def _awaited(work: Awaitable[Done]) -> Done:
    return await work
