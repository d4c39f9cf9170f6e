"""Compute logs: what steps and their children print, redacted on its way into Dagster's files.

Dagster lets the files be written as they are, and copies them to the process's own output with two further processes
for each stream. Here one thread for each stream reads lines, redacts them and writes both.
"""

import logging
import os
import sys
import threading
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any, Final, Self

from dagster._core.storage.compute_log_manager import CapturedLogContext, ComputeIOType
from dagster._core.storage.local_compute_log_manager import IO_TYPE_EXTENSION, LocalComputeLogManager
from dagster._serdes import ConfigurableClassData
from dagster._utils import touch_file

from pake_pipelines.redaction import redact

_MODE: Final = 0o600
_CHUNK: Final = 65_536
# a line without an end is redacted in pieces of this size
_LONGEST_LINE: Final = 1 << 20
_KEY: Final = b"PRIVATE KEY"
_BEGIN: Final = b"-----BEGIN "
_END: Final = b"-----END "


class RedactedComputeLogs(LocalComputeLogManager):
    """`LocalComputeLogManager` whose files hold no secrets; configured in the same way, under `compute_logs`."""

    @classmethod
    def from_config_value(cls, inst_data: ConfigurableClassData | None, config_value: Any) -> Self:
        """Return the manager that dagster.yaml describes."""
        return cls(inst_data=inst_data, **config_value)

    @contextmanager
    def capture_logs(self, log_key: Sequence[str]) -> Generator[CapturedLogContext, None, None]:
        """Capture what is printed inside."""
        out, err = (
            Path(self.get_captured_local_path(log_key, IO_TYPE_EXTENSION[kind]))
            for kind in (ComputeIOType.STDOUT, ComputeIOType.STDERR)
        )
        with captured(sys.stdout, out), captured(sys.stderr, err):
            yield CapturedLogContext(log_key)
        touch_file(self.get_captured_local_path(log_key, "complete"))


@contextmanager
def captured(stream: IO[str], path: Path) -> Iterator[None]:
    """Have all that this process and its children write to `stream` redacted, into `path` and to where it went."""
    opened = _opened(stream, path)
    if opened is None:
        yield
        return
    number, file = opened
    stream.flush()
    before = os.dup(number)
    reading, writing = os.pipe()
    os.dup2(writing, number)
    os.close(writing)
    thread = threading.Thread(target=_copy, args=(reading, (file, before)), name="compute-log", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stream.flush()
        os.dup2(before, number)
        # a child that outlives the step holds the pipe open; it must not hold the run up
        thread.join(timeout=5)
        if not thread.is_alive():
            os.close(before)


def _opened(stream: IO[str], path: Path) -> tuple[int, int] | None:
    """Return the descriptors of `stream` and of the file; None where nothing can be captured."""
    try:
        number = stream.fileno()
        path.parent.mkdir(parents=True, exist_ok=True)
        return number, os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, _MODE)
    except (OSError, ValueError) as error:
        # a stream in memory, as tests have them, or a disk that takes nothing: the step has to run all the same
        logging.getLogger(__name__).warning("%s is not written: %s", path.name, error)
        return None


def _copy(reading: int, targets: tuple[int, int]) -> None:
    rest, in_key = b"", False
    with os.fdopen(reading, "rb", buffering=0) as pipe:
        while chunk := pipe.read(_CHUNK):
            *lines, rest = (rest + chunk).split(b"\n")
            if len(rest) > _LONGEST_LINE:
                lines, rest = [*lines, rest], b""
            for line in lines:
                in_key = _write(line + b"\n", targets, in_key=in_key)
        if rest:
            _write(rest, targets, in_key=in_key)
    os.close(targets[0])


def _write(line: bytes, targets: tuple[int, int], *, in_key: bool) -> bool:
    """Write a line; return whether the next one is still inside of a private key, of which no line is written."""
    begins = _BEGIN in line and _KEY in line
    ends = _END in line and _KEY in line
    if not in_key or begins:
        text = redact(line.decode(errors="replace")).encode(errors="replace")
        text = text if text.endswith(b"\n") or not line.endswith(b"\n") else text + b"\n"
        for target in targets:
            # a full disk must not stop the step
            with suppress(OSError):
                os.write(target, text)
    return (in_key or begins) and not ends
