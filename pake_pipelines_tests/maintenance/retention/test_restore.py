"""What left the tables comes back as it was, once; what has gone on meanwhile is left as it is and named."""

from dataclasses import replace
from datetime import timedelta

import pytest

from pake_pipelines.maintenance.errors import MaintenanceError
from pake_pipelines.maintenance.retention import sweep
from pake_pipelines.maintenance.retention.restore import Fate, restore
from pake_pipelines.store import archived_rows, retention
from pake_pipelines_tests.chain import contents, execute, rows, value
from pake_pipelines_tests.conftest import NOW
from pake_pipelines_tests.maintenance.retention.holdings import everything, fill, own, steady_rows


async def brought_back(database, directory, keep=True, number=0):
    """Restore the archive `number`."""
    async with database.connection() as connection:
        stored = (await retention.archives(connection))[number]
    return await restore(database, stored, directory / stored.path, NOW, actor="ann", keep=keep)


async def test_every_row_comes_back_as_it_was(database, place, directory):
    await fill(database, 6)
    before, _ = await everything(database, directory)
    await sweep.run(place())
    await execute(database, "DELETE FROM embeddings")
    done = await brought_back(database, directory)
    assert len(done.of(Fate.BACK)) == 6
    live, _ = await everything(database, directory)
    wanted = {(table, line) for table, line in before if table in archived_rows.RESTORED}
    assert steady_rows(wanted) <= steady_rows(live)
    assert await value(database, "SELECT state FROM retention_archives") == "restored"
    assert await value(database, "SELECT bool_and(stale) FROM stage_marks"), "the next run looks at all of them"
    event = "SELECT actor || ' ' || subject FROM audit_events WHERE action = 'retention.restored'"
    assert await value(database, event) == "ann archive 1"


async def test_twice_changes_nothing_more(database, place, directory):
    await fill(database, 3)
    await sweep.run(place())
    await brought_back(database, directory)
    before = await contents(database)
    again = await brought_back(database, directory)
    assert (len(again.of(Fate.THERE)), again.rows) == (3, 0)
    assert await contents(database) == before


async def test_a_trial_says_the_same_and_changes_nothing(database, place, directory):
    await fill(database, 3)
    await sweep.run(place())
    before = await contents(database)
    done = await brought_back(database, directory, keep=False)
    assert (len(done.of(Fate.BACK)), done.rows > 0) == (3, True)
    assert await contents(database) == before


async def test_what_came_back_is_not_swept_away_the_next_night(database, place, directory):
    await fill(database, 3)
    await sweep.run(place())
    await brought_back(database, directory)
    assert (await sweep.run(place())).details["items_moved"] == 0
    later = replace(place(), clock=lambda: NOW + timedelta(days=366))
    assert (await sweep.run(later)).details["items_moved"] == 3
    done = await brought_back(database, directory, number=1)
    assert len(done.of(Fate.BACK)) == 3


async def test_an_item_that_went_on_stays_as_it_is(database, place, directory):
    await fill(database, 3)
    await sweep.run(place())
    await execute(
        database,
        """
        INSERT INTO entries (pake_id, version, day, title, body, media_type, entry_hash, fetch_id, run_id)
        SELECT pake_id, 3, '2026-11-22', 'Newer', 'b', 'text/plain', 'h', (SELECT min(fetch_id) FROM raw_fetches), 'r'
        FROM items WHERE key = 'key-3'
        """,
    )
    done = await brought_back(database, directory)
    (conflict,) = done.of(Fate.CONFLICT)
    assert (conflict.title, conflict.because) == ("Title 3", "it goes on with version 3")
    assert len(done.of(Fate.BACK)) == 2
    titles = await rows(database, "SELECT title FROM entries WHERE superseded_at IS NULL ORDER BY 1")
    assert [row["title"] for row in titles] == ["Newer", "Title 1", "Title 2"]


async def test_items_of_a_source_that_is_gone_stay_in_the_file(database, place, directory):
    await fill(database, 2)
    await fill(database, 2, source="other")
    await sweep.run(place())
    await execute(database, "DELETE FROM sources WHERE source = 'other'")
    done = await brought_back(database, directory)
    assert {one.because for one in done.of(Fate.CONFLICT)} == {"its source other is no longer there"}
    assert len(done.of(Fate.BACK)) == 2


async def test_rows_in_the_place_of_others_undo_the_whole_restore(database, place, directory):
    await fill(database, 2)
    await sweep.run(place())
    await fill(database, 1, NOW, "new")
    await execute(
        database,
        """
        INSERT INTO confidence_history (history_id, pake_id, new_score, new_status, reason, changed_by, run_id)
        OVERRIDING SYSTEM VALUE SELECT 1, pake_id, 0.5, 'pending', 'x', 'x', 'x' FROM items LIMIT 1
        """,
    )
    before = await own(database)
    with pytest.raises(MaintenanceError, match="clash with rows that are there"):
        await brought_back(database, directory)
    assert await own(database) == before


async def test_a_damaged_file_is_not_restored(database, place, directory):
    await fill(database, 2)
    await sweep.run(place())
    (path,) = directory.iterdir()
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 4
    path.write_bytes(data)
    with pytest.raises(MaintenanceError, match="is damaged"):
        await brought_back(database, directory)
    path.unlink()
    with pytest.raises(MaintenanceError, match="is missing"):
        await brought_back(database, directory)
    assert (await own(database))["entries"] == 0
