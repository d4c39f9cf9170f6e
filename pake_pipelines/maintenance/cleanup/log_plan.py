"""What is to be done with each log file (LOG-07, C-26): rotated, packed, deleted, or left alone and why.

Files that a writer opens anew after a rename are rotated once a day. All others stay as long as a process has them
open, or as long as nobody can tell whether one has.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal

from pake_pipelines.config.retention import Logs
from pake_pipelines.maintenance.cleanup.files import Found

# they are opened anew after a rename (LOG-01), or for every line
REOPENED: Final = frozenset(
    {
        "application.log", "errors.log", "audit.log", "performance.log", "security/security.log", "alerts.jsonl",
    }
)  # fmt: skip
_DATED: Final = re.compile(r"\.\d{4}-\d{2}-\d{2}(\.\d+)?$")
_PACKED: Final = ".gz"

Deed = Literal["rotate", "pack", "delete", "leave"]


@dataclass(frozen=True, slots=True)
class Seen:
    """A log file, and whether a process writes to it; None when that cannot be told."""

    file: Found
    open: bool | None


@dataclass(frozen=True, slots=True)
class Step:
    """What is to be done with a file; `target` is its new name for `rotate` and `pack`, `because` why it is left."""

    deed: Deed
    file: Found
    target: str = ""
    because: str = ""


def plan(files: Iterable[Seen], now: datetime, rules: Logs) -> list[Step]:
    """Return a step for each of `files` that is not simply too young."""
    seen = list(files)
    names = {one.file.path for one in seen}
    steps = (_step(one, names, now, rules) for one in sorted(seen, key=lambda one: one.file.path))
    return [step for step in steps if step is not None]


def _step(one: Seen, names: set[str], now: datetime, rules: Logs) -> Step | None:
    file, age = one.file, now - one.file.modified_at
    if file.path in REOPENED:
        target = f"{file.path}.{now:%Y-%m-%d}"
        rotated = target in names or f"{target}{_PACKED}" in names
        return None if rotated or not file.bytes else Step("rotate", file, target)
    old, oldest = timedelta(days=rules.gzip_after_days), timedelta(days=rules.delete_after_days)
    packed = file.path.endswith(_PACKED)
    if age < oldest and (packed or age < old):
        return None
    if because := _in_the_way(one, packed=packed):
        return Step("leave", file, because=because)
    return Step("delete", file) if age >= oldest else Step("pack", file, _packed_name(file))


def _in_the_way(one: Seen, *, packed: bool) -> str:
    if one.open:
        return "a process writes to it"
    if one.file.linked:
        return "it has another name elsewhere"
    # what was rotated or packed has no writer of long life; of any other file one may be waiting to write
    if one.open is None and not packed and not _DATED.search(one.file.path):
        return "nobody can tell whether a process of another account writes to it"
    return ""


def _packed_name(file: Found) -> str:
    """Return the name under which `file` is packed: with its day, as another file may come to have its name."""
    dated = file.path if _DATED.search(file.path) else f"{file.path}.{file.modified_at:%Y-%m-%d}"
    return f"{dated}{_PACKED}"
