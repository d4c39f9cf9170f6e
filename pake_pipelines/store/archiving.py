"""How a server of ours is told to keep its write-ahead log, and to get it back."""

import shlex
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pake_pipelines.store import wal_archiver
from pake_pipelines.store.errors import StoreError

_ARCHIVER: Final = Path(wal_archiver.__file__)


@dataclass(frozen=True, slots=True)
class Archiving:
    """Where a server's log is kept, and after how many seconds a segment with something in it is closed."""

    directory: Path
    timeout_seconds: int = 300

    def of(self, system: int) -> Path:
        """Return the archive of the cluster `system`: another cluster counts its segments from the beginning, too."""
        return self.directory / str(system) / "wal"

    @property
    def reaches(self) -> tuple[Path, ...]:
        """Return what the server's account has to reach so that it can archive."""
        return self.directory, _ARCHIVER, Path(sys.executable).resolve()


def system_of(cluster: Path) -> int:
    """Return the identifier of the cluster in the directory `cluster`: the first field of its control file."""
    return int.from_bytes((cluster / "global" / "pg_control").read_bytes()[:8], sys.byteorder)


def archive_configuration(archive: Path, timeout_seconds: int) -> dict[str, str]:
    """Return the server's settings with which it keeps its log in the directory `archive`. Raises StoreError."""
    return {
        "archive_mode": "on",
        "archive_command": _command("archive", archive, "%p %f"),
        "archive_timeout": f"{timeout_seconds}s",
    }


def restore_command(archive: Path) -> str:
    """Return the command with which a server gets its log back from `archive`. Raises StoreError."""
    return _command("restore", archive, "%f %p")


def _command(act: str, archive: Path, places: str) -> str:
    # a virtual environment's python knows the standard library without its site packages
    words = (sys.executable, "-I", "-S", "-B", str(_ARCHIVER), act, str(archive))
    for word in words:
        if "\\" in word or "\n" in word:
            raise StoreError(f"the log cannot be archived by this path, which holds a backslash or line break: {word}")
    return f"{' '.join(map(shlex.quote, words)).replace('%', '%%')} {places}"
