"""Parsing in a process of its own: what a body from the world does there ends with that process.

The worker starts when the first body comes, knows none of the pipeline's heavy libraries, and has a memory of its own
size. It is killed at the deadline and replaced, and it ends by itself when the pipeline does.
"""

import asyncio
import multiprocessing
from concurrent.futures.process import BrokenProcessPool
from types import TracebackType
from typing import Self

from pebble import ProcessExpired, ProcessPool

from pake_pipelines.config.manners import Parsing
from pake_pipelines.model.entry import Parsed
from pake_pipelines.pipeline.worker_process import Parse, parsed, settle
from pake_pipelines.sources.protocol import Fetched, SourceError


class Worker:
    """Parses bodies under the caps of `limits`, in `limits.workers` processes."""

    def __init__(self, limits: Parsing) -> None:
        """Start nothing yet."""
        self._limits = limits
        self._pool: ProcessPool | None = None

    async def parse(self, parse: Parse, fetched: Fetched) -> Parsed:
        """Return what `parse`, a module's function, makes of `fetched`. Raises SourceError.

        Its kinds are those of the parser, and too_slow (the deadline), too_heavy (the memory) and malformed (any other
        error of the parser). Entries beyond `max_items` are left out, with a warning.
        """
        try:
            return await self._parse(parse, fetched)
        except BrokenProcessPool:
            # a worker that was killed while it was idle breaks the pool; a new one knows nothing of that
            self.close()
        try:
            return await self._parse(parse, fetched)
        except BrokenProcessPool as error:
            raise SourceError(
                "too_heavy", f"{fetched.url}: no process could be started to parse it: {error}"
            ) from error

    async def _parse(self, parse: Parse, fetched: Fetched) -> Parsed:
        seconds = self._limits.deadline_seconds
        task = self._running().schedule(parsed, args=(parse, fetched, self._limits.max_items), timeout=seconds)
        try:
            return await asyncio.wrap_future(task)
        except TimeoutError as error:
            raise SourceError("too_slow", f"{fetched.url}: not parsed within {seconds:g} s") from error
        except ProcessExpired as error:
            raise SourceError("too_heavy", f"{fetched.url}: the process that parsed it broke down: {error}") from error

    def close(self) -> None:
        """End the workers; what they are at is lost."""
        pool, self._pool = self._pool, None
        if pool is not None:
            pool.stop()  # type: ignore[no-untyped-call]
            pool.join()

    def __enter__(self) -> Self:
        """Lend the worker."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """End it."""
        self.close()

    def _running(self) -> ProcessPool:
        if self._pool is not None and not self._pool.active:
            self.close()
        if self._pool is None:
            self._pool = ProcessPool(
                max_workers=self._limits.workers,
                initializer=settle,
                initargs=(self._limits.memory_mb,),
                # a fork would copy the pipeline's threads' locks and count its memory as the worker's
                context=multiprocessing.get_context("spawn"),
            )
        return self._pool
