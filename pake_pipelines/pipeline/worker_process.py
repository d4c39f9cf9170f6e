"""What runs inside the worker's process. Imports little: a worker starts in the time that its imports take."""

import multiprocessing
import os
import resource
import threading
from collections.abc import Callable
from dataclasses import replace
from multiprocessing.connection import wait
from pathlib import Path
from typing import Final

from pake_pipelines.model.entry import Parsed
from pake_pipelines.sources.protocol import Fetched, SourceError

Parse = Callable[[Fetched], Parsed]

_MEGABYTE: Final = 1 << 20


def settle(memory_mb: int) -> None:
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


def parsed(parse: Parse, fetched: Fetched, max_items: int) -> Parsed:
    """Parse, in the worker; only a SourceError leaves it, for others might not survive the way."""
    try:
        found = parse(fetched)
    except SourceError:
        raise
    except MemoryError as error:
        raise SourceError("too_heavy", f"{fetched.url}: takes more memory than it may") from error
    except Exception as error:
        raise SourceError("malformed", f"{fetched.url}: {type(error).__name__}: {error}") from error
    capped = _capped(found, max_items)
    for entry in capped.entries:
        _ = entry.entry_hash  # reckoned here, it travels along with the entry
    return capped


def _capped(parsed: Parsed, max_items: int) -> Parsed:
    extra = len(parsed.entries) - max_items
    if extra <= 0:
        return parsed
    warning = f"{extra} entries beyond the first {max_items} were left out"
    return replace(parsed, entries=parsed.entries[:max_items], warnings=(*parsed.warnings, warning))
