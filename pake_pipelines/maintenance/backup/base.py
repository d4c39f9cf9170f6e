"""Taking a base backup (pg_basebackup) when one is due, and removing what no moment of the kept days needs."""

import asyncio
import shutil
from collections.abc import Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final

from pake_pipelines import crash
from pake_pipelines.crash import CrashPoint
from pake_pipelines.durable import sync_directory
from pake_pipelines.maintenance.backup import base_files, bases, wal
from pake_pipelines.maintenance.backup.bases import Base, House
from pake_pipelines.maintenance.backup.files import locked, private
from pake_pipelines.maintenance.errors import MaintenanceError
from pake_pipelines.maintenance.workplace import Workplace
from pake_pipelines.model.maintenance import Outcome, TaskState
from pake_pipelines.store.archiving import archive_configuration
from pake_pipelines.store.client_tools import environment
from pake_pipelines.store.database import addresses
from pake_pipelines.store.embedded import programs
from pake_pipelines.store.server_account import MAJOR
from pake_pipelines.store.wal import ServerFacts, WalStanding, server_facts, wal_standing
from pake_pipelines.store.wal_segments import archived, first_gap

if TYPE_CHECKING:
    from collections.abc import Iterator

_STAMP: Final = "base-%Y%m%dT%H%M%SZ"
_LEVEL: Final = 1


async def run(place: Workplace) -> Outcome:
    """Take a base backup when the newest is `base_every_days` old, or with the option `now`; then tidy up.

    Raises MaintenanceError and StoreError.
    """
    rules = place.config.backup.point_in_time
    if not rules.enabled:
        return Outcome(TaskState.SKIPPED, "recovery to a point in time is switched off (backup.point_in_time.enabled)")
    async with place.open() as database, database.connection() as connection:
        facts, standing = await server_facts(connection), await wal_standing(connection)
    house = House(wal.directory_of(place.settings, rules), facts.system)
    if (reason := hindrance(facts, standing, embedded=addresses(place.settings).embedded)) is not None:
        return Outcome(TaskState.UNAVAILABLE, reason, archive_configuration(house.wal, rules.archive_timeout_seconds))
    if (broken := wal.fault(standing, rules)) is not None:
        raise MaintenanceError(broken)
    newest = bases.newest(bases.bases_in(house))
    due = newest is None or facts.now - newest.finished_at >= timedelta(days=rules.base_every_days)
    if place.dry_run:
        return _said(house, None, tidied(house, facts.now, rules.keep_days, keep=True), due=due)
    made = await _take(place, house, facts) if due or place.options.get("now") else None
    return _said(house, made, tidied(house, facts.now, rules.keep_days), due=due)


def hindrance(facts: ServerFacts, standing: WalStanding, *, embedded: bool) -> str | None:
    """Return in one sentence why this server allows no recovery to a point in time; None when it does."""
    if facts.major != MAJOR:
        return (
            f"the server is PostgreSQL {facts.major} and what comes with this package is {MAJOR}: it could not recover "
            "a base backup; use the tools of that server (pgBackRest, Barman)"
        )
    if not facts.may_replicate:
        return f"role {facts.role!r} may not take a base backup: ALTER ROLE ... REPLICATION, or take it as a superuser"
    if not standing.on and not embedded:
        return (
            "the server archives no log: set archive_mode and archive_command as docs/backups.md says, and restart it"
        )
    return None


async def _take(place: Workplace, house: House, facts: ServerFacts) -> Base:
    """Take a base backup: made under another name, checked file by file, synced, renamed."""
    began = asyncio.get_running_loop().time()
    house.bases.mkdir(parents=True, exist_ok=True)
    house.bases.chmod(0o700)
    name = facts.now.astimezone(UTC).strftime(_STAMP)
    place.say(f"taking {name}")
    with _staged(house, name) as directory:
        await _basebackup(addresses(place.settings).knowledge, directory, place.environ)
        async with place.open() as database, database.connection() as connection:
            finished_at = (await server_facts(connection)).now
        crash.point(CrashPoint.BASE_TAKEN)
        base = await asyncio.to_thread(_checked, directory, name, facts, finished_at)
        _refuse_gap(house, base)
        with private(directory / bases.FILE) as file:
            file.write(bases.to_json(base))
        for path in directory.iterdir():
            path.chmod(0o600)
        sync_directory(directory)
        crash.point(CrashPoint.BASE_SYNCED)
        directory.rename(house.path(base))
        crash.point(CrashPoint.BASE_RENAMED)
        sync_directory(house.bases)
    seconds = asyncio.get_running_loop().time() - began
    place.say(f"{name}: {base.bytes / 1e6:,.1f} MB in {seconds:.1f} s, every file checked")
    return base


@contextmanager
def _staged(house: House, name: str) -> "Iterator[Path]":
    """Lend a fresh directory in which a base backup is made, and remove what killed runs have left."""
    for left in house.bases.glob(".base-*.partial"):
        with suppress(BlockingIOError), locked(left):
            shutil.rmtree(left)
    directory = house.bases / f".{name}.partial"
    directory.mkdir(mode=0o700)
    with locked(directory):
        try:
            yield directory
        finally:
            shutil.rmtree(directory, ignore_errors=True)


