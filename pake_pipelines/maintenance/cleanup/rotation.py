"""Rotating the log of a program that holds it open, before it is started: the only moment at which that is safe."""

from datetime import UTC, datetime
from itertools import count
from pathlib import Path


def rotate(log: Path) -> Path | None:
    """Give `log` the day on which it was last written as part of its name; return where it lies then.

    None when there is nothing in it. Several of one day are numbered. Clean-up packs and deletes them later. Raises
    OSError.
    """
    if log.is_symlink() or not log.is_file() or not log.stat().st_size:
        return None
    day = datetime.fromtimestamp(log.stat().st_mtime, UTC).date()
    dated = log.with_name(f"{log.name}.{day}")
    names = (dated if number == 0 else dated.with_name(f"{dated.name}.{number}") for number in count())
    target = next(one for one in names if not one.exists())
    log.rename(target)
    return target
