"""Packing a file with gzip: the original goes when what was written reads back as the same."""

import gzip
import hashlib
import os
import shutil
import zlib
from pathlib import Path
from typing import IO, Any, Final

from pake_pipelines.durable import sync_directory

_CHUNK: Final = 1 << 20


def pack(source: Path, target: Path) -> Path | None:
    """Replace `source` by `target`, or by a name beside it if that is another file's; return where it lies.

    The time of the last change and the mode stay. None, and the original stays, when somebody has written to it
    meanwhile. What an interrupted packing left is finished. Raises OSError.
    """
    before = source.stat()
    digest = _digest(source.open("rb"))
    place = _place_for(target, digest)
    if not place.exists():
        _write(source, place, digest)
    after = source.stat()
    if (after.st_size, after.st_mtime_ns) != (before.st_size, before.st_mtime_ns):
        place.unlink()
        return None
    source.unlink()
    return place


def _place_for(target: Path, digest: str) -> Path:
    """Return the first name at which there is nothing, or the same content packed already."""
    number, place = 0, target
    while place.exists() and not _holds(place, digest):
        number += 1
        place = target.with_name(f"{target.name.removesuffix('.gz')}.{number}.gz")
    return place


def _write(source: Path, target: Path, digest: str) -> None:
    """Write `source` packed to `target`, read it back, and only then let it have its name. Raises OSError."""
    status = source.stat()
    temporary = target.with_name(f".{target.name}.tmp")
    try:
        with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            with (
                source.open("rb") as given,
                gzip.GzipFile(source.name, "wb", fileobj=file, mtime=status.st_mtime) as out,
            ):
                shutil.copyfileobj(given, out, _CHUNK)
            file.flush()
            os.fsync(file.fileno())
        if not _holds(temporary, digest):
            raise OSError(f"{target.name} did not read back as what was packed; {source.name} stays")
        temporary.chmod(status.st_mode & 0o777)
        os.utime(temporary, ns=(status.st_atime_ns, status.st_mtime_ns))
        temporary.rename(target)
        sync_directory(target.parent)
    finally:
        temporary.unlink(missing_ok=True)


def _holds(packed: Path, digest: str) -> bool:
    try:
        return _digest(gzip.open(packed, "rb")) == digest
    except (OSError, EOFError, zlib.error):
        return False


def _digest(opened: "IO[bytes] | gzip.GzipFile") -> str:
    found = hashlib.sha256()
    stream: Any = opened
    with stream:
        while part := stream.read(_CHUNK):
            found.update(part)
    return found.hexdigest()
