"""Thirty backups while others write, truncate and copy: what was hashed is what was dumped, in every table."""

import asyncio
import io
import os
import random
import signal
from contextlib import asynccontextmanager, suppress

import asyncpg
import pytest

from pake_pipelines.maintenance.backup import create
from pake_pipelines.maintenance.backup.targets import target_of
from pake_pipelines.store import row_hashes
from pake_pipelines.store.errors import StoreError
from pake_pipelines.store.row_hashes import frozen, table_hashes
from pake_pipelines_tests.maintenance.backup.vault import execute, later, listed, mismatches, place_of

BACKUPS = 30
# all rows are in one of the two tables at any moment
MERGE = """
BEGIN;
INSERT INTO house.main SELECT * FROM house.recent;
TRUNCATE house.recent;
WITH back AS (DELETE FROM house.main WHERE ctid IN (SELECT ctid FROM house.main ORDER BY random() LIMIT 50) RETURNING *)
    INSERT INTO house.recent SELECT * FROM back;
COMMIT;
"""
ROWS = 200


async def merging(url, count):
    """Move rows from one table to the other and truncate the first, as merging the recent bands does."""
    connection = await asyncpg.connect(url)
    try:
        while True:
            await connection.execute(MERGE)
            count["merged"] += 1
            await asyncio.sleep(random.uniform(0.05, 0.4))
    finally:
        connection.terminate()


async def changing(url, count):
    """Change, add, remove and copy rows."""
    connection = await asyncpg.connect(url)
    try:
        while True:
            await connection.execute(
                "UPDATE house.items SET said = md5(random()::text) WHERE id % 7 = (random() * 6)::int"
            )
            await connection.execute("INSERT INTO house.items (said, tags) VALUES (md5(random()::text), ARRAY['new'])")
            await connection.execute("DELETE FROM house.items WHERE id = (random() * 900)::int")
            source = io.BytesIO(b"7\t1\n8\t2\n" * 20)
            await connection.copy_to_table("copied", source=source, schema_name="house")
            count["changed"] += 1
            await asyncio.sleep(0)
    finally:
        connection.terminate()


@asynccontextmanager
async def writers(url):
    count = {"merged": 0, "changed": 0}
    tasks = [asyncio.create_task(write(url, count)) for write in (merging, changing)]
    try:
        yield count
        for task in tasks:
            assert not task.done(), task.exception()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)


async def torn(place, name, url):
    """Return how a backup is not one moment of the database: tables that are not equal, rows that are nowhere."""
    held = {one.name: one.rows for one in target_of(place).read_manifest(name).databases["dagster"].tables}
    found = held["recent"] + held["main"]
    return await mismatches(place, name, url) + ([f"{found} rows"] if found != ROWS else [])


async def test_thirty_backups_under_writers_have_no_false_mismatch(house, tmp_path):
    place = place_of(tmp_path, *house)
    async with writers(house[1]) as count:
        names = [(await create.run(later(place, minutes=number))).details["name"] for number in range(BACKUPS)]
    assert count["merged"] > 5
    assert count["changed"] > BACKUPS
    assert {name: found for name in names if (found := await torn(place, name, house[1]))} == {}


@pytest.fixture
async def between(house, monkeypatch):
    """Others write, and truncate if they may, at the worst moment: behind the snapshot, before dump and hashes."""
    dump, hashes, written = create.dump, row_hashes.table_hashes, asyncio.Event()

    async def later_dump(url, *rest):
        await execute(url, "UPDATE house.items SET said = 'changed' WHERE id % 2 = 0")
        with suppress(asyncpg.LockNotAvailableError):
            await execute(url, "SET lock_timeout = '500ms'; TRUNCATE house.recent")
        written.set()
        return await dump(url, *rest)

    async def later_hashes(connection):
        # hashing locks the tables it has read, and would spare them the truncation
        await written.wait()
        return await hashes(connection)

    monkeypatch.setattr(create, "dump", later_dump)
    monkeypatch.setattr(row_hashes, "table_hashes", later_hashes)
    await execute(house[1], "TRUNCATE house.recent, house.main")
    await execute(house[1], f"INSERT INTO house.recent SELECT i * 31, i FROM generate_series(1, {ROWS}) i")
    await execute(house[1], "UPDATE house.items SET said = md5(random()::text)")


