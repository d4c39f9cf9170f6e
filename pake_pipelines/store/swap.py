"""Databases that take another's place: made beside it, renamed in one transaction, the old one kept.

PostgreSQL renames databases inside a transaction, so at every moment, and after every crash, the name leads to a whole
database: the old one or the new one. Every function takes a connection to another database of the same server.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from time import monotonic
from typing import Any, Final
from urllib.parse import unquote, urlsplit

from pake_pipelines import crash
from pake_pipelines.crash import CrashPoint
from pake_pipelines.store.database import ONCE, Connection, wait_for
from pake_pipelines.store.errors import StoreError

_LONGEST_NAME: Final = 63
_STAMP: Final = "%Y%m%dT%H%M%SZ"
_NOTE: Final = "kept by pake"
_SESSIONS: Final = """
    SELECT datname, coalesce(nullif(application_name, ''), 'unnamed') AS who, count(*) AS sessions
    FROM pg_stat_activity WHERE datname = ANY ($1) AND backend_type = 'client backend' AND pid <> pg_backend_pid()
    GROUP BY 1, 2 ORDER BY 1, 2
"""


@dataclass(frozen=True, slots=True)
class Swap:
    """`incoming` takes the name `live`; what has that name now is kept as `outgoing` (None: there is none)."""

    live: str
    incoming: str
    outgoing: str | None


@dataclass(frozen=True, slots=True)
class KeptDatabase:
    """A database that another took the place of; `note` says when and why."""

    name: str
    bytes: int
    note: str


def database_of(url: str) -> str:
    """Return the name of the database at `url`."""
    return unquote(urlsplit(url).path.lstrip("/"))


def beside(live: str) -> str:
    """Return the name of the database that is being made beside `live`."""
    return _suffixed(live, "_restoring")


def before(live: str, at: datetime) -> str:
    """Return the name under which `live` is kept when another takes its place at `at`."""
    return _suffixed(live, f"_before_{at:{_STAMP}}")


def _suffixed(name: str, suffix: str) -> str:
    """Return a name of no more bytes than the server keeps: it cuts longer ones without an error."""
    return name.encode()[: _LONGEST_NAME - len(suffix)].decode(errors="ignore") + suffix


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _literal(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


async def exists(connection: Connection, name: str) -> bool:
    """Tell whether the server has a database of this name."""
    found: bool = await connection.fetchval("SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)", name)
    return found


async def aside(connection: Connection, live: str, at: datetime) -> str | None:
    """Return the name under which `live` is to be kept; of several in one second the later ones take the next.

    None when there is no such database.
    """
    if not await exists(connection, live):
        return None
    while await exists(connection, name := before(live, at)):
        at += timedelta(seconds=1)
    return name


async def may_swap(connection: Connection, names: Sequence[str]) -> None:
    """Raise StoreError unless this role may create databases and rename those of `names` that are there."""
    allowed = await connection.fetchrow(
        """
        SELECT rolsuper OR rolcreatedb AS create,
               (SELECT array_agg(datname) FROM pg_database
                WHERE datname = ANY ($1) AND NOT pg_has_role(datdba, 'USAGE')) AS foreign
        FROM pg_roles WHERE rolname = current_user
        """,
        list(names),
    )
    if not allowed["create"]:
        raise StoreError(
            "this role may not create databases, and a backup is restored into a new one: "
            "ask for ALTER ROLE ... CREATEDB, or let somebody who may restore it"
        )
    if allowed["foreign"]:
        raise StoreError(f"this role does not own {', '.join(allowed['foreign'])} and may not rename it")


async def unused(connection: Connection, names: Sequence[str], *, seconds: float = 3) -> None:
    """Raise StoreError when anybody stays connected to one of the databases `names`; it says who.

    A session that its client has closed is there for a moment longer, so `seconds` are waited.
    """
    deadline = monotonic() + seconds
    while rows := await connection.fetch(_SESSIONS, list(names)):
        if monotonic() >= deadline:
            who = ", ".join(f"{row['datname']} by {row['who']} ({row['sessions']})" for row in rows)
            raise StoreError(f"in use: {who}; stop what works with it, `pake down` for this project's own")
        await asyncio.sleep(0.1)


async def create(connection: Connection, name: str, like: str) -> None:
    """Create the empty database `name`, with encoding and locale of `like` where that is there. Raises StoreError."""
    import asyncpg

    model = await connection.fetchrow(
        """
        SELECT pg_encoding_to_char(encoding) AS encoding, datcollate, datctype,
               CASE datlocprovider WHEN 'i' THEN 'icu' WHEN 'b' THEN 'builtin' ELSE 'libc' END AS provider,
               coalesce(to_jsonb(d) ->> 'datlocale', to_jsonb(d) ->> 'daticulocale') AS locale
        FROM pg_database d WHERE datname = $1
        """,
        like,
    )
    # template1 may hold objects of somebody's that the backup brings, too
    statement = f"CREATE DATABASE {_quoted(name)} TEMPLATE template0 {_locale(model) if model else ''}"
    try:
        await connection.execute(statement)
    except asyncpg.PostgresError as error:
        raise StoreError(f"database {name!r} cannot be created: {error}") from error


def _locale(model: Any) -> str:
    parts = [
        f"ENCODING {_literal(model['encoding'])}",
        f"LOCALE_PROVIDER {model['provider']}",
        f"LC_COLLATE {_literal(model['datcollate'])}",
        f"LC_CTYPE {_literal(model['datctype'])}",
    ]
    if model["provider"] != "libc":
        parts.append(f"{model['provider'].upper()}_LOCALE {_literal(model['locale'])}")
    return " ".join(parts)


async def analyze(url: str) -> None:
    """Gather the statistics that queries are planned by, which no dump brings. Raises StoreError."""
    import asyncpg

    connection = await wait_for(url, ONCE)
    try:
        await connection.execute("ANALYZE", timeout=None)
    except asyncpg.PostgresError as error:
        raise StoreError(f"no statistics could be gathered: {error}") from error
    finally:
        await connection.close(timeout=10)


async def drop(connection: Connection, name: str) -> bool:
    """Drop the database `name` with whoever is connected to it; False when there is none. Raises StoreError."""
    import asyncpg

    if not await exists(connection, name):
        return False
    try:
        await connection.execute(f"DROP DATABASE IF EXISTS {_quoted(name)} WITH (FORCE)")
    except asyncpg.PostgresError as error:
        raise StoreError(f"database {name!r} cannot be dropped: {error}") from error
    return True


async def swap(connection: Connection, swaps: Sequence[Swap], note: str) -> None:
    """Rename all of `swaps` in one transaction, or none; `note` stays with what is kept. Raises StoreError."""
    import asyncpg

    try:
        async with connection.transaction():
            for one in swaps:
                if one.outgoing is not None:
                    await _rename(connection, one.live, one.outgoing)
                    comment = _literal(f"{_NOTE}: {note}")
                    await connection.execute(f"COMMENT ON DATABASE {_quoted(one.outgoing)} IS {comment}")
                crash.point(CrashPoint.SWAP_BETWEEN)
                await _rename(connection, one.incoming, one.live)
                await connection.execute(f"COMMENT ON DATABASE {_quoted(one.live)} IS NULL")
            crash.point(CrashPoint.SWAP_RENAMED)
    except asyncpg.ObjectInUseError as error:
        raise StoreError(f"{error}: somebody connected to it meanwhile; stop what works with it") from error
    except asyncpg.PostgresError as error:
        raise StoreError(f"the databases cannot be renamed: {error}") from error
    crash.point(CrashPoint.SWAP_COMMITTED)


async def _rename(connection: Connection, old: str, new: str) -> None:
    await connection.execute(f"ALTER DATABASE {_quoted(old)} RENAME TO {_quoted(new)}")


async def kept(connection: Connection, live: str) -> list[KeptDatabase]:
    """Return the databases that are kept of `live`, newest first."""
    rows = await connection.fetch(
        """
        SELECT datname AS name, pg_database_size(oid) AS bytes, shobj_description(oid, 'pg_database') AS note
        FROM pg_database WHERE starts_with(datname, $1) AND starts_with(shobj_description(oid, 'pg_database'), $2)
        ORDER BY datname DESC
        """,
        _suffixed(live, "_before_00000000T000000Z").removesuffix("00000000T000000Z"),
        _NOTE,
    )
    return [KeptDatabase(**row) for row in rows]
