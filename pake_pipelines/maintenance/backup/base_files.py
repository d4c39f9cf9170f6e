"""The files of a base backup: PostgreSQL's own manifest, and reading the archive while every file is held against it.

This is what pg_verifybackup does. It is done here because the one that comes with the embedded server ends with a
segmentation fault, and because unpacking for a recovery is checked on the way without reading everything twice.
"""

import hashlib
import tarfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, Any, Final

import orjson

from pake_pipelines.maintenance.errors import MaintenanceError

ARCHIVE: Final = "base.tar.gz"
MANIFEST: Final = "backup_manifest"
_OWN_SUM: Final = b'"Manifest-Checksum"'
_PIECE: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class ServerManifest:
    """PostgreSQL's manifest of a base backup: SHA-256 and size by path, and the log that makes it consistent."""

    files: Mapping[str, tuple[str, int]]
    system: int
    timeline: int
    start_lsn: str
    end_lsn: str

    @property
    def bytes(self) -> int:
        """Size of all files, unpacked."""
        return sum(size for _, size in self.files.values())


def read_server_manifest(path: Path) -> ServerManifest:
    """Read and check the manifest at `path`. Raises MaintenanceError that says what is wrong with it."""
    try:
        data = path.read_bytes()
        plain: dict[str, Any] = orjson.loads(data)
        said = plain["Manifest-Checksum"]
        last = plain["WAL-Ranges"][-1]
        files = {str(one["Path"]): (str(one["Checksum"]), int(one["Size"])) for one in plain["Files"]}
        first = plain["WAL-Ranges"][0]["Start-LSN"]
        manifest = ServerManifest(files, int(plain["System-Identifier"]), last["Timeline"], first, last["End-LSN"])
    except FileNotFoundError as error:
        raise MaintenanceError(f"{path} is missing: this base backup cannot be used") from error
    except (orjson.JSONDecodeError, KeyError, IndexError, TypeError, ValueError) as error:
        raise MaintenanceError(f"{path} is damaged: {error}") from error
    if hashlib.sha256(data[: data.rindex(_OWN_SUM)]).hexdigest() != said:
        raise MaintenanceError(f"{path} is damaged or was edited: it does not match its own checksum")
    return manifest


def verify(archive: Path, manifest: ServerManifest) -> None:
    """Read the whole archive and hold every file against the manifest.

    Raises MaintenanceError that names the first file that differs, is missing or does not belong there.
    """
    for _ in _members(archive, manifest, None):
        pass


def unpack(archive: Path, manifest: ServerManifest, into: Path) -> None:
    """Unpack the archive into the new directory `into` (private), checking every file. Raises MaintenanceError."""
    into.mkdir(mode=0o700)
    for _ in _members(archive, manifest, into):
        pass


def _members(archive: Path, manifest: ServerManifest, into: Path | None) -> Iterator[str]:
    missing = dict(manifest.files)
    with _opened(archive) as tar:
        for member in tar:
            name = _safe(member, archive)
            if member.isdir():
                if into is not None:
                    (into / name).mkdir(mode=0o700, parents=True, exist_ok=True)
                continue
            content = tar.extractfile(member)
            if content is None:
                raise MaintenanceError(f"{archive} holds {name!r}, which is no file: tablespaces are not supported")
            found = _copied(content, into / name if into is not None else None)
            if missing.pop(name, None) != found:
                known = "is damaged" if name in manifest.files else "does not belong to this base backup"
                raise MaintenanceError(f"{name} in {archive} {known}")
            yield name
    if missing:
        raise MaintenanceError(f"{archive} lacks {min(missing)} ({len(missing)} files in all)")


@contextmanager
def _opened(archive: Path) -> Iterator[tarfile.TarFile]:
    import gzip
    import zlib

    try:
        with gzip.open(archive) as packed:
            with tarfile.open(fileobj=packed, mode="r|") as tar:
                yield tar
            while packed.read(_PIECE):  # to its end, where its checksum is
                pass
    except FileNotFoundError as error:
        raise MaintenanceError(f"{archive} is missing: this base backup cannot be used") from error
    except (tarfile.TarError, EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise MaintenanceError(f"{archive} is damaged: {error}") from error


def _safe(member: tarfile.TarInfo, archive: Path) -> str:
    path = PurePosixPath(member.name)
    if path.is_absolute() or ".." in path.parts:
        raise MaintenanceError(f"{archive} holds a file outside of itself: {member.name!r}")
    return str(path)


def _copied(content: IO[bytes], destination: Path | None) -> tuple[str, int]:
    """Return checksum and size of what was read, and write it to `destination` if there is one."""
    digest, size = hashlib.sha256(), 0
    sink = destination.open("wb") if destination is not None else None
    try:
        while piece := content.read(_PIECE):
            digest.update(piece)
            size += len(piece)
            if sink is not None:
                sink.write(piece)
    finally:
        if sink is not None:
            sink.close()
    if destination is not None:
        destination.chmod(0o600)
    return digest.hexdigest(), size
