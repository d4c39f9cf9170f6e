"""Group commit: many small pieces of work are carried out in few large ones, and each still succeeds or fails alone."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, Generic, TypeVar

# what a group costs is well above this; it is what a busy process gives for groups of twice the size
_LINGER_SECONDS: Final = 0.005

Item = TypeVar("Item")
Result = TypeVar("Result")


class Grouped(Generic[Item, Result]):
    """Whatever came in while the last group was carried out makes the next; a lone item does not wait for others.

    A group that fails is taken apart and its items are tried one by one, so that only those at fault fail.
    """

    def __init__(self, carry_out: Callable[[Sequence[Item]], Awaitable[Sequence[Result]]], most: int) -> None:
        """Carry out at most `most` items at once; `carry_out` returns their results in order."""
        self._carry_out = carry_out
        self._most = most
        self._waiting: list[tuple[Item, asyncio.Future[Result]]] = []
        self._worker: asyncio.Task[None] | None = None

    async def put(self, item: Item) -> Result:
        """Have `item` carried out; return its result or raise what its carrying out raised."""
        future: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, future))
        if self._worker is None or self._worker.done():
            self._worker = asyncio.create_task(self._work())
        return await future

    async def close(self) -> None:
        """Stop; what is still waiting is not carried out."""
        if self._worker is not None:
            self._worker.cancel()
            await asyncio.gather(self._worker, return_exceptions=True)

    async def _work(self) -> None:
        crowded = False
        while self._waiting:
            # those that are ready in this turn of the loop come along; where many come, so do the next few
            await asyncio.sleep(_LINGER_SECONDS if crowded else 0)
            group, self._waiting = self._waiting[: self._most], self._waiting[self._most :]
            crowded = len(group) > 1
            if not await self._together(group):
                for one in group:
                    await self._alone(*one)

    async def _together(self, group: Sequence[tuple[Item, "asyncio.Future[Result]"]]) -> bool:
        if len(group) == 1:
            return False
        try:
            results = await self._carry_out([item for item, _ in group])
        except Exception:  # noqa: BLE001  # each item's own attempt tells its caller
            return False
        for (_, future), result in zip(group, results, strict=True):
            if not future.done():
                future.set_result(result)
        return True

    async def _alone(self, item: Item, future: "asyncio.Future[Result]") -> None:
        if future.done():
            return
        try:
            (result,) = await self._carry_out([item])
        except Exception as error:  # noqa: BLE001  # raised again where the item was put
            future.set_exception(error)
        else:
            if not future.done():
                future.set_result(result)
