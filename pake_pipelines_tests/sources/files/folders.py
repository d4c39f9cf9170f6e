"""What the tests of folders share: files with a modification time, and what a folder answers about them."""

import os
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

from pake_pipelines.sources.clock import Clock
from pake_pipelines.sources.files.folder import Folder
from pake_pipelines.sources.protocol import Answer, Fetched, Gone, KnownBody, Memory, Renamed, Unchanged, Window

MOMENT = datetime(2026, 11, 20, 8, tzinfo=UTC)
LATER = datetime(2026, 11, 20, 9, tzinfo=UTC)
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


def write(path: Path, text: str | bytes = "text", when: datetime = MOMENT) -> None:
    """Write a file that was modified at `when`, with the directories above it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    os.utime(path, (when.timestamp(), when.timestamp()))


def folder_of(path: Path, now: datetime = NOW, max_bytes: int = 1000) -> Folder:
    """Return a reader of `path` for which it is `now`."""
    return Folder(path, max_bytes=max_bytes, clock=Clock(now=lambda: now))


async def answers(
    path: Path,
    memory: Memory | None = None,
    window: Window | None = None,
    now: datetime = NOW,
    max_bytes: int = 1000,
) -> list[Answer]:
    """Return everything that one visit answers."""
    return [one async for one in folder_of(path, now, max_bytes).fetch(window, memory or Memory())]


def remember(memory: Memory, said: list[Answer]) -> Memory:
    """Return what is remembered after a visit said that: as the pipeline keeps it."""
    cursor, known = memory.cursor, dict(memory.known)
    for one in said:
        match one:
            case Fetched():
                known[one.url] = KnownBody(one.modified_at, len(one.body), sha256(one.body).hexdigest())
            case Renamed():
                known[one.url] = known.pop(one.was)
            case Gone():
                del known[one.url]
            case Unchanged(cursor=new) if new is not None:
                cursor = new
    return Memory(cursor, known)


async def read_once(path: Path) -> Memory:
    """Return what is remembered after the first visit."""
    return remember(Memory(), await answers(path))
