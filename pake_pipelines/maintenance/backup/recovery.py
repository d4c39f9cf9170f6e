"""Recovery to a moment: from which base backup, by which segments, and the scratch server in which it happens."""

import asyncio
import os
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final
from urllib.parse import quote

from pake_pipelines.maintenance.backup import base_files, bases
from pake_pipelines.maintenance.backup.bases import Base, House
from pake_pipelines.maintenance.errors import MaintenanceError
from pake_pipelines.store import wal
from pake_pipelines.store.archiving import Archiving, restore_command
from pake_pipelines.store.database import DAGSTER, KNOWLEDGE
from pake_pipelines.store.errors import StoreError
from pake_pipelines.store.scratch import ScratchServer
from pake_pipelines.store.server_account import Account
from pake_pipelines.store.wal_segments import Archived, Segment, archived, first_gap

# replaying is some 50 MB of log a second; a day of heavy work takes minutes
_REPLAY_SECONDS: Final = 4 * 3600
_POLL_SECONDS: Final = 0.1
_SHOWN: Final = "%Y-%m-%d %H:%M:%S UTC"
# the server's words when the log ends before a commit that is later than the wanted moment
_LOG_ENDS: Final = "recovery ended before configured recovery target was reached"


class NotArchivedError(MaintenanceError):
    """The moment is later than the end of the archived log; the server may still hold what is missing."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How the moment `to` is reached: from a base backup, by the segments from its first to the last needed."""

    house: House
    base: Base
    to: datetime
    segments: tuple[Archived, ...]

    @property
    def packed_bytes(self) -> int:
        """What is read, packed."""
        return self.base.bytes + sum(one.bytes for one in self.segments)


def plan_for(to: datetime, directory: Path, now: datetime) -> Plan:
    """Decide from what lies in `directory`. Raises MaintenanceError when `to` cannot be had, saying what can."""
    if to > now:
        raise MaintenanceError(f"{to:{_SHOWN}} is in the future (now it is {now:{_SHOWN}})")
    found = [(house, base) for house in bases.houses(directory) for base in bases.bases_in(house)]
    if not found:
        raise MaintenanceError(
            f"there is no base backup in {directory}: set backup.point_in_time.enabled, restart, and "
            "`pake maintenance run base_backup`"
        )
    earlier = [(house, base) for house, base in found if base.finished_at <= to]
    if not earlier:
        first = min(base.finished_at for _, base in found)
        raise MaintenanceError(f"no base backup is as old as {to:{_SHOWN}}: the earliest moment is {first:{_SHOWN}}")
    house, base = max(earlier, key=lambda pair: pair[1].finished_at)
    return Plan(house, base, to, _needed(base, to, archived(house.wal)))


def _needed(base: Base, to: datetime, held: Sequence[Archived]) -> tuple[Archived, ...]:
    """Return the segments from the base backup's first to the first that was closed after `to`, none missing."""
    own = [one for one in held if one.segment >= base.first_segment]
    closed_later = (one for one in own if one.closed_at >= to and one.segment.number >= base.last_segment.number)
    last = next(closed_later, None)
    upto = [one for one in own if last is None or one.segment <= last.segment]
    gap = first_gap(base.first_segment, [one.segment for one in upto])
    if gap is not None or not upto:
        raise MaintenanceError(_gap_sentence(base, gap or base.first_segment, upto))
    if last is None:
        end = upto[-1]
        raise NotArchivedError(
            f"the archived log ends at {end.closed_at:{_SHOWN}} (segment {end.segment.name}): what was committed later "
            "is not in the archive"
        )
    return tuple(upto)


def _gap_sentence(base: Base, gap: Segment, held: Sequence[Archived]) -> str:
    before = [one for one in held if one.segment < gap]
    until = before[-1].closed_at if before else base.finished_at
    return (
        f"segment {gap.name} of the log is missing from the archive, so from {base.name} nothing after "
        f"{until:{_SHOWN}} can be had"
    )