async def _basebackup(url: str, directory: Path, environ: Mapping[str, str]) -> None:
    """Let pg_basebackup write into `directory`; it ends when the log that the backup needs is archived."""
    command = (
        programs() / "pg_basebackup", "--pgdata", directory, "--format=tar", f"--compress=client-gzip:{_LEVEL}",
        "--wal-method=none", "--checkpoint=fast", "--manifest-checksums=SHA256", "--no-password",
    )  # fmt: skip
    process = await asyncio.create_subprocess_exec(
        *map(str, command),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
        env=environment(url, environ),
    )
    try:
        _, said = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode != 0:
        lines = [line.strip() for line in said.decode(errors="replace").splitlines() if "error:" in line]
        raise MaintenanceError(f"pg_basebackup failed: {lines[0] if lines else f'exit code {process.returncode}'}")


def _checked(directory: Path, name: str, facts: ServerFacts, finished_at: datetime) -> Base:
    """Hold every file against PostgreSQL's manifest and return what is known of the base backup."""
    archive = directory / base_files.ARCHIVE
    others = {path.name for path in directory.iterdir()} - {base_files.ARCHIVE, base_files.MANIFEST}
    if others:
        raise MaintenanceError(f"the server has tablespaces ({', '.join(sorted(others))}), which are not supported")
    manifest = base_files.read_server_manifest(directory / base_files.MANIFEST)
    base_files.verify(archive, manifest)
    if manifest.system != facts.system:
        raise MaintenanceError(f"the server was replaced meanwhile: {facts.system} before, {manifest.system} now")
    return Base(
        name, facts.system, facts.major, facts.role, manifest.timeline, manifest.start_lsn, manifest.end_lsn,
        facts.now, finished_at, sum(path.stat().st_size for path in directory.iterdir()), manifest.bytes,
    )  # fmt: skip


def _refuse_gap(house: House, base: Base) -> None:
    """Refuse a base backup whose log is not in our archive: the server says it archives, but not to us."""
    needed = base.last_segment
    held = {one.segment for one in archived(house.wal)}
    if needed not in held or first_gap(base.first_segment, held | {needed}) is not None:
        raise MaintenanceError(
            f"segment {needed.name} was archived by the server, but it is not in {house.wal}: "
            "set its archive_command as docs/backups.md says"
        )


@dataclass(frozen=True, slots=True)
class _Tidied:
    """What went: names of base backups, segments, bytes."""

    bases: tuple[str, ...] = ()
    segments: int = 0
    bytes: int = 0

    def __add__(self, other: "_Tidied") -> "_Tidied":
        return replace(
            self,
            bases=self.bases + other.bases,
            segments=self.segments + other.segments,
            bytes=self.bytes + other.bytes,
        )


def tidied(house: House, now: datetime, keep_days: int, *, keep: bool = False) -> _Tidied:
    """Remove what may go, of this cluster and of former ones; with `keep` only say what that is."""
    total = _Tidied()
    for one in bases.houses(house.directory):
        made, segments = bases.bases_in(one), archived(one.wal)
        past = wal.outdated(made, segments, now, keep_days)
        if one != house and bases.bases_in(house) and wal.is_past(made, segments, now, keep_days):
            past = wal.Outdated(tuple(made), tuple(segments))
        if not keep:
            _remove(one, past)
        size = sum(base.bytes for base in past.bases) + sum(segment.bytes for segment in past.segments)
        total += _Tidied(tuple(base.name for base in past.bases), len(past.segments), size)
    return total


def _remove(house: House, past: wal.Outdated) -> None:
    """Remove base backups, each by its name first, and then the log that they needed."""
    for base in past.bases:
        leaving = house.bases / f".{base.name}.partial"
        house.path(base).rename(leaving)
        sync_directory(house.bases)
        crash.point(CrashPoint.BASE_LEAVING)
        shutil.rmtree(leaving)
    for one in past.segments:
        for path in house.wal.glob(f"{one.segment.name}.*"):
            path.unlink()
    if past.segments:
        sync_directory(house.wal)


def _said(house: House, made: Base | None, gone: _Tidied, *, due: bool) -> Outcome:
    held: Sequence[Base] = bases.bases_in(house)
    segments = archived(house.wal)
    newest = bases.newest(held)
    details = {
        "directory": str(house.directory),
        "base_backups": [
            {"name": base.name, "finished_at": base.finished_at, "megabytes": round(base.bytes / 1e6, 1)}
            for base in held
        ],
        "segments": len(segments),
        "segment_megabytes": round(sum(one.bytes for one in segments) / 1e6, 1),
        "last_segment_closed_at": segments[-1].closed_at if segments else None,
        "removed_base_backups": list(gone.bases),
        "removed_segments": gone.segments,
        "freed_megabytes": round(gone.bytes / 1e6, 1),
    }
    if made is not None:
        summary = f"{made.name}: {made.bytes / 1e6:,.1f} MB, every file checked against its manifest"
        return Outcome(TaskState.DONE, summary, details)
    if newest is None or due:
        return Outcome(TaskState.DONE, "would take a base backup", details)
    if gone.segments or gone.bases:
        summary = f"{len(gone.bases)} base backup(s) and {gone.segments} segment(s) of the log were no longer needed"
        return Outcome(TaskState.DONE, summary, details)
    return Outcome(TaskState.SKIPPED, f"{newest.name} is recent enough", details)
