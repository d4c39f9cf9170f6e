"""Sizes: how much room a backup needs, and sizes in words."""

from typing import Final

from pake_pipelines.maintenance.backup.manifest import Manifest

# the first backup knows of no ratio: vectors, which are most of a large base, shrink to about half in a dump
_SHARE: Final = 0.5
_RESERVE: Final = 1.25
_LEAST: Final = 1_000_000


def in_words(size: float) -> str:
    """Return a number of bytes as `12 kB`, `3.4 MB`, `5.0 GB`."""
    for unit, power in (("GB", 1e9), ("MB", 1e6)):
        if size >= power:
            return f"{size / power:.1f} {unit}"
    return f"{size / 1e3:.0f} kB" if size >= 1e3 else f"{size:.0f} bytes"


def needed(databases: int, before: Manifest | None) -> int:
    """Return how many bytes a backup of databases of so many bytes may take, judged by the one before."""
    measured = sum(database.bytes for database in before.databases.values()) if before else 0
    share = before.bytes / measured if before and measured else _SHARE
    return max(_LEAST, int(share * databases * _RESERVE))
