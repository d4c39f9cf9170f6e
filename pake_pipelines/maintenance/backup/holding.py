"""The files of a backup at hand: local, held against their checksums, and decrypted where they are encrypted."""

import errno
import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from pake_pipelines.maintenance.backup import encryption
from pake_pipelines.maintenance.backup.manifest import FileEntry, Manifest
from pake_pipelines.maintenance.backup.targets import Target

_CHUNK: Final = 1 << 20


def fetched(target: Target, manifest: Manifest, work: Path) -> Path:
    """Return a local directory with the files of a backup: the target's own, or copies below `work`. Raises OSError."""
    if target.local is not None:
        return target.local / manifest.name
    return target.fetch(manifest.name, work / "fetched", [file.name for file in manifest.files])


def faults(directory: Path, manifest: Manifest) -> list[str]:
    """Return in words every file that is not, byte for byte, what the manifest says. Raises PermissionError."""
    return [fault for entry in manifest.files if (fault := _fault(directory / entry.name, entry))]


def _fault(path: Path, entry: FileEntry) -> str | None:
    try:
        size = path.stat().st_size
        if size != entry.bytes:
            return f"{entry.name} has {size:,} bytes instead of {entry.bytes:,}"
        if sha256(path) != entry.sha256:
            return f"{entry.name} has other bytes than were written (SHA-256)"
    except FileNotFoundError:
        return f"{entry.name} is missing"
    except OSError as error:
        if error.errno == errno.EIO:
            return f"{entry.name} cannot be read from its disk any more"
        raise
    return None


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file, in hex. Raises OSError."""
    digest = hashlib.sha256()
    with path.open("rb", buffering=0) as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def plain(path: Path, entry: FileEntry, work: Path, environ: Mapping[str, str], key_env: str) -> Path:
    """Return the file as pg_restore can read it; an encrypted one is decrypted below `work`.

    Raises MaintenanceError when there is no key, another key is needed or the bytes are damaged, and OSError.
    """
    if not entry.encrypted:
        return path
    destination = work / entry.name.removesuffix(encryption.SUFFIX)
    encryption.decrypt_file(path, destination, encryption.identity_of(environ, key_env))
    return destination
