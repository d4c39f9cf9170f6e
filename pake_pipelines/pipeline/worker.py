"""Parsing in a process of its own: what a body from the world does there ends with that process."""

import asyncio
from concurrent.futures.process import BrokenProcessPool

from pebble import ProcessExpired

from pake_pipelines.config.manners import Parsing
from pake_pipelines.model.entry import Parsed
from pake_pipelines.pipeline.bounded import Bounded
from pake_pipelines.pipeline.worker_process import Parse, parsed
from pake_pipelines.sources.protocol import Fetched, SourceError


class Worker(Bounded):
    """Parses bodies under the caps of `limits`, in `limits.workers` processes."""

    def __init__(self, limits: Parsing) -> None:
        """Start nothing yet."""
        super().__init__(workers=limits.workers, deadline_seconds=limits.deadline_seconds, memory_mb=limits.memory_mb)
        self._limits = limits

    async def parse(self, parse: Parse, fetched: Fetched) -> Parsed:
        """Return what `parse`, a module's function, makes of `fetched`. Raises SourceError.

        Its kinds are those of the parser, and too_slow (the deadline), too_heavy (the memory) and malformed (any other
        error of the parser). Entries beyond `max_items` are left out, with a warning.
        """
        try:
            return await self._parse(parse, fetched)
        except BrokenProcessPool:
            self.close()
        try:
            return await self._parse(parse, fetched)
        except BrokenProcessPool as error:
            raise SourceError(
                "too_heavy", f"{fetched.url}: no process could be started to parse it: {error}"
            ) from error

    async def _parse(self, parse: Parse, fetched: Fetched) -> Parsed:
        try:
            return await asyncio.wrap_future(self.submit(parsed, parse, fetched, self._limits.max_items))
        except TimeoutError as error:
            seconds = self._limits.deadline_seconds
            raise SourceError("too_slow", f"{fetched.url}: not parsed within {seconds:g} s") from error
        except ProcessExpired as error:
            raise SourceError("too_heavy", f"{fetched.url}: the process that parsed it broke down: {error}") from error
