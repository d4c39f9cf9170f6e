"""The log: a line of JSON for each message in `data/logs/alerts.jsonl`, and a line of Python's logging."""

import asyncio
import errno
import fcntl
import logging
import os
from collections.abc import Collection
from dataclasses import asdict
from pathlib import Path
from typing import Final

from pake_pipelines.alerts.channels.protocol import ChannelError
from pake_pipelines.alerts.text import one_line, subject
from pake_pipelines.model.alert import Message, MessageKind, Severity

log: Final = logging.getLogger("pake_pipelines.alerts")
_LEVELS: Final = {
    Severity.INFO: logging.INFO,
    Severity.WARNING: logging.WARNING,
    Severity.ERROR: logging.ERROR,
    Severity.CRITICAL: logging.CRITICAL,
}


class Log:
    """Appends to one file, which other processes may append to at the same time."""

    def __init__(self, path: Path) -> None:
        """Write to `path`."""
        self._path = path

    async def send(self, message: Message, accepted: Collection[str]) -> str | None:
        """Append a line, whole or not at all. Raises ChannelError when the disk does not take it."""
        import orjson

        line = orjson.dumps(asdict(message), option=orjson.OPT_APPEND_NEWLINE, default=str)
        try:
            await asyncio.to_thread(self._append, line)
        except OSError as error:
            raise ChannelError(f"{self._path}: {error.strerror or type(error).__name__}") from error
        level = logging.INFO if message.kind is MessageKind.RESOLVE else _LEVELS[message.severity]
        log.log(level, "%s: %s", subject(message), one_line(message.title))
        return None

    def _append(self, line: bytes) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        file = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            fcntl.flock(file, fcntl.LOCK_EX)
            size = os.fstat(file).st_size
            if os.write(file, line) < len(line):
                os.ftruncate(file, size)
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            os.fsync(file)
        finally:
            os.close(file)
