"""One round of asking addresses: many hosts at the same time, each page by page, until nothing is left or time is up.

A round finds out by itself whether this machine is online: somebody answers. Until then nobody's silence is believed;
when so many hosts in a row are silent and none has answered, the round is over.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

from pake_pipelines.model.link import LinkAnswer
from pake_pipelines.pipeline.link_plan import Page

Ask = Callable[[Page], Awaitable[LinkAnswer]]
Tell = Callable[[Page, LinkAnswer, bool], Awaitable[None]]

_SILENT: Final = frozenset({"unknown_name", "unreachable", "timeout"})
# what goes for a host and not only for one of its pages
_WHOLE_HOST: Final = frozenset({"unknown_name", "unreachable", "insecure", "busy"})
_OFFLINE_AFTER: Final = 8


@dataclass(slots=True)
class LinkRound:
    """Asks by `ask` and hands each answer to `tell`, with whether the machine is known to be online."""

    ask: Ask
    tell: Tell
    online: bool = False
    offline: bool = False
    _silent: list[tuple[Page, LinkAnswer]] = field(default_factory=list)
    _silent_hosts: int = 0

    async def go(self, hosts: Sequence[Sequence[Page]], *, concurrency: int, seconds: float) -> None:
        """Ask the pages of `hosts`, `concurrency` hosts at a time; what is not answered after `seconds` is left."""
        waiting = deque(hosts)
        deadline = asyncio.get_running_loop().time() + seconds

        async def work() -> None:
            while waiting and not self.offline:
                try:
                    async with asyncio.timeout_at(deadline) as limit:
                        await self._host(deque(waiting.popleft()))
                except TimeoutError:
                    if not limit.expired():
                        raise
                    return

        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(min(concurrency, len(hosts))):
                    group.create_task(work())
        except ExceptionGroup as errors:
            raise errors.exceptions[0] from errors
        if not self.offline:
            await self._believe_silence()

    async def _host(self, pages: deque[Page]) -> None:
        while pages:
            page = pages.popleft()
            answer = await self.ask(page)
            self._listen(answer)
            await self._take(page, answer)
            if answer.landed == page.url and answer.trouble in _WHOLE_HOST:
                while pages:
                    await self._take(pages.popleft(), answer)
            if self.offline or answer.trouble == "timeout":
                return  # who is slow has had enough of this round's time

    def _listen(self, answer: LinkAnswer) -> None:
        if answer.heard:
            self.online, self.offline = True, False
        elif not self.online and answer.trouble in _SILENT:
            self._silent_hosts += 1
            self.offline = self._silent_hosts >= _OFFLINE_AFTER

    async def _take(self, page: Page, answer: LinkAnswer) -> None:
        if self.online:
            await self._believe_silence()
        if self.online or answer.trouble not in _SILENT:
            await self.tell(page, answer, self.online)
        else:
            self._silent.append((page, answer))

    async def _believe_silence(self) -> None:
        silent, self._silent = self._silent, []
        for page, answer in silent:
            await self.tell(page, answer, self.online)
