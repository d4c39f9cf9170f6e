"""Folders: text and Markdown files below a directory, each file one item known by its relative path."""

import hashlib
import re
import stat
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Final

from pake_pipelines.model.entry import Entry, Parsed
from pake_pipelines.sources.protocol import Fetched, Memory, SourceError, Unreadable
from pake_pipelines.sources.scrub import scrub

_MEDIA_TYPES: Final = {".txt": "text/plain", ".md": "text/markdown"}
# the name is the item's key, and PostgreSQL indexes no key of more than 2,704 bytes
_LONGEST_NAME: Final = 1000
_HEADING: Final = re.compile(r"^#{1,6}\s+(.+?)\s*#*$", re.MULTILINE)


class Folder:
    """The readable files below a directory, dated by their modification time."""

    version = "folder-1"
    dated = True

    def __init__(self, path: Path, *, max_bytes: int) -> None:
        """Read the files below `path` of at most `max_bytes` each."""
        self._path = path
        self._max_bytes = max_bytes

    async def visit(self, memory: Memory, past_day: date | None) -> AsyncIterator[Fetched | Unreadable]:
        """Yield the files that are new or changed since `memory`; with `past_day`, only those modified that day."""
        if not self._path.is_dir():
            raise SourceError("missing", f"{self._path}: no such folder")
        for file in self._files():
            name = file.relative_to(self._path).as_posix()
            try:
                fetched = self._read(file, name, memory, past_day)
            except OSError as error:
                yield Unreadable(scrub(name), "unreadable", error.strerror or str(error))
                continue
            if fetched is not None:
                yield fetched

    def _files(self) -> Iterator[Path]:
        for file in sorted(self._path.rglob("*")):
            hidden = any(part.startswith(".") for part in file.relative_to(self._path).parts)
            if file.suffix.lower() in _MEDIA_TYPES and not hidden and not file.is_dir():
                yield file

    def _read(self, file: Path, name: str, memory: Memory, past_day: date | None) -> Fetched | Unreadable | None:
        if file.is_symlink() or not file.resolve().is_relative_to(self._path.resolve()):
            return Unreadable(name, "outside", "a link that may lead out of the folder is not followed")
        if name != scrub(name) or len(name.encode()) > _LONGEST_NAME:
            return Unreadable(scrub(name)[:100], "name", "its name is not valid UTF-8 or too long")
        found = file.stat()
        if not stat.S_ISREG(found.st_mode):
            return Unreadable(name, "not_a_file", "it is a pipe, a socket or a device, not a file")
        modified = datetime.fromtimestamp(found.st_mtime, UTC)
        if past_day is not None and modified.date() != past_day:
            return None
        known = memory.known.get(name)
        if known and known.modified_at == modified and known.size == found.st_size:
            return None
        if found.st_size > self._max_bytes:
            return Unreadable(name, "too_large", f"{found.st_size} bytes, the limit is {self._max_bytes}")
        body = file.read_bytes()
        if known and hashlib.sha256(body).hexdigest() == known.sha256:
            return None
        return Fetched(name, body, datetime.now(UTC), _MEDIA_TYPES[file.suffix.lower()], modified)

    def parse(self, fetched: Fetched) -> Parsed:
        """Turn one file into its entry; the title is the first heading, else the first line, else the name."""
        text, problem = _decode(fetched.body)
        media_type = fetched.media_type or _MEDIA_TYPES.get(Path(fetched.url).suffix.lower(), "text/plain")
        entry = Entry(
            key=fetched.url,
            title=_title(text, Path(fetched.url), media_type),
            body=text,
            media_type=media_type,
            published_at=fetched.modified_at,
            problems=(problem,) if problem else (),
        )
        return Parsed((entry,))


def _decode(body: bytes) -> tuple[str, str | None]:
    try:
        return scrub(body.decode("utf-8-sig")), None
    except UnicodeDecodeError:
        return scrub(body.decode("cp1252", "replace")), "not UTF-8: read as Windows-1252"


def _title(text: str, path: Path, media_type: str) -> str:
    if media_type == "text/markdown" and (heading := _HEADING.search(text)):
        return heading[1][:200]
    first = next((line.strip() for line in text.splitlines() if line.strip()), "")
    return first[:200] or path.stem
