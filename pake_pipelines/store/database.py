"""Connecting to the knowledge database: its address, the wait for it, and the checks that it can serve.

A `Database` is a small pool of asyncpg connections whose `search_path` is our schema, with one jsonb codec. The
modules beside this one hold the statements; they take a connection and leave transactions to their caller.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeAlias, TypeVar
from urllib.parse import quote, urlsplit

import orjson

from pake_pipelines.redaction import redact
from pake_pipelines.settings import Settings
from pake_pipelines.store.embedded import socket_directory
from pake_pipelines.store.errors import MissingDatabaseError, StoreError, UnstorableError
from pake_pipelines.store.migrations import HEAD

if TYPE_CHECKING:
    import asyncpg

    Connection: TypeAlias = asyncpg.Connection[Any] | asyncpg.pool.PoolConnectionProxy[Any]
else:
    Connection = Any

KNOWLEDGE = "pake_knowledge"
DAGSTER = "dagster"
MINIMUM_POSTGRES = 15
MINIMUM_VECTOR = (0, 8, 4)
_CONNECT_SECONDS: Final = 10
_Connected = TypeVar("_Connected")


@dataclass(frozen=True, slots=True)
class Addresses:
    """The URLs of the two databases, and whether they are on the embedded server."""

    knowledge: str
    dagster: str
    embedded: bool


def addresses(settings: Settings) -> Addresses:
    """Return the addresses of both databases: the user's own server, or the embedded one's socket."""
    if settings.database_url is None:
        directory = quote(str(socket_directory(settings.data)), safe="")
        knowledge, dagster = (f"postgresql://pake@/{name}?host={directory}" for name in (KNOWLEDGE, DAGSTER))
        return Addresses(knowledge, dagster, embedded=True)
    knowledge = settings.database_url.get_secret_value()
    dagster = settings.dagster_url.get_secret_value() if settings.dagster_url else with_database(knowledge, DAGSTER)
    return Addresses(knowledge, dagster, embedded=False)


def with_database(url: str, name: str) -> str:
    """Return `url` with its database replaced by `name`."""
    parts = urlsplit(url)
    query = f"?{parts.query}" if parts.query else ""
    return f"{parts.scheme}://{parts.netloc}/{name}{query}"


def masked(url: str) -> str:
    """Return `url` without its password, for messages."""
    return redact(url)


async def _prepare(connection: "asyncpg.Connection[Any]") -> None:
    await connection.set_type_codec("jsonb", schema="pg_catalog", encoder=_to_json, decoder=orjson.loads)


async def _leave(connection: "asyncpg.Connection[Any]") -> None:
    """Hand a connection on as it is: no statement of ours leaves anything in a session, and asking costs a query."""


def _to_json(value: Any) -> str:
    return orjson.dumps(value, default=_plain, option=orjson.OPT_NON_STR_KEYS).decode()


def _plain(value: Any) -> Any:
    """Return what JSON has for a type that it does not know: a named tuple's list, or else the text."""
    return list(value) if isinstance(value, tuple) else str(value)


async def _connect_once(url: str) -> "asyncpg.Connection[Any]":
    import asyncpg

    settings = {"application_name": "pake", "timezone": "UTC"}
    return await asyncpg.connect(url, timeout=_CONNECT_SECONDS, server_settings=settings)


@dataclass(frozen=True, slots=True)
class Patience:
    """How often to try to connect, and how many seconds to wait in between (DB-02)."""

    attempts: int = 1
    retry_seconds: float = 2.0


ONCE = Patience()


async def wait_for(url: str, patience: Patience) -> "asyncpg.Connection[Any]":
    """Connect to `url` with `patience`.

    A server that answers with a refusal (password, missing database) is not waited for. Raises StoreError.
    """
    return await _patiently(lambda: _connect_once(url), url, patience)


async def _patiently(connect: Callable[[], Awaitable[_Connected]], url: str, patience: Patience) -> _Connected:
    import asyncpg

    for attempt in range(1, patience.attempts + 1):
        try:
            return await connect()
        except asyncpg.InvalidCatalogNameError as error:
            raise MissingDatabaseError(f"no such database: {masked(url)}; create it with `pake db migrate`") from error
        except asyncpg.InvalidAuthorizationSpecificationError as error:
            raise StoreError(f"the server refuses {masked(url)}: {error}") from error
        except (OSError, asyncpg.CannotConnectNowError, asyncpg.TooManyConnectionsError, TimeoutError) as error:
            if attempt == patience.attempts:
                raise StoreError(_unreachable(url, error, patience.attempts)) from error
            await asyncio.sleep(patience.retry_seconds)
    raise AssertionError("attempts is at least 1")


def _unreachable(url: str, error: Exception, attempts: int) -> str:
    if "/" in url.partition("host=")[2] or "%2F" in url:
        return "the embedded PostgreSQL is not running; start everything with `pake up` (or `make run`)"
    tries = "1 attempt" if attempts == 1 else f"{attempts} attempts"
    return f"no answer from {masked(url)} after {tries}: {error or type(error).__name__}"


