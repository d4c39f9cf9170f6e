"""The task `monthly_archival` (MNT-14, MNT-25): one archive of reports for each month.

The reports that are made again and again under one name are copied into the archive of the month that is over; they
stay, as people look at them. All others move into the archive of their month when they are old.

Metric samples and health samples need no archive of their own: monitoring prunes them after the days that
`monitoring.yaml` keeps them, and the reports have what was drawn from them.
"""

import asyncio
import hashlib
import os
import re
import tarfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from pake_pipelines.config.reports import REPORT_NAMES
from pake_pipelines.durable import sync_directory
from pake_pipelines.maintenance.cleanup.files import Found, OpenFiles, below, open_files
from pake_pipelines.maintenance.workplace import Workplace
from pake_pipelines.model.maintenance import Outcome, TaskState

_ARCHIVE: Final = re.compile(r"reports-\d{4}-\d{2}\.tar\.gz")
# pages that are made anew every few minutes: what they say stands in the reports
_FLEETING: Final = frozenset({"index", "status"})


@dataclass(frozen=True, slots=True)
class Month:
    """The reports that move into the archive of a month, oldest first, and those that are copied into it."""

    archive: str
    reports: tuple[Found, ...] = ()
    copies: tuple[Found, ...] = ()


def plan(files: Iterable[Found], now: datetime, days: int) -> list[Month]:
    """Return what goes into which archive: of `files` older than `days` all that are no archives and not current."""
    seen, limit = [one for one in files if not _is_ours(one.path)], now - timedelta(days=days)
    over = f"{now.replace(day=1) - timedelta(days=1):%Y-%m}"
    current = [one for one in seen if _is_newest(one.path)]
    moving: dict[str, list[Found]] = {over: []} if current else {}
    for one in sorted(seen, key=lambda one: (one.modified_at, one.path)):
        if one.modified_at < limit and not _is_current(one.path):
            moving.setdefault(f"{one.modified_at:%Y-%m}", []).append(one)
    return [
        Month(f"reports-{month}.tar.gz", tuple(some), tuple(current) if month == over else ())
        for month, some in sorted(moving.items())
    ]


def _is_newest(path: str) -> bool:
    """Tell whether a file is the newest of a report, which the next one replaces."""
    return "/" not in path and Path(path).stem in REPORT_NAMES


def _is_current(path: str) -> bool:
    """Tell whether a file is written anew under the same name; past copies below `kept/` are not."""
    first, _, below_it = path.partition("/")
    return first in REPORT_NAMES if below_it else Path(first).stem in REPORT_NAMES | _FLEETING


def _is_ours(path: str) -> bool:
    name = Path(path).name
    return _ARCHIVE.fullmatch(name) is not None or name.startswith(".")


async def run(place: Workplace) -> Outcome:
    """Pack what is older than `retention.report_days`; an original goes when the archive reads back as the same."""
    return await asyncio.to_thread(_pack_all, place)


def _pack_all(place: Workplace) -> Outcome:
    directory, days = place.settings.data / "reports", place.config.retention.report_days
    if directory.is_symlink():
        return Outcome(TaskState.SKIPPED, f"{directory} is a symbolic link: what lies elsewhere is not packed")
    held = open_files(directory)
    months = [
        replace(one, reports=_closed(directory, one.reports, held))
        for one in plan(below(directory), place.clock(), days)
    ]
    failed: list[dict[str, str]] = []
    packed = [month for month in months if place.dry_run or _tried(directory, month, failed)]
    moved = sum(len(month.reports) for month in packed)
    copied = sum(len(month.copies) for month in packed)
    would = "would be " if place.dry_run else ""
    summary = f"{moved} reports older than {days} days {would}packed, {copied} current ones {would}copied"
    if failed:
        summary += f"; {len(failed)} archives could not be made"
    details: dict[str, Any] = {
        "reports_packed": moved,
        "reports_copied": copied,
        "bytes_before": sum(one.bytes for month in packed for one in month.reports),
        "archives": [_row(directory, month) for month in packed],
        "failed": failed,
    }
    return Outcome(TaskState.FAILED if failed else TaskState.DONE, summary, details)


def _closed(directory: Path, reports: Sequence[Found], held: OpenFiles) -> tuple[Found, ...]:
    return tuple(one for one in reports if not held.has(directory / one.path))


def _tried(directory: Path, month: Month, failed: list[dict[str, str]]) -> bool:
    try:
        pack(directory, month)
    except (OSError, tarfile.TarError, EOFError) as error:
        failed.append({"archive": month.archive, "because": str(error) or type(error).__name__})
        return False
    return True


def _row(directory: Path, month: Month) -> dict[str, Any]:
    target = directory / month.archive
    return {
        "archive": month.archive,
        "reports": len(month.reports) + len(month.copies),
        "bytes": target.stat().st_size if target.exists() else 0,
    }


def pack(directory: Path, month: Month) -> None:
    """Add the reports of `month` to its archive and remove those that move. Raises OSError, also for a bad copy.

    The archive is made anew beside the old one, with what that has; a member of the same name and another content gets
    a number. What an interrupted packing left is finished.
    """
    target = directory / month.archive
    temporary = target.with_name(f".{target.name}.tmp")
    try:
        expected = _write(directory, month, target, temporary)
        if _members(temporary) != expected:
            raise OSError(f"{target.name} did not read back as what was packed: the reports stay")
        temporary.rename(target)
        sync_directory(directory)
    finally:
        temporary.unlink(missing_ok=True)
    for one in month.reports:
        (directory / one.path).unlink()


def _write(directory: Path, month: Month, target: Path, temporary: Path) -> Mapping[str, str]:
    """Write old members and new ones to `temporary`; return the SHA-256 of each by its name."""
    expected: dict[str, str] = {}
    with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        with tarfile.open(fileobj=file, mode="w:gz") as made:
            if target.exists():
                with tarfile.open(target) as held:
                    for member in held:
                        made.addfile(member, held.extractfile(member))
                expected |= _members(target)
            for one in (*(one for one in month.copies if one.path not in expected), *month.reports):
                path = directory / one.path
                digest = hashlib.sha256(path.read_bytes()).hexdigest()
                name = _name_for(one.path, digest, expected)
                if name not in expected:
                    made.add(path, arcname=name, recursive=False)
                    expected[name] = digest
        file.flush()
        os.fsync(file.fileno())
    return expected


def _name_for(path: str, digest: str, taken: Mapping[str, str]) -> str:
    number, name = 0, path
    while taken.get(name, digest) != digest:
        number += 1
        name = f"{path}.{number}"
    return name


def _members(archive: Path) -> dict[str, str]:
    found = {}
    with tarfile.open(archive) as held:
        for member in held:
            content = held.extractfile(member)
            if content is not None:
                found[member.name] = hashlib.sha256(content.read()).hexdigest()
    return found
