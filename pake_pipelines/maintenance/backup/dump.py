"""Dumping one database from a snapshot: pg_dump as a child process, its output hashed, encrypted and written."""

import asyncio
import hashlib
import os
from asyncio.subprocess import Process
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final

from pake_pipelines.maintenance.backup import encryption
from pake_pipelines.maintenance.backup.files import private
from pake_pipelines.maintenance.backup.manifest import FileEntry
from pake_pipelines.maintenance.errors import MaintenanceError
from pake_pipelines.store.client_tools import Tool, environment
from pake_pipelines.store.database import masked

if TYPE_CHECKING:
    from pyrage.x25519 import Identity
else:
    Identity = Any

_CHUNK: Final = 1 << 18
# nobody can have a table to himself while the snapshot's transaction reads it; but who waits for that stands before
# pg_dump in the queue, and would wait until we are done, and we for pg_dump: it gives up, and all go on
_LOCK_WAIT_MS: Final = 200


class LockedOutError(Exception):
    """Somebody asked for a table to himself between the snapshot and pg_dump; with a new snapshot it is tried again."""


@dataclass(frozen=True, slots=True)
class Dumping:
    """How to dump: the program, `level` of compression (0 to 9), the key or None, the environment to draw on."""

    tool: Tool
    level: int
    identity: Identity | None
    environ: Mapping[str, str]


class _Hashed:
    """A file that reckons the SHA-256 and the size of what passes through it."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._hash = hashlib.sha256()
        self.bytes = 0

    @property
    def sha256(self) -> str:
        return self._hash.hexdigest()

    def _note(self, data: bytes) -> None:
        self._hash.update(data)
        self.bytes += len(data)

    def read(self, size: int = -1) -> bytes:
        data = self._file.read(size)
        self._note(data)
        return data

    def write(self, data: bytes) -> int:
        self._file.write(data)
        self._note(data)
        return len(data)

    def flush(self) -> None:
        self._file.flush()


def store(reading: IO[bytes], path: Path, identity: Identity | None) -> FileEntry:
    """Write what `reading` gives into a new private file, encrypted if there is a key; synced. Raises OSError."""
    with private(path) as opened:
        source, sink = _Hashed(reading), _Hashed(opened)
        if identity is not None:
            encryption.encrypt(source, sink, identity)
            return FileEntry(path.name, sink.bytes, sink.sha256, encrypted=True, plain_sha256=source.sha256)
        while chunk := reading.read(_CHUNK):
            sink.write(chunk)
    return FileEntry(path.name, sink.bytes, sink.sha256)


async def dump(url: str, snapshot: str, path: Path, how: Dumping) -> FileEntry:
    """Dump the database at `url` as it was in `snapshot` into `path`.

    Raises LockedOutError, MaintenanceError when pg_dump fails, OSError when the file cannot be written.
    """
    command = (
        how.tool.path, "--format=custom", f"--compress={how.level}", f"--snapshot={snapshot}",
        f"--lock-wait-timeout={_LOCK_WAIT_MS}", "--no-password",
    )  # fmt: skip
    output, into = os.pipe()
    with os.fdopen(output, "rb", buffering=_CHUNK) as reading:
        try:
            process = await asyncio.create_subprocess_exec(
                *command,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=into,
                stderr=asyncio.subprocess.PIPE,
                env=environment(url, how.environ),
            )
        finally:
            os.close(into)
        writing = asyncio.create_task(asyncio.to_thread(store, reading, path, how.identity))
        entry, said = await _followed(process, writing)
    if process.returncode != 0:
        _refuse(said, process.returncode)
    return entry


async def _followed(process: Process, writing: "asyncio.Task[FileEntry]") -> tuple[FileEntry, str]:
    """Wait for the file and the program; neither outlives this, however it ends."""
    ending = asyncio.create_task(process.communicate())
    try:
        # the first that fails ends the wait: with the disk full there is nobody left to read what pg_dump says
        entry, (_, said) = await asyncio.gather(asyncio.shield(writing), asyncio.shield(ending))
        return entry, said.decode(errors="replace")
    finally:
        if process.returncode is None:
            process.kill()
        await asyncio.wait([writing, ending])


def _refuse(said: str, code: int | None) -> None:
    if "Query was: LOCK TABLE" in said and ("timeout" in said or "57014" in said or "55P03" in said):
        raise LockedOutError
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    told = next((line for line in lines if "error:" in line), lines[-1] if lines else "it gave no reason")
    raise MaintenanceError(f"pg_dump ended with code {code}: {masked(told)}")
