"""One archive of redacted files, not larger than 5 MB, with a list of what it holds and of what could not be had."""

import io
import json
import os
import tarfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from pake_pipelines.redaction import redact, redact_value

# not compressed: gzip makes nothing larger than this by more than a fraction of a percent
LARGEST_BYTES: Final = 4_800_000
_LARGEST_PART: Final = 600_000
_MODE: Final = 0o600

Content = Mapping[str, Any] | list[Any] | str
Part = Callable[[], Content]


@dataclass(slots=True)
class Bundle:
    """Files by name, and for each part that could not be had its cause. Whatever is added is redacted."""

    made_at: datetime
    files: dict[str, bytes] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)

    @property
    def room(self) -> int:
        """Bytes that may still be added."""
        return LARGEST_BYTES - sum(map(len, self.files.values()))

    def add(self, name: str, part: Part) -> None:
        """Add what `part` returns; whatever it raises becomes the cause why it is missing."""
        try:
            content = part()
        except Exception as error:  # noqa: BLE001  # a report on faults is made of what still works
            self.missing[name] = redact(f"{type(error).__name__}: {error}" if str(error) else type(error).__name__)
            return
        self.put(name, content)

    def put(self, name: str, content: Content) -> None:
        """Add `content`; of a text that is too long the end is kept."""
        data = _text(content).encode(errors="replace")
        limit = min(_LARGEST_PART, self.room)
        if len(data) <= limit:
            self.files[name] = data
        elif isinstance(content, str) and limit > 0:
            self.files[name] = data[-limit:]
        else:
            self.missing[name] = f"too large: {len(data)} bytes, and {max(0, limit)} are left"

    def contents(self) -> list[dict[str, Any]]:
        """Return name and bytes of every file."""
        return [{"name": name, "bytes": len(data)} for name, data in self.files.items()]

    def write(self, path: Path) -> int:
        """Write the archive to `path`, readable for its owner alone; return its size in bytes. Raises OSError."""
        self.files["contents.json"] = _text(
            {"made_at": self.made_at, "contents": self.contents(), "missing": self.missing}
        ).encode()
        packed = io.BytesIO()
        with tarfile.open(fileobj=packed, mode="w:gz") as archive:
            for name, data in self.files.items():
                entry = tarfile.TarInfo(f"pake-diagnose/{name}")
                entry.size, entry.mode, entry.mtime = len(data), _MODE, int(self.made_at.timestamp())
                archive.addfile(entry, io.BytesIO(data))
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, _MODE), "wb") as file:
            os.fchmod(file.fileno(), _MODE)
            file.write(packed.getvalue())
        return len(packed.getvalue())


def _text(content: Content) -> str:
    if isinstance(content, str):
        return redact(content)
    return json.dumps(redact_value(content), indent=1, default=str, ensure_ascii=False)