async def differing(house, tmp_path):
    place = place_of(tmp_path, *house)
    return await torn(place, (await create.run(place)).details["name"], house[1])


async def test_writers_at_the_worst_moment_make_no_difference(house, tmp_path, between):
    assert await differing(house, tmp_path) == []


async def queued(url):
    """Return when somebody waits for the lock on a whole table."""
    connection = await asyncpg.connect(url)
    try:
        while not await connection.fetchval("SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted)"):
            await asyncio.sleep(0.01)
    finally:
        await connection.close()


async def test_a_writer_who_waits_for_a_whole_table_goes_first_and_then_the_backup_is_made(
    house, tmp_path, monkeypatch
):
    dump, waiting = create.dump, []

    async def overtaken(url, *rest):
        if not waiting:
            waiting.append(asyncio.create_task(execute(url, "TRUNCATE house.recent")))
            await queued(url)
        return await dump(url, *rest)

    monkeypatch.setattr(create, "dump", overtaken)
    place = place_of(tmp_path, *house)
    assert await mismatches(place, (await create.run(place)).details["name"], house[1]) == []
    assert waiting[0].done(), "it waited for the whole backup"
    await waiting[0]


def hashes_outside_the_snapshot(patch, url):
    """Rows are counted and hashed by a connection of its own."""
    inside = row_hashes.table_hashes

    async def outside(connection):
        other = await asyncpg.connect(url)
        try:
            return await inside(other)
        finally:
            await other.close()

    patch.setattr(row_hashes, "table_hashes", outside)


def truncation_is_not_locked_out(patch, _):
    """The snapshot is taken without the locks."""
    execute = asyncpg.Connection.execute

    async def without_locks(self, query, *rest, **named):
        return None if query.startswith("LOCK TABLE") else await execute(self, query, *rest, **named)

    patch.setattr(asyncpg.Connection, "execute", without_locks)


def dumps_another_snapshot(patch, _):
    """pg_dump takes a snapshot of its own."""
    start = asyncio.create_subprocess_exec

    async def without(*command, **named):
        return await start(*(part for part in command if not str(part).startswith("--snapshot")), **named)

    patch.setattr(asyncio, "create_subprocess_exec", without)


@pytest.mark.parametrize("plant", [hashes_outside_the_snapshot, truncation_is_not_locked_out, dumps_another_snapshot])
async def test_a_planted_bug_of_snapshots_is_noticed(house, tmp_path, between, plant):
    with pytest.MonkeyPatch.context() as patch:
        plant(patch, house[1])
        assert await differing(house, tmp_path) != []


async def test_a_lost_connection_is_said_plainly(house, tmp_path, monkeypatch):
    async def lost(connection):
        pid = connection.get_server_pid()
        os.kill(pid, signal.SIGTERM)
        return await table_hashes(connection)

    monkeypatch.setattr(row_hashes, "table_hashes", lost)
    with pytest.raises(StoreError, match=r"the connection to .* was lost"):
        await create.run(place_of(tmp_path, *house))
    assert listed(tmp_path / "data" / "backups") == []


async def test_a_table_that_stays_locked_is_said_plainly(house):
    connection = await asyncpg.connect(house[1])
    try:
        await connection.execute("BEGIN; LOCK TABLE house.items IN ACCESS EXCLUSIVE MODE")
        with pytest.raises(StoreError, match="locked for more than"):
            async with frozen(house[1], lock_seconds=0.1):
                pass
    finally:
        await connection.close()