@dataclass(frozen=True, slots=True)
class Recovered:
    """A server as it was: its databases, when the last commit in it was made, and seconds that it took."""

    server: ScratchServer
    role: str
    reached: datetime | None
    seconds: float

    def url(self, database: str) -> str:
        """Return the address of a database of it."""
        return self.server.url(database).replace("//pake@", f"//{quote(self.role, safe='')}@", 1)

    @property
    def databases(self) -> Mapping[str, str]:
        """Return the addresses of the two databases, by role."""
        return {"knowledge": self.url(KNOWLEDGE), "dagster": self.url(DAGSTER)}


@asynccontextmanager
async def recovered(plan: Plan, place: Path) -> AsyncIterator[Recovered]:
    """Lend a scratch server below `place` with everything that was committed at `plan.to`, and nothing later.

    Raises MaintenanceError for a damaged base backup or log, StoreError when the server does not start.
    """
    began = time.monotonic()
    async with AsyncExitStack() as stack:
        server = await _started(stack, plan, place)
        made = Recovered(server, plan.base.role, None, 0)
        reached = await wal.last_replayed(made.url("postgres"))
        yield Recovered(server, plan.base.role, reached, time.monotonic() - began)


async def _started(stack: AsyncExitStack, plan: Plan, place: Path) -> ScratchServer:
    """Start the server.

    The server refuses a moment after which the log has no commit. Nothing was committed between then and the end of the
    log, which reaches past that moment: the state at its end is the one that is wanted.
    """
    for target in (plan.to, None):
        server = _server(plan, place, target)
        try:
            server.start()
            await _promoted(server)
        except StoreError as error:
            server.stop()
            if target is None or _LOG_ENDS not in str(error):
                raise
        except BaseException:
            server.stop()
            raise
        else:
            stack.callback(server.stop)
            return server
    raise AssertionError("without a target the end of the log is no error")


async def _promoted(server: ScratchServer) -> None:
    """Wait until the server has replayed what it should and answers. Raises StoreError with its last words."""
    deadline = time.monotonic() + _REPLAY_SECONDS
    pid_file = server.cluster.directory / "postmaster.pid"
    while not server.cluster.is_ready():
        # a server that ends removes the file; asking pg_ctl costs a process
        if not pid_file.exists() and not server.cluster.is_running():
            raise StoreError(f"the recovery was given up: {server.cluster.last_words()}")
        if time.monotonic() > deadline:
            raise StoreError(f"the recovery is not done after {_REPLAY_SECONDS / 60:.0f} minutes")
        await asyncio.sleep(_POLL_SECONDS)


def _server(plan: Plan, place: Path, target: datetime | None) -> ScratchServer:
    archive = plan.house.wal
    settings = {
        "restore_command": restore_command(archive),
        "recovery_target_action": "promote",
        "hot_standby": "off",
        "archive_mode": "off",
    }
    if target is not None:
        settings["recovery_target_time"] = target.astimezone(UTC).isoformat(sep=" ")
    server: ScratchServer
    server = ScratchServer(
        place,
        room_bytes=plan.base.unpacked_bytes,
        settings=settings,
        fill=lambda directory: _fill(plan, directory, server.cluster.account),
        reaches=Archiving(archive).reaches,
    )
    return server


def _fill(plan: Plan, directory: Path, account: Account) -> None:
    """Unpack the base backup, every file checked, and let the server find nothing of the old one's rules."""
    source = plan.house.path(plan.base)
    manifest = base_files.read_server_manifest(source / base_files.MANIFEST)
    base_files.unpack(source / base_files.ARCHIVE, manifest, directory)
    written = {
        "postgresql.conf": "include_if_exists = 'pake.conf'\n",
        "postgresql.auto.conf": "",
        "pg_hba.conf": "local all all trust\n",
        "pg_ident.conf": "",
        "recovery.signal": "",
    }
    for name, text in written.items():
        (directory / name).write_text(text)
    if account.uid != os.getuid():
        for path in (directory, *directory.rglob("*")):
            os.chown(path, account.uid, account.gid)
