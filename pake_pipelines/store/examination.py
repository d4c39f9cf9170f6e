"""What is in a database that was restored: every table with its rows and their hash, sequences, revision, indexes."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from pake_pipelines.store import client_tools
from pake_pipelines.store.database import Connection, Patience, wait_for
from pake_pipelines.store.errors import StoreError
from pake_pipelines.store.row_hashes import SequenceValue, TableHash, facts, sequence_values, table_hashes

_LINES_SHOWN: Final = 5


@dataclass(frozen=True, slots=True)
class Examination:
    """A database as it is: `revision` of the knowledge database (None for others), `invalid` indexes by name."""

    tables: Sequence[TableHash]
    sequences: Sequence[SequenceValue]
    revision: str | None
    invalid: Sequence[str]


class IndexState(StrEnum):
    """What amcheck has to say of a database's indexes."""

    SOUND = "sound"
    DAMAGED = "damaged"
    UNAVAILABLE = "unavailable"
    NOT_ASKED = "not asked"


@dataclass(frozen=True, slots=True)
class IndexCheck:
    """The state, and its words: why it is unavailable, or what is damaged."""

    state: IndexState
    detail: str = ""


async def examine(url: str) -> Examination:
    """Look through the database at `url`. Raises StoreError when it cannot be read to the end."""
    import asyncpg

    connection = await wait_for(url, Patience())
    try:
        return Examination(
            tables=await table_hashes(connection),
            sequences=await sequence_values(connection),
            revision=(await facts(connection)).revision,
            invalid=await _invalid(connection),
        )
    except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError) as error:
        raise StoreError(f"the restored database cannot be read to the end: {error}") from error
    finally:
        await connection.close(timeout=10)


async def _invalid(connection: Connection) -> list[str]:
    rows = await connection.fetch(
        "SELECT indexrelid::regclass::text AS name FROM pg_index WHERE NOT (indisvalid AND indisready) ORDER BY 1"
    )
    return [row["name"] for row in rows]


async def check_indexes(url: str) -> IndexCheck:
    """Hold every heap row against the B-tree indexes of the database at `url`, with amcheck where there is one.

    The extension is created, so this is for scratch databases. Raises StoreError when the server does not answer.
    """
    connection = await wait_for(url, Patience())
    try:
        if not await connection.fetchval("SELECT EXISTS (SELECT FROM pg_available_extensions WHERE name = 'amcheck')"):
            return IndexCheck(IndexState.UNAVAILABLE, "this server has no extension amcheck")
        await connection.execute("CREATE EXTENSION IF NOT EXISTS amcheck")
        found = await facts(connection)
    finally:
        await connection.close(timeout=10)
    try:
        tool = client_tools.find("pg_amcheck", found.server_major)
    except StoreError as error:
        return IndexCheck(IndexState.UNAVAILABLE, str(error))
    return await _amcheck(str(tool.path), found.name, url)


async def _amcheck(program: str, name: str, url: str) -> IndexCheck:
    process = await asyncio.create_subprocess_exec(
        program,
        "--heapallindexed",
        f"--database={name}",
        env=client_tools.environment(url),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        said, _ = await process.communicate()
    except BaseException:
        process.kill()
        await process.wait()
        raise
    if process.returncode == 0:
        return IndexCheck(IndexState.SOUND)
    words = "; ".join(said.decode(errors="replace").split("\n")[:_LINES_SHOWN]).strip("; ")
    # 2: it ran and found corruption; anything else: it could not run to its end
    return IndexCheck(IndexState.DAMAGED if process.returncode == 2 else IndexState.UNAVAILABLE, words)
