"""A database takes another's place in one go: whatever happens, its name leads to a whole one."""

import asyncio
import os
import signal
from datetime import UTC, datetime

import pytest

from pake_pipelines import crash
from pake_pipelines.crash import CrashPoint
from pake_pipelines.store import swap
from pake_pipelines.store.database import Patience, addresses, wait_for, with_database
from pake_pipelines.store.errors import StoreError
from pake_pipelines.store.swap import Swap

AT = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
NAMES = ("swap_a", "swap_b", "swap_a_restoring", "swap_b_restoring", "swap_a_before_20261122T120000Z")
KEPT = "swap_a_before_20261122T120000Z"


@pytest.fixture
def url(server_settings):
    return with_database(addresses(server_settings).knowledge, "postgres")


async def connected(url, work):
    connection = await wait_for(url, Patience())
    try:
        return await work(connection)
    finally:
        await connection.close()


def what(url):
    """Return which of our databases there are, and the word in each."""

    async def names(connection):
        rows = await connection.fetch("SELECT datname FROM pg_database WHERE starts_with(datname, 'swap_') ORDER BY 1")
        return [row[0] for row in rows]

    async def word(connection):
        return await connection.fetchval("SELECT word FROM words")

    async def look():
        found = await connected(url, names)
        return {name: await connected(with_database(url, name), word) for name in found}

    return asyncio.run(look())


@pytest.fixture
def pair(url):
    """Two live databases, and one that was made beside each."""

    async def make(connection):
        for name, word in zip(NAMES, ("old a", "old b", "new a", "new b"), strict=False):
            await swap.create(connection, name, like="pake_knowledge")
            await connected(
                with_database(url, name),
                lambda one, word=word: one.execute(f"CREATE TABLE words AS SELECT '{word}' AS word"),
            )

    async def remove(connection):
        for name in await connection.fetch("SELECT datname FROM pg_database WHERE starts_with(datname, 'swap_')"):
            await swap.drop(connection, name[0])

    asyncio.run(connected(url, make))
    yield [Swap("swap_a", "swap_a_restoring", KEPT), Swap("swap_b", "swap_b_restoring", "swap_b_before")]
    asyncio.run(connected(url, remove))


OLD = {"swap_a": "old a", "swap_a_restoring": "new a", "swap_b": "old b", "swap_b_restoring": "new b"}
NEW = {"swap_a": "new a", KEPT: "old a", "swap_b": "new b", "swap_b_before": "old b"}


def test_all_names_change_and_what_is_kept_says_why(url, pair):
    asyncio.run(connected(url, lambda connection: swap.swap(connection, pair, "before backup-1 was restored")))
    assert what(url) == NEW
    (kept,) = asyncio.run(connected(url, lambda connection: swap.kept(connection, "swap_a")))
    assert (kept.name, kept.note) == (KEPT, "kept by pake: before backup-1 was restored")
    assert kept.bytes > 1_000_000


@pytest.mark.parametrize(
    ("at", "found"),
    [(CrashPoint.SWAP_BETWEEN, OLD), (CrashPoint.SWAP_RENAMED, OLD), (CrashPoint.SWAP_COMMITTED, NEW)],
    ids=lambda value: value.value if isinstance(value, CrashPoint) else "",
)
def test_killed_anywhere_every_name_leads_to_a_whole_database(url, pair, at, found):
    child = os.fork()
    if child == 0:
        os.environ[crash.VARIABLE] = at.value
        try:
            asyncio.run(connected(url, lambda connection: swap.swap(connection, pair, "")))
        finally:
            os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL
    assert what(url) == found


def test_nothing_is_renamed_while_anybody_is_connected_to_one_of_them(url, pair):
    async def work():
        guest = await wait_for(with_database(url, "swap_b"), Patience())
        try:
            connection = await wait_for(url, Patience())
            with pytest.raises(StoreError, match=r"in use: swap_b by pake \(1\); stop what works with it"):
                await swap.unused(connection, ["swap_a", "swap_b"])
            await swap.unused(connection, ["swap_a"])
            with pytest.raises(StoreError, match="somebody connected to it meanwhile"):
                await swap.swap(connection, pair, "")
            await connection.close()
        finally:
            await guest.close()

    asyncio.run(work())
    assert what(url) == OLD


def test_one_that_is_missing_stops_all(url, pair):
    with pytest.raises(StoreError, match="cannot be renamed"):
        asyncio.run(connected(url, lambda one: swap.swap(one, [*pair, Swap("swap_c", "swap_c_restoring", None)], "")))
    assert what(url) == OLD


def test_a_role_that_may_not_create_databases_or_rename_them_is_told_so(url, pair):
    async def as_role(connection, *, may):
        await connection.execute(f"CREATE ROLE swapper {may} LOGIN")
        try:
            await connection.execute("SET ROLE swapper")
            await swap.may_swap(connection, ["swap_a", "swap_nowhere"])
        finally:
            await connection.execute("RESET ROLE; DROP ROLE swapper")

    with pytest.raises(StoreError, match="may not create databases"):
        asyncio.run(connected(url, lambda connection: as_role(connection, may="NOCREATEDB")))
    with pytest.raises(StoreError, match="does not own swap_a and may not rename it"):
        asyncio.run(connected(url, lambda connection: as_role(connection, may="CREATEDB")))
    asyncio.run(connected(url, lambda connection: as_role(connection, may="SUPERUSER")))


def test_a_new_database_has_the_encoding_and_locale_of_the_one_it_replaces(url, pair):
    async def facts(connection):
        rows = await connection.fetch(
            "SELECT encoding, datlocprovider, datcollate, datctype FROM pg_database"
            " WHERE datname IN ('pake_knowledge', 'swap_a') ORDER BY datname"
        )
        return [tuple(row) for row in rows]

    live, made = asyncio.run(connected(url, facts))
    assert live == made


def test_a_long_name_is_cut_so_that_the_server_does_not_cut_it_unasked():
    for name in ("k" * 63, "ö" * 31 + "k"):
        for made in (swap.before(name, AT), swap.beside(name)):
            assert len(made.encode()) <= 63
            assert made != name
    assert swap.before("pake_knowledge", AT) == "pake_knowledge_before_20261122T120000Z"
