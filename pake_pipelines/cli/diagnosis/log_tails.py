"""The ends of the log files, newest files first, as far as there is room."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

_PATTERNS: Final = ("*.log", "*.jsonl", "security/*.log")
TAIL_BYTES: Final = 200_000


def log_files(logs: Path) -> Iterator[tuple[str, Path]]:
    """Yield name and path of each log file, the one that was written last first. Raises OSError."""
    found = [file for pattern in _PATTERNS for file in logs.glob(pattern) if file.is_file() and not file.is_symlink()]
    for file in sorted(found, key=lambda one: -one.stat().st_mtime):
        yield str(file.relative_to(logs)), file


def tail(file: Path, at_most: int = TAIL_BYTES) -> str:
    """Return the last whole lines of `file`, at most `at_most` bytes of them. Raises OSError."""
    with file.open("rb") as opened:
        size = opened.seek(0, 2)
        opened.seek(max(0, size - at_most))
        text = opened.read(at_most)
    if size > at_most:
        _, _, text = text.partition(b"\n")
    return text.decode(errors="replace")
