"""Files that no dump holds, copied beside the backups: archives of items, and raw bytes where that is asked for.

They are written once and never changed, so that a copy of the same size is the same; what is missing in the target is
copied, nothing is ever removed there. Read back: copy `<target>/files/archive` to `data/archive`.
"""

import asyncio
import os
import shutil
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

from pake_pipelines.maintenance.backup.sizes import in_words
from pake_pipelines.maintenance.backup.targets import target_of
from pake_pipelines.maintenance.workplace import Workplace
from pake_pipelines.model.maintenance import Outcome, TaskState

DIRECTORY: Final = "files"
_UNFINISHED: Final = ".partial"
_CHUNK: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class Mirrored:
    """What was copied, or would be, of one kind of files, and how much is held altogether."""

    kind: str
    copied: int
    bytes_copied: int
    held: int


async def run(place: Workplace) -> Outcome:
    """Copy what the target lacks of the kinds that `backup.files` names. Raises MaintenanceError."""
    target = target_of(place)
    done = []
    with target.told():
        for kind in place.config.backup.files:
            place.say(f"copying {kind} to {target.shown}/{DIRECTORY}/{kind}")
            beside = f"{target.url.rstrip('/')}/{DIRECTORY}/{kind}"
            done.append(await asyncio.to_thread(_mirror, kind, _source(place, kind), beside, dry_run=place.dry_run))
    copied, size = sum(one.copied for one in done), sum(one.bytes_copied for one in done)
    said = f"{'would copy' if place.dry_run else 'copied'} {copied:,} files, {in_words(size)}"
    kinds = [
        {"kind": one.kind, "copied": one.copied, "bytes_copied": one.bytes_copied, "files": one.held} for one in done
    ]
    return Outcome(TaskState.DONE, said, {"files_copied": copied, "bytes_copied": size, "kinds": kinds})


def _source(place: Workplace, kind: str) -> str:
    return place.settings.lake if kind == "lake" else str(place.settings.data / "archive")


def _mirror(kind: str, source: str, beside: str, *, dry_run: bool) -> Mirrored:
    from fsspec.core import url_to_fs

    there, root = url_to_fs(source)
    here, copy = url_to_fs(beside)
    wanted, known = dict(_files(there, root)), dict(_files(here, copy))
    missing = [name for name, size in wanted.items() if known.get(name) != size]
    if not dry_run:
        for name in missing:
            _copy(there, f"{root}/{name}", here, f"{copy}/{name}", wanted[name])
    return Mirrored(kind, len(missing), sum(wanted[name] for name in missing), len(wanted))


def _files(files: Any, root: str) -> Iterator[tuple[str, int]]:
    """Yield the path below `root` and the size of every finished file."""
    files.invalidate_cache()
    with suppress(FileNotFoundError):
        for path, facts in files.find(root, detail=True).items():
            name = path.removeprefix(root).lstrip("/")
            if not name.endswith((_UNFINISHED, ".tmp")):
                yield name, int(facts["size"])


def _copy(there: Any, source: str, here: Any, destination: str, size: int) -> None:
    """Copy a file: under another name first, since whoever is killed must not leave half a file under its own."""
    unfinished = destination + _UNFINISHED
    here.makedirs(destination.rpartition("/")[0], exist_ok=True)
    with there.open(source, "rb") as reading, here.open(unfinished, "wb") as writing:
        shutil.copyfileobj(reading, writing, _CHUNK)
        if "file" in here.protocol:
            writing.flush()
            os.fsync(writing.fileno())
    if (found := here.info(unfinished)["size"]) != size:
        raise OSError(f"{source} did not arrive whole: {found} of {size} bytes")
    here.mv(unfinished, destination)
