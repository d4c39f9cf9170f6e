"""A file that somebody names at the terminal, or stdin, within the limit that holds for all that is read."""

import sys
from datetime import UTC, datetime
from pathlib import Path

from pake_pipelines.sources.protocol import SourceError


def read_given(file: Path, most: int) -> tuple[bytes, datetime | None]:
    """Return a file's bytes and when it was modified. Raises OSError, and SourceError (too_large) beyond `most`."""
    if str(file) == "-":
        body, modified_at = sys.stdin.buffer.read(most + 1), None
    else:
        with file.open("rb") as opened:
            body, modified_at = opened.read(most + 1), datetime.fromtimestamp(file.stat().st_mtime, UTC)
    if len(body) > most:
        raise SourceError("too_large", f"it is larger than {most} bytes (http.max_bytes)")
    return body, modified_at
