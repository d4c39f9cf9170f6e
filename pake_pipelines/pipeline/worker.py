"""Parsing in a process of its own: what a body from the world does there ends with that process.

The worker starts when the first body comes, knows none of the pipeline's heavy libraries, and has a memory of its own
size. It is killed at the deadline and replaced, and it ends by itself when the pipeline does.
"""

import asyncio
import multiprocessing
import os
import resource
import threading
from collections.abc import Callable
from concurrent.futures.process import BrokenProcessPool
from dataclasses import replace
from multiprocessing.connection import wait
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from pebble import ProcessExpired, ProcessPool

from pake_pipelines.config.manners import Parsing
from pake_pipelines.model.entry import Parsed
from pake_pipelines.sources.protocol import Fetched, SourceError

Parse = Callable[[Fetched], Parsed]

_MEGABYTE: Final = 1 << 20


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
        task = self._running().schedule(_parsed, args=(parse, fetched, self._limits.max_items), timeout=seconds)
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
                initializer=_settle,
                initargs=(self._limits.memory_mb,),
                # a fork would copy the pipeline's threads' locks and count its memory as the worker's
                context=multiprocessing.get_context("spawn"),
            )
        return self._pool


def _settle(memory_mb: int) -> None:
    """Bound this process's memory, and end it when its parent ends."""
    _cap_memory(memory_mb)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _cap_memory(memory_mb: int) -> None:
    """Let this process grow until its resident set may have reached `memory_mb`.

    Only address space can be capped. What is resident grows by no more than the address space does, so the room that
    the resident set has left is added to the address space taken so far.
    """
    pages, resident = map(int, Path("/proc/self/statm").read_text().split()[:2])
    page = resource.getpagesize()
    room = max(0, memory_mb * _MEGABYTE - resident * page)
    resource.setrlimit(resource.RLIMIT_AS, (pages * page + room,) * 2)


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)


def _parsed(parse: Parse, fetched: Fetched, max_items: int) -> Parsed:
    """Parse, in the worker; only a SourceError leaves it, for others might not survive the way."""
    try:
        parsed = parse(fetched)
    except SourceError:
        raise
    except MemoryError as error:
        raise SourceError("too_heavy", f"{fetched.url}: takes more memory than it may") from error
    except Exception as error:
        raise SourceError("malformed", f"{fetched.url}: {type(error).__name__}: {error}") from error
    capped = _capped(parsed, max_items)
    for entry in capped.entries:
        _ = entry.entry_hash  # reckoned here, it travels along with the entry
    return capped


def _capped(parsed: Parsed, max_items: int) -> Parsed:
    extra = len(parsed.entries) - max_items
    if extra <= 0:
        return parsed
    warning = f"{extra} entries beyond the first {max_items} were left out"
    return replace(parsed, entries=parsed.entries[:max_items], warnings=(*parsed.warnings, warning))
