"""A log file that several processes append to, and that may be renamed under them at any moment.

A line is written whole or not at all. Whoever renames the file takes its lock first (`fcntl.flock`): then no line is
written to the old file any more.
"""

import errno
import fcntl
import logging
import os
import sys
from pathlib import Path
from typing import Final

_MODE: Final = 0o600
_DIRECTORY_MODE: Final = 0o700


class LogFile(logging.Handler):
    """Appends each record as a line to `path`. What cannot be written is told once on stderr and never raised."""

    def __init__(self, path: Path) -> None:
        """Describe the file; it is opened for the first line."""
        super().__init__()
        self.path = path
        self._file: int | None = None
        self._owner = os.getpid()
        self._told = False

    def emit(self, record: logging.LogRecord) -> None:
        """Append `record`."""
        try:
            line = self.format(record).encode(errors="backslashreplace") + b"\n"
            self._append(line)
            self._told = False
        except Exception as error:  # noqa: BLE001  # whatever is wrong with a log, the work goes on
            self._tell(error)

    def close(self) -> None:
        """Close the file."""
        self.acquire()
        try:
            self._let_go()
        finally:
            self.release()
        super().close()

    def _append(self, line: bytes) -> None:
        while True:
            file = self._opened()
            fcntl.flock(file, fcntl.LOCK_EX)
            try:
                if self._is_current(file):
                    _write_whole(file, line)
                    return
            finally:
                fcntl.flock(file, fcntl.LOCK_UN)
            self._let_go()

    def _opened(self) -> int:
        if self._owner != os.getpid():
            # a lock belongs to the opened file, which a forked process shares with its parent
            self._let_go()
            self._owner = os.getpid()
        if self._file is None:
            self.path.parent.mkdir(mode=_DIRECTORY_MODE, parents=True, exist_ok=True)
            self._file = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, _MODE)
        return self._file

    def _is_current(self, file: int) -> bool:
        try:
            there, ours = self.path.stat(), os.fstat(file)
        except FileNotFoundError:
            return False
        return (there.st_dev, there.st_ino) == (ours.st_dev, ours.st_ino)

    def _let_go(self) -> None:
        file, self._file = self._file, None
        if file is not None:
            os.close(file)

    def _tell(self, error: Exception) -> None:
        if self._told or sys.__stderr__ is None:
            return
        self._told = True
        cause = (error.strerror if isinstance(error, OSError) else None) or type(error).__name__
        sys.__stderr__.write(f"pake: {self.path} cannot be written ({cause}); lines are lost until it can\n")


def _write_whole(file: int, line: bytes) -> None:
    size = os.fstat(file).st_size
    if os.write(file, line) < len(line):
        os.ftruncate(file, size)
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
