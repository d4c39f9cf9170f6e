"""The recovery drill: everything built from the newest backup in a scratch place, one partition run there, measured."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from time import monotonic
from typing import Any, Final

from pake_pipelines.maintenance.backup import bases, drill_home, holding, proof, wal
from pake_pipelines.maintenance.backup.drill_home import SOURCE, DrillHome
from pake_pipelines.maintenance.backup.manifest import Manifest
from pake_pipelines.maintenance.backup.targets import Target, target_of
from pake_pipelines.maintenance.errors import MaintenanceError
from pake_pipelines.maintenance.workplace import Workplace
from pake_pipelines.model.maintenance import Outcome, TaskState
from pake_pipelines.store.database import open_database
from pake_pipelines.store.errors import StoreError
from pake_pipelines.store.migrate import migrate
from pake_pipelines.store.nodes import SourceSummary, summary_by_source
from pake_pipelines.store.scratch import ScratchServer, scratch_directory
from pake_pipelines.store.wal_segments import archived

# restored rows and their indexes, and what a run adds
_ROOM: Final = 1.5
_LINES: Final = 3


class DrillError(MaintenanceError):
    """The drill found that what was restored does not work."""


@dataclass
class _Log:
    """The steps as they went, with seconds each."""

    place: Workplace
    steps: list[dict[str, Any]] = field(default_factory=list)
    began: float = field(default_factory=monotonic)

    @contextmanager
    def step(self, name: str) -> Iterator[dict[str, Any]]:
        """Time a step; what it puts under `found` is shown with it, and so is what went wrong."""
        line: dict[str, Any] = {"step": name, "seconds": 0.0, "found": ""}
        self.steps.append(line)
        began = monotonic()
        try:
            yield line
        except Exception as error:
            line["found"] = f"failed: {error}"
            raise
        finally:
            line["seconds"] = round(monotonic() - began, 2)
            self.place.say(f"{name}: {line['seconds']:.1f} s {line['found']}")

    @property
    def seconds(self) -> float:
        """Seconds since the beginning."""
        return round(monotonic() - self.began, 2)


async def run(place: Workplace) -> Outcome:
    """Hold the drill. Failed when anything that was restored is not equal or does not run; nothing of it is left.

    `rpo_seconds` is the age of the newest backup's snapshot: what would be lost if everything were lost now.
    `rto_seconds` is how long it took from the beginning until a run on the restored databases had ended well.
    """
    target = target_of(place)
    with target.told():
        names = target.names()
    if not names:
        return Outcome(TaskState.UNAVAILABLE, f"no drill without a backup: there is none in {target.shown}")
    if place.dry_run:
        return Outcome(
            TaskState.DONE, f"would rebuild everything from {names[-1]} in {_work(place)}", {"backup": names[-1]}
        )
    log, now = _Log(place), place.clock()
    try:
        manifest = await _drill(place, target, names[-1], log)
    except MaintenanceError as error:
        return Outcome(TaskState.FAILED, f"the drill with {names[-1]} failed: {error}", {"steps": log.steps})
    except StoreError as error:
        return Outcome(TaskState.UNAVAILABLE, f"no drill with {names[-1]}: {error}", {"steps": log.steps})
    rpo, rto = (now - manifest.snapshot_at).total_seconds(), log.seconds
    summary = (
        f"rebuilt from {manifest.name} and run in {rto:.0f} s (RTO); the backup was {rpo / 3600:.1f} h old (RPO), and "
        f"{manifest.rows:,} rows in {manifest.tables} tables are equal"
    )
    details = {
        "backup": manifest.name,
        "rpo_seconds": round(rpo, 1),
        "rpo_seconds_point_in_time": _point_in_time_rpo(place, now),
        "rto_seconds": rto,
        "rows": manifest.rows,
        "tables": manifest.tables,
        "steps": log.steps,
    }
    return Outcome(TaskState.DONE, summary, details)


def _work(place: Workplace) -> Path:
    return place.settings.data / "tmp"


def _point_in_time_rpo(place: Workplace, now: datetime) -> float | None:
    """Return the age of the newest archived segment in seconds; None without recovery to a point in time."""
    rules = place.config.backup.point_in_time
    if not rules.enabled:
        return None
    ends = [
        segments[-1].closed_at
        for house in bases.houses(wal.directory_of(place.settings, rules))
        if bases.bases_in(house) and (segments := archived(house.wal))
    ]
    return round((now - max(ends)).total_seconds(), 1) if ends else None


async def _drill(place: Workplace, target: Target, name: str, log: _Log) -> Manifest:
    with log.step("read the manifest") as line, target.told():
        manifest = target.read_manifest(name)
        line["found"] = f"{manifest.tables} tables, {manifest.rows:,} rows"
    missing = {"knowledge", "dagster"} - manifest.databases.keys()
    if missing:
        raise DrillError(f"the backup lacks the database {', '.join(sorted(missing))}: see backup.databases")
    room = int(_ROOM * sum(one.bytes for one in manifest.databases.values())) + 2 * manifest.bytes
    with scratch_directory(_work(place), room) as work:
        dumps = await _fetched(place, target, manifest, work, log)
        async with _restored(place, manifest, dumps, log) as server:
            await _run_a_partition(place, target, manifest, server, work / "home", log)
    return manifest


async def _fetched(place: Workplace, target: Target, manifest: Manifest, work: Path, log: _Log) -> dict[str, Path]:
    with log.step("fetch the files and check them") as line, target.told():
        directory = await asyncio.to_thread(holding.fetched, target, manifest, work)
        if wrong := await asyncio.to_thread(holding.faults, directory, manifest):
            raise DrillError("; ".join(wrong))
        line["found"] = f"{manifest.bytes / 1e6:,.1f} MB"
        return {role: _plain(place, manifest, role, directory, work) for role in manifest.databases}


def _plain(place: Workplace, manifest: Manifest, role: str, directory: Path, work: Path) -> Path:
    entry = manifest.file_of(role)
    return holding.plain(directory / entry.name, entry, work, place.environ, place.config.backup.key_env)


@asynccontextmanager
async def _restored(
    place: Workplace, manifest: Manifest, dumps: Mapping[str, Path], log: _Log
) -> AsyncIterator[ScratchServer]:
    server = ScratchServer(_work(place))
    try:
        with log.step("set a server up"):
            server.start()
        with log.step("restore both databases and compare every row") as line:
            found = await proof.restore_all(manifest, dumps, server, place.environ, jobs=place.config.backup.proof.jobs)
            if found.faults:
                raise DrillError("; ".join(found.faults[:_LINES]))
            rows = sum(one.rows for one in found.databases)
            line["found"] = (
                f"{rows:,} rows equal, restored in {sum(one.restore_seconds for one in found.databases):.1f} s"
            )
        yield server
    finally:
        server.stop()


async def _run_a_partition(
    place: Workplace, target: Target, manifest: Manifest, server: ScratchServer, directory: Path, log: _Log
) -> None:
    knowledge, dagster = server.url("knowledge"), server.url("dagster")
    today = place.clock().date()
    with log.step("bring configuration and schema to this version") as line, target.told():
        home = drill_home.furnish(place, target, manifest.name, directory, today)
        await asyncio.to_thread(migrate, knowledge)
        line["found"] = f"configuration: {home.configuration}"
    with log.step("run a partition") as line:
        environment = home.environment(knowledge, dagster, place.environ)
        await _child(drill_home.command(today), environment, home)
        made = await _made(knowledge)
        if made is None or not made.items - made.dropped:
            raise DrillError("the run ended well, and yet its source has no item that was judged")
        line["found"] = f"{made.items} item(s) fetched and judged on the restored databases"


async def _child(command: list[str], environment: Mapping[str, str], home: DrillHome) -> None:
    """Run the pipeline to its end. Raises DrillError with its last lines."""
    process = await asyncio.create_subprocess_exec(
        *command,
        env=dict(environment),
        cwd=home.home,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        start_new_session=True,
    )
    try:
        said, _ = await process.communicate()
    finally:
        # those that it started, too
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()
    if process.returncode != 0:
        lines = [line.strip() for line in said.decode(errors="replace").splitlines() if line.strip()]
        raise DrillError(f"the run ended with code {process.returncode}: {' | '.join(lines[-_LINES:])}")


async def _made(knowledge: str) -> SourceSummary | None:
    try:
        async with open_database(knowledge) as database, database.connection() as connection:
            found = await summary_by_source(connection)
    except StoreError as error:
        raise DrillError(f"the restored database does not answer: {error}") from error
    return next((one for one in found if one.source == SOURCE), None)
