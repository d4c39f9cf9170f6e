"""Folders: the readable files below a directory, each file one item known by its relative path."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Final

from pake_pipelines.sources.clock import SYSTEM, Clock
from pake_pipelines.sources.files.changes import (
    Changes,
    compare,
    cursor_of,
    looks_unmounted,
    may_be_renamed,
    renames,
    stamp,
    touched_in,
    touched_too,
)
from pake_pipelines.sources.files.listing import FileSeen, Refused, list_files, read_file
from pake_pipelines.sources.files.text import MEDIA_TYPES, parse_file, suffix_of
from pake_pipelines.sources.protocol import (
    Answer,
    Fetched,
    Gone,
    KnownBody,
    Memory,
    Reader,
    Renamed,
    SourceError,
    Unchanged,
    Unreadable,
    Window,
)

_UNSUPPORTED: Final = {".doc": "the format of Word before 2007 is not read: save the document as .docx"}
_LISTED: Final = frozenset(MEDIA_TYPES) | frozenset(_UNSUPPORTED)


class Folder(Reader):
    """The readable files below a directory, dated by their modification time.

    What a visit must not do twice is remembered in the cursor: files that were only touched since they were read.
    """

    version = "folder-2"
    dated = True
    remembers_bodies = True
    bodies_are_items = True
    parse = staticmethod(parse_file)

    def __init__(self, path: Path, *, max_bytes: int, clock: Clock = SYSTEM) -> None:
        """Read the files below `path` of at most `max_bytes` each; `clock` tells when a file was modified just now."""
        self._path = path
        self._max_bytes = max_bytes
        self._clock = clock

    async def fetch(self, window: Window | None, memory: Memory) -> AsyncIterator[Answer]:
        """Yield renamed, gone, refused, new and changed files; with a window new and changed ones modified in it.

        A file that is still being written comes with a later visit.
        """
        listing = await asyncio.to_thread(list_files, self._path, _LISTED)
        if looks_unmounted(listing, memory.known):
            raise self._unmounted(len(memory.known))
        before = touched_in(memory.cursor)
        changes = compare(listing, memory.known, before, self._clock.now())
        renamed = await asyncio.to_thread(self._renamed, changes, memory.known)
        if window is None:
            for answer in _departures(changes, renamed):
                yield answer
        for refused in listing.refused:
            yield _unreadable(refused)
        touched = changes.touched | touched_too(changes, renamed, memory.known)
        for file in changes.to_read:
            if file.name in renamed or (window and not window.holds(file.modified_at)):
                continue
            known = memory.known.get(file.name)
            found = await asyncio.to_thread(self._read, file, known)
            if known and isinstance(found, Unchanged):
                touched[file.name] = stamp(file, known)
            elif found is not None:
                yield found
        if window is None and touched != before:
            yield Unchanged(cursor_of(touched))

    def _read(self, file: FileSeen, known: KnownBody | None) -> Fetched | Unreadable | Unchanged | None:
        """Read one file: Unchanged when it holds what is known of it, None when it is not fit to be read yet."""
        suffix = suffix_of(file.name)
        if suffix in _UNSUPPORTED:
            return Unreadable(file.name, "unsupported", _UNSUPPORTED[suffix])
        if file.size > self._max_bytes:
            return Unreadable(file.name, "too_large", f"{file.size} bytes, the limit is {self._max_bytes}")
        body = read_file(self._path, file)
        if isinstance(body, Refused):
            return _unreadable(body)
        if body is None:
            return None
        if known and hashlib.sha256(body).hexdigest() == known.sha256:
            return Unchanged()
        return Fetched(file.name, body, self._clock.now(), MEDIA_TYPES[suffix], file.modified_at)

    def _renamed(self, changes: Changes, known: Mapping[str, KnownBody]) -> dict[str, str]:
        bodies = {file.name: read_file(self._path, file) for file in may_be_renamed(changes, known)}
        hashes = {name: hashlib.sha256(body).hexdigest() for name, body in bodies.items() if isinstance(body, bytes)}
        return renames(changes.vanished, known, hashes)

    def _unmounted(self, files: int) -> SourceError:
        return SourceError(
            "missing",
            f"{self._path}: nothing readable is left of {files} files, as if its disk were not mounted; "
            "if they were deleted on purpose, leave one text file in the folder (it may be empty)",
        )


def _departures(changes: Changes, renamed: Mapping[str, str]) -> list[Renamed | Gone]:
    kept = changes.waiting | set(renamed.values())
    gone = [Gone(name) for name in changes.vanished if name not in kept]
    return [*(Renamed(url, was) for url, was in renamed.items()), *gone]


def _unreadable(refused: Refused) -> Unreadable:
    return Unreadable(refused.name, refused.reason, refused.detail)
