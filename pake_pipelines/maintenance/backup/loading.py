"""Loading a dump into an empty database with pg_restore, which ends at the first error."""

import asyncio
import re
from asyncio.subprocess import Process
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final
from urllib.parse import unquote, urlsplit

from pake_pipelines.maintenance.errors import MaintenanceError
from pake_pipelines.store.client_tools import Tool, environment
from pake_pipelines.store.database import masked

_SHOWN: Final = 300
_GRACE_SECONDS: Final = 5
# what the place is to blame for, and not the dump
_OF_THE_PLACE: Final = re.compile(
    r"No space left on device|Disk quota exceeded|could not extend file|ERROR:  out of memory|out of shared memory"
    r"|extension control file|extension \S+ is not available|must be superuser|permission denied"
    r"|connection to server|server closed the connection|terminating connection|the database system is"
    r"|Cannot allocate memory|Too many open files"
)


class LoadError(MaintenanceError):
    """A dump cannot be loaded, and it is the dump that is to blame."""


class PlaceError(MaintenanceError):
    """A dump cannot be loaded here, which says nothing of the dump."""


async def restore_into(dump: Path, url: str, tool: Tool, environ: Mapping[str, str], *, jobs: int = 1) -> None:
    """Load `dump` (custom format) with pg_restore into the empty database at `url`, in `jobs` processes.

    Owners and grants are left out: what is loaded belongs to whoever loads it. Raises LoadError and PlaceError.
    """
    command = (
        tool.path, f"--dbname={unquote(urlsplit(url).path.lstrip('/'))}", f"--jobs={jobs}", "--exit-on-error",
        "--no-owner", "--no-privileges", "--no-password", dump,
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
    except BaseException:
        await _end(process)
        raise
    if process.returncode != 0:
        _refuse(dump.name, said.decode(errors="replace"), process.returncode)


async def _end(process: Process) -> None:
    """End pg_restore, which ends its workers when it is asked to."""
    with suppress(ProcessLookupError):
        process.terminate()
        try:
            await asyncio.wait_for(process.wait(), _GRACE_SECONDS)
        except TimeoutError:
            process.kill()
            await process.wait()


def _refuse(name: str, said: str, code: int | None) -> None:
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    told = next((line for line in lines if "error:" in line.lower()), lines[-1] if lines else f"exit code {code}")
    words = f"{name}: {masked(told.removeprefix('pg_restore: ').removeprefix('error: '))[:_SHOWN]}"
    if _OF_THE_PLACE.search(said):
        raise PlaceError(f"{words} (nothing can be said of the backup)")
    raise LoadError(f"{words}")
