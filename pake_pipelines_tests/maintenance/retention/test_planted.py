"""The tests of the sweep are worth something: sweeps that are wrong on purpose lose rows, and that is seen."""

from contextlib import asynccontextmanager, suppress

import asyncpg
import pytest

from pake_pipelines.maintenance.errors import MaintenanceError
from pake_pipelines.maintenance.retention import archive, moving, sweep
from pake_pipelines.store import archived_rows, retention_removal
from pake_pipelines_tests.maintenance.retention.holdings import everything, fill, steady_rows

NEWS = "UPDATE confidence_history SET reason = 'news' WHERE history_id = 2"


@asynccontextmanager
async def _elsewhere(database_url):
    connection = await asyncpg.connect(
        database_url, server_settings={"search_path": "pake,public", "lock_timeout": "200"}
    )
    try:
        yield connection
    finally:
        await connection.close()


class Fault:
    """What goes wrong around a sweep, whether it is right or not."""

    def __init__(self, monkeypatch, database_url):
        self._patch = monkeypatch
        self._url = database_url
        self._committed = False

    async def _news(self):
        with suppress(asyncpg.LockNotAvailableError):
            async with _elsewhere(self._url) as connection:
                await connection.execute(NEWS)
                self._committed = True

    def expected(self, before):
        """Return the rows that have to be somewhere: those from before, as they were last committed."""
        changed = {one for one in before if '"history_id": 2,' in one[1]} if self._committed else set()
        return (before - changed) | {(table, line.replace('"because"', '"news"')) for table, line in changed}

    def a_row_is_not_written(self):
        original = archived_rows.rows

        async def rows(connection, table, pake_ids):
            number = 0
            async for line in original(connection, table, pake_ids):
                number += 1
                if table != "confidence_history" or number != 2:
                    yield line

        self._patch.setattr(archived_rows, "rows", rows)

    def a_row_changes_after_the_file_was_read_back(self):
        original = archive.verify

        async def verify(*given):
            header = await original(*given)
            await self._news()
            return header

        self._patch.setattr(archive, "verify", verify)

    def a_row_changes_while_rows_go(self):
        original = retention_removal.remove

        async def remove(*given, **options):
            await self._news()
            await original(*given, **options)

        self._patch.setattr(retention_removal, "remove", remove)


async def _unread(connection, path, sha256=None):
    return archive.read_header(path)


async def _unheld(connection, pake_ids):
    pass


# the fault that a wrong sweep meets, and what is wrong with it
PLANTS = {
    "rows go before the file is read back": (Fault.a_row_is_not_written, archive, "verify", _unread),
    "hashes are not compared": (
        Fault.a_row_changes_after_the_file_was_read_back,
        moving,
        "unchanged",
        lambda kept, now: frozenset(kept),
    ),
    "rows are not held": (Fault.a_row_changes_while_rows_go, archived_rows, "hold", _unheld),
}


async def lost(database, database_url, place, directory, monkeypatch, fault, *wrong):
    """Sweep as `fault` comes and `wrong` is; return the rows that are neither in the tables nor in a file after it."""
    before, _ = await everything(database, directory)
    with monkeypatch.context() as patch:
        happening = Fault(patch, database_url)
        fault(happening)
        if wrong:
            patch.setattr(*wrong)
        with suppress(MaintenanceError):
            await sweep.run(place())
    live, filed = await everything(database, directory)
    return steady_rows(happening.expected(before)) - steady_rows(live | filed)


@pytest.mark.parametrize("plant", PLANTS)
async def test_a_planted_bug_is_seen(plant, database, database_url, place, directory, monkeypatch):
    fault, *wrong = PLANTS[plant]
    await fill(database, 3)
    assert await lost(database, database_url, place, directory, monkeypatch, fault, *wrong)


@pytest.mark.parametrize("plant", PLANTS)
async def test_a_sound_sweep_loses_nothing_to_the_same_fault(
    plant, database, database_url, place, directory, monkeypatch
):
    await fill(database, 3)
    assert not await lost(database, database_url, place, directory, monkeypatch, PLANTS[plant][0])