@asynccontextmanager
async def _carried_out(connection: Connection, *, keep: bool) -> AsyncIterator[None]:
    if keep:
        async with connection.transaction():
            yield
        return
    trial = connection.transaction()
    await trial.start()
    try:
        yield
    finally:
        await trial.rollback()


class Database:
    """The knowledge database, opened for one piece of work."""

    def __init__(self, pool: "asyncpg.Pool[Any]") -> None:
        """Wrap an open pool; use `open_database`."""
        self._pool = pool

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Connection]:
        """Lend a connection without a transaction."""
        async with self._pool.acquire() as connection:
            yield connection

    @asynccontextmanager
    async def transaction(self, *, keep: bool = True) -> AsyncIterator[Connection]:
        """Lend a connection inside one transaction: commits at the end, rolls back on any exception.

        Without `keep` it rolls back at the end, too: a dry run does all that it would do and leaves nothing of it.
        Raises UnstorableError when the server refuses the values, as no column of ours can hold them.
        """
        import asyncpg

        try:
            async with self._pool.acquire() as connection, _carried_out(connection, keep=keep):
                yield connection
        except (
            asyncpg.DataError,
            asyncpg.IntegrityConstraintViolationError,
            asyncpg.ProgramLimitExceededError,
        ) as error:
            raise UnstorableError(str(error)) from error


@asynccontextmanager
async def open_database(url: str, patience: Patience = ONCE) -> AsyncIterator[Database]:
    """Open the knowledge database at `url` and check that it is at this code's revision. Raises StoreError."""
    import asyncpg

    async with asyncpg.create_pool(
        url,
        min_size=0,
        max_size=4,
        init=_prepare,
        reset=_leave,
        server_settings={"application_name": "pake", "timezone": "UTC", "search_path": "pake,public"},
    ) as pool:
        # the first of the pool, which is there for whoever comes next
        first = await _patiently(lambda: pool.acquire(timeout=_CONNECT_SECONDS), url, patience)
        try:
            await check_revision(first)
        finally:
            await pool.release(first)
        yield Database(pool)


async def check_revision(connection: Connection) -> None:
    """Raise StoreError unless the database is at this code's migration revision."""
    known = await connection.fetchval("SELECT to_regclass('pake.alembic_version') IS NOT NULL")
    revision = await connection.fetchval("SELECT version_num FROM pake.alembic_version") if known else None
    if revision != HEAD:
        found = f"at revision {revision}" if revision else "empty"
        raise StoreError(f"the knowledge database is {found}, this version needs {HEAD}: run `pake db migrate`")


async def check_server(connection: Connection) -> None:
    """Raise StoreError unless the server is recent enough and offers pgvector in a recent enough version."""
    version = int(await connection.fetchval("SHOW server_version_num"))
    if version // 10000 < MINIMUM_POSTGRES:
        shown = await connection.fetchval("SHOW server_version")
        raise StoreError(f"PostgreSQL {shown} is too old: {MINIMUM_POSTGRES} or newer is needed")
    offered = await connection.fetchval(
        """
        SELECT coalesce((SELECT extversion FROM pg_extension WHERE extname = 'vector'),
                        (SELECT default_version FROM pg_available_extensions WHERE name = 'vector'))
        """
    )
    needed = ".".join(str(part) for part in MINIMUM_VECTOR)
    if offered is None:
        raise StoreError(f"this server has no pgvector: install pgvector {needed} or newer on the server")
    if tuple(int(part) for part in offered.split(".")) < MINIMUM_VECTOR:
        raise StoreError(
            f"pgvector {offered} is too old: {needed} or newer is needed (earlier ones can corrupt indexes); "
            "upgrade it on the server, then ALTER EXTENSION vector UPDATE"
        )


async def create_databases(settings: Settings) -> None:
    """Create both databases where they are missing, after checking that the server can serve. Raises StoreError."""
    urls = addresses(settings)
    for url in (urls.knowledge, urls.dagster):
        await _create_database(url, settings)


async def _create_database(url: str, settings: Settings) -> None:
    patience = Patience(settings.connect_attempts, settings.connect_retry_seconds)
    try:
        connection = await wait_for(url, patience)
    except MissingDatabaseError:
        connection = await wait_for(with_database(url, "postgres"), patience)
        try:
            await check_server(connection)
            await _create(connection, urlsplit(url).path.lstrip("/"))
        finally:
            await connection.close()
        return
    try:
        await check_server(connection)
    finally:
        await connection.close()


async def _create(connection: Connection, name: str) -> None:
    import asyncpg

    quoted = name.replace('"', '""')
    try:
        await connection.execute(f'CREATE DATABASE "{quoted}"')
    except asyncpg.InsufficientPrivilegeError as error:
        raise StoreError(f"database {name!r} does not exist and this user may not create it: {error}") from error
