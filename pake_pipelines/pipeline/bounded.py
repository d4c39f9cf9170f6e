"""Processes in which a function may do what it likes: they have a deadline, a memory of their own size and no heirs.

They start when the first call comes and know none of the pipeline's heavy libraries. One is killed at the deadline and
replaced, and all end by themselves when the pipeline does.
"""

import multiprocessing
from collections.abc import Callable
from concurrent.futures import Future
from types import TracebackType
from typing import Any, ParamSpec, Self, TypeVar

from pebble import ProcessPool

from pake_pipelines.pipeline.worker_process import settle

_P = ParamSpec("_P")
_T = TypeVar("_T")


class Bounded:
    """Carries out calls in `workers` processes, each within `deadline_seconds` and `memory_mb`."""

    def __init__(self, *, workers: int, deadline_seconds: float, memory_mb: int) -> None:
        """Start nothing yet."""
        self._workers = workers
        self._deadline = deadline_seconds
        self._memory = memory_mb
        self._pool: ProcessPool | None = None

    def submit(self, call: Callable[_P, _T], *args: _P.args, **kwargs: _P.kwargs) -> "Future[_T]":
        """Have `call`, a module's function, carried out; waiting for a free process is no part of the deadline.

        The future raises what the call raises, TimeoutError at the deadline, ProcessExpired when its process broke
        down, and BrokenProcessPool when none could be started. A process that was killed while it was idle breaks the
        pool: after `close`, a new one knows nothing of that. Raises BrokenProcessPool likewise.
        """
        task: Future[Any] = self._running().schedule(call, args=args, kwargs=kwargs, timeout=self._deadline)
        return task

    def close(self) -> None:
        """End the processes; what they are at is lost."""
        pool, self._pool = self._pool, None
        if pool is not None:
            pool.stop()  # type: ignore[no-untyped-call]
            pool.join()

    def __enter__(self) -> Self:
        """Lend the processes."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """End them."""
        self.close()

    def _running(self) -> ProcessPool:
        if self._pool is not None and not self._pool.active:
            self.close()
        if self._pool is None:
            self._pool = ProcessPool(
                max_workers=self._workers,
                initializer=settle,
                initargs=(self._memory,),
                # a fork would copy the pipeline's threads' locks and count its memory as the worker's
                context=multiprocessing.get_context("spawn"),
            )
        return self._pool
