"""The program that PostgreSQL calls to put a segment of its write-ahead log away, and to get one back.

`archive_command` and `restore_command` run this file by its path, with nothing but the standard library: it starts in
20 ms, under the server's account, where the package itself may be out of reach. It packs (gzip; a segment that was
closed by the clock is nearly empty), never overwrites, and says "done" only when the bytes are on the disk. The time of
the packed file is that of the segment, when it was closed: nothing that was committed later stands in it.
"""

import gzip
import os
import re
import sys
import zlib
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO, Final

SUFFIX: Final = ".gz"
# segments, the notes that a base backup leaves, and the histories of timelines
_NAME: Final = re.compile(r"[0-9A-F]{24}(\.[0-9A-F]{8}\.backup|\.partial)?|[0-9A-F]{8}\.history")
_DONE: Final = 0
_NOT_DONE: Final = 1
# above 125 the server gives the recovery up instead of taking it for the end of the log
_DAMAGED: Final = 200
_PIECE: Final = 1 << 20
_UNREADABLE: Final = (EOFError, OSError, zlib.error)  # BadGzipFile is an OSError


def archive(directory: Path, source: Path, name: str) -> int:
    """Put the file `source` away as `name` in `directory`; return the exit code.

    A file of that name with the same content counts as done: the server asks again when it crashed before it noted
    the answer. With another content it stays, and the answer is no.
    """
    if not _NAME.fullmatch(name):
        return _say(f"{name!r} is no name of a segment")
    final, partial = directory / f"{name}{SUFFIX}", directory / f".{name}.partial"
    if final.exists():
        if not _holds(final, source):
            return _say(f"{final} exists with another content, and is not overwritten")
        _sync(directory)
        return _DONE
    try:
        with _made(partial) as raw:
            status = source.stat()
            with source.open("rb") as file, gzip.GzipFile("", "wb", 1, raw, mtime=int(status.st_mtime)) as packed:
                while piece := file.read(_PIECE):
                    packed.write(piece)
            raw.flush()
            os.utime(raw.fileno(), ns=(status.st_mtime_ns, status.st_mtime_ns))
            os.fsync(raw.fileno())
        partial.rename(final)
    except BaseException:
        with suppress(OSError):
            partial.unlink()
        raise
    _sync(directory)
    return _DONE


def restore(directory: Path, name: str, destination: Path) -> int:
    """Unpack `name` from `directory` to `destination`; return the exit code."""
    packed = directory / f"{name}{SUFFIX}"
    if not _NAME.fullmatch(name) or not packed.exists():
        return _NOT_DONE  # the server asks for what comes after the last, too
    try:
        with gzip.open(packed) as file, destination.open("wb") as unpacked:
            while piece := file.read(_PIECE):
                unpacked.write(piece)
    except _UNREADABLE as error:
        _say(f"{packed} is damaged: {error}")
        return _DAMAGED
    return _DONE


def _made(path: Path) -> BinaryIO:
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb")


def _holds(packed: Path, source: Path) -> bool:
    """Tell whether `packed` unpacks to the bytes of `source`; what cannot be unpacked does not."""
    try:
        with gzip.open(packed) as file, source.open("rb") as wanted:
            while piece := wanted.read(_PIECE):
                if file.read(len(piece)) != piece:
                    return False
            return not file.read(1)
    except _UNREADABLE:
        return False


def _sync(directory: Path) -> None:
    handle = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _say(message: str) -> int:
    sys.stderr.write(f"wal_archiver: {message}\n")
    return _NOT_DONE


def main(arguments: list[str]) -> int:
    """Carry out `archive DIRECTORY PATH NAME` or `restore DIRECTORY NAME PATH`; return the exit code."""
    act, directory, first, second = arguments
    try:
        if act == "archive":
            return archive(Path(directory), Path(first), second)
        return restore(Path(directory), first, Path(second))
    except OSError as error:
        return _say(f"{error.filename or directory}: {error.strerror or error}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
