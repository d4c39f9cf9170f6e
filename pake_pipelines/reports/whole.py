"""Files that a reader sees whole: the old one or the new one, never half of one."""

import os
import uuid
from pathlib import Path

from pake_pipelines import crash
from pake_pipelines.crash import CrashPoint
from pake_pipelines.redaction import redact


def write_whole(path: Path, text: str) -> None:
    """Write `text`, redacted, to `path`; whatever interrupts that, what was there before stays. Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{uuid.uuid4().hex}.tmp")
    try:
        with temporary.open("w", encoding="utf-8", newline="") as file:
            file.write(redact(text))
            file.flush()
            os.fsync(file.fileno())
        crash.point(CrashPoint.REPORT_WRITTEN)
        temporary.replace(path)
        crash.point(CrashPoint.REPORT_RENAMED)
    finally:
        temporary.unlink(missing_ok=True)
