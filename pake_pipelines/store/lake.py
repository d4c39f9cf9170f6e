"""The raw archive: every body that was fetched, byte for byte, compressed, at `<day>/<source>.<sha256>.zst`.

One directory a day, because making one for each source and day costs more than writing the body.

Content-addressed and write-once. A file appears whole or not at all: it is written under a temporary name, synced
and renamed; the database learns of it afterwards, so a row never points at nothing.
"""

import hashlib
import io
import os
import uuid
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from pake_pipelines import crash
from pake_pipelines.crash import CrashPoint
from pake_pipelines.durable import sync_directory


@dataclass(frozen=True, slots=True)
class Archived:
    """Where a body lies in the lake, relative to the lake's root, and the SHA-256 of its uncompressed bytes."""

    path: str
    sha256: str
    size: int


@dataclass(frozen=True, slots=True)
class NewBody:
    """A body that `source` gave on `day`; its SHA-256, if it is known already, is not reckoned again."""

    source: str
    day: date
    body: bytes
    sha256: str | None = None


@dataclass(frozen=True, slots=True)
class LakeFile:
    """A file as it lies in the lake: path relative to its root, size in bytes, when it was written."""

    path: str
    bytes: int
    written_at: datetime


class Lake:
    """The raw archive below an fsspec URL or a local directory."""

    def __init__(self, url: str) -> None:
        """Open the lake at `url`; nothing is created before the first write."""
        import fsspec.core

        self._fs, self._root = fsspec.core.url_to_fs(url)

    def write(self, source: str, day: date, body: bytes) -> Archived:
        """Archive `body` and return where it lies. Writing the same bytes again costs one look.

        Raises OSError when the archive cannot take it, for example because the disk is full.
        """
        (archived,) = self.write_all([NewBody(source, day, body)])
        return archived

    def write_all(self, bodies: Sequence[NewBody]) -> list[Archived]:
        """Archive `bodies` and return where each lies; every directory is synced once. Raises OSError."""
        import zstandard

        compressor = zstandard.ZstdCompressor()
        archived, touched = [], set()
        for one in bodies:
            digest = one.sha256 or hashlib.sha256(one.body).hexdigest()
            path = f"{one.day.isoformat()}/{one.source}.{digest}.zst"
            target = f"{self._root}/{path}"
            if not self._fs.exists(target):
                self._write_whole(target, compressor.compress(one.body))
                touched.add(target.rpartition("/")[0])
            archived.append(Archived(path, digest, len(one.body)))
        for directory in touched:
            _sync_directory(self._fs, directory)
        crash.point(CrashPoint.LAKE_RENAMED)
        return archived

    def _write_whole(self, target: str, data: bytes) -> None:
        self._fs.makedirs(target.rpartition("/")[0], exist_ok=True)
        temporary = f"{target}.{uuid.uuid4().hex}.tmp"
        try:
            with self._fs.open(temporary, "wb") as file:
                file.write(data)
                _sync(file)
            crash.point(CrashPoint.LAKE_WRITTEN)
            self._fs.mv(temporary, target)
        except BaseException:
            if self._fs.exists(temporary):
                self._fs.rm(temporary)
            raise

    def read(self, path: str) -> bytes:
        """Return the archived body at `path` (as `write` returned it).

        Raises FileNotFoundError when it is gone and ValueError when its bytes are not those that were archived.
        """
        import zstandard

        with self._fs.open(f"{self._root}/{path}", "rb") as file:
            compressed = file.read()
        try:
            body: bytes = zstandard.ZstdDecompressor().decompress(compressed)
        except zstandard.ZstdError as error:
            raise ValueError(f"archived body {path} is damaged: {error}") from error
        expected = path.rpartition("/")[2].removesuffix(".zst").rpartition(".")[2]
        if hashlib.sha256(body).hexdigest() != expected:
            raise ValueError(f"archived body {path} is damaged: its SHA-256 differs from its name")
        return body

    def days(self) -> list[str]:
        """Return the names of the lake's directories, one a day; none when there is no lake yet. Raises OSError."""
        return [name for name, one in self._listed("") if one["type"] == "directory"]

    def files(self, day: str) -> list[LakeFile]:
        """Return the files of the directory `day`. Raises OSError."""
        found = [(name, one) for name, one in self._listed(day) if one["type"] == "file" and not one.get("islink")]
        return [LakeFile(f"{day}/{name}", one["size"] or 0, _written_at(one)) for name, one in found]

    def move(self, path: str, target: str) -> None:
        """Let the file at `path` lie at `target`. Raises OSError."""
        self._fs.mv(f"{self._root}/{path}", f"{self._root}/{target}")

    def remove(self, path: str) -> None:
        """Remove the file at `path`. Raises OSError."""
        self._fs.rm_file(f"{self._root}/{path}")

    def _listed(self, directory: str) -> list[tuple[str, dict[str, Any]]]:
        place = f"{self._root}/{directory}".rstrip("/")
        self._fs.invalidate_cache(place)  # a bucket's listing is kept otherwise
        try:
            found = self._fs.ls(place, detail=True)
        except FileNotFoundError:
            return []
        return sorted((one["name"].rstrip("/").rpartition("/")[2], one) for one in found)


def _written_at(info: dict[str, Any]) -> datetime:
    """Return when a file was written: each kind of file system calls it otherwise. Raises OSError without any."""
    for name in ("mtime", "LastModified", "last_modified", "updated", "created"):
        match info.get(name):
            case datetime() as moment:
                return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
            case int() | float() as seconds:
                return datetime.fromtimestamp(seconds, UTC)
            case str() as text:
                return datetime.fromisoformat(text)
    raise OSError(f"{info['name']}: this file system does not tell when a file was written")


def _sync(file: Any) -> None:
    file.flush()
    with suppress(io.UnsupportedOperation):  # a bucket has nothing to sync
        os.fsync(file.fileno())


def _sync_directory(fs: Any, directory: str) -> None:
    if "file" not in (fs.protocol if isinstance(fs.protocol, tuple) else (fs.protocol,)):
        return
    sync_directory(Path(directory))
