"""What is old leaves the tables for files that were read back first; file and tables together hold every row."""

import stat
from dataclasses import replace
from datetime import timedelta

import pytest

from pake_pipelines.maintenance.errors import MaintenanceError
from pake_pipelines.maintenance.retention import archive, moving, sweep
from pake_pipelines.maintenance.retention.restore import restore
from pake_pipelines.model.maintenance import TaskState
from pake_pipelines.store import archived_rows, integrity, retention
from pake_pipelines_tests.chain import contents, execute, rows, value
from pake_pipelines_tests.conftest import NOW
from pake_pipelines_tests.maintenance.retention.holdings import YEARS_AGO, everything, fill, own, steady_rows

REVIEWED = "SELECT md5('web1')::uuid"


async def promises(database):
    """Return the promises that something breaks."""
    async with database.connection() as connection:
        days = await connection.fetch("SELECT DISTINCT day FROM entries")
        return {
            promise
            for row in days
            for promise in integrity.PROMISES
            if (await integrity.offenders(connection, promise, row["day"])).count
        }


async def test_old_items_leave_with_all_their_rows_and_young_ones_stay(database, place, directory):
    await fill(database, 9)
    await fill(database, 4, NOW, "young")
    before, _ = await everything(database, directory)
    outcome = await sweep.run(place(batch=4))
    assert outcome.state is TaskState.DONE
    assert (outcome.details["items_moved"], outcome.details["archives_written"]) == (9, 3)
    live, filed = await everything(database, directory)
    assert steady_rows(before) <= steady_rows(live | filed)
    assert await value(database, "SELECT count(DISTINCT source) FROM items JOIN entries USING (pake_id)") == 1
    assert (await own(database))["entries"] == 5, "four items of which one has two versions"
    assert await value(database, "SELECT count(*) FROM items") == 13, "the identity of an item stays"
    assert await promises(database) == set()
    assert [row["state"] for row in await rows(database, "SELECT state FROM retention_archives")] == ["removed"] * 3


async def test_nothing_that_hangs_on_items_is_forgotten(database):
    """A table that a migration adds and that refers to items or entries would be emptied without being archived."""
    found = await rows(
        database,
        """
        SELECT DISTINCT conrelid::regclass::text AS name FROM pg_constraint
        WHERE contype = 'f' AND confrelid IN ('pake.items'::regclass, 'pake.entries'::regclass)
        """,
    )
    known = {*archived_rows.TABLES, "archived_items"}
    assert {row["name"].removeprefix("pake.") for row in found} <= known


async def test_a_file_is_private_and_says_what_it_holds(database, place, directory):
    await fill(database, 3)
    await sweep.run(place())
    (path,) = directory.iterdir()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    header = archive.read_header(path)
    assert sorted(one.title for one in header.items.values()) == ["Title 1", "Title 2", "Title 3"]
    assert {one.reason for one in header.items.values()} == {"age"}
    assert header.tables["entries"].rows == 4


async def test_a_second_sweep_finds_nothing_to_do(database, place, directory):
    await fill(database, 3)
    await sweep.run(place())
    before, files = await contents(database), sorted(directory.iterdir())
    outcome = await sweep.run(place())
    assert (outcome.details["items_moved"], outcome.details["due_by_age"]) == (0, 0)
    assert await contents(database) == before
    assert sorted(directory.iterdir()) == files


async def test_a_dry_run_says_the_same_and_changes_nothing(database, place, directory):
    await fill(database, 5)
    before = await contents(database)
    outcome = await sweep.run(replace(place(), dry_run=True))
    assert outcome.details["due_by_age"] == 5
    assert outcome.details["due_by_source"] == [{"source": "web", "items": 5}]
    assert await contents(database) == before
    assert not directory.exists()


async def test_switched_off_it_is_skipped(database, place):
    await fill(database, 2)
    assert (await sweep.run(place(enabled=False))).state is TaskState.SKIPPED
    assert (await own(database))["knowledge_nodes"] == 2


DECISIONS = {
    "review": f"""
        WITH e AS (INSERT INTO audit_events (actor, action, subject) VALUES ('ann', 'review', 'x') RETURNING event_id)
        INSERT INTO reviews SELECT pake_id, entry_id, 'approved', event_id FROM entries, e WHERE pake_id = ({REVIEWED})
    """,
    "label": f"""
        INSERT INTO quality_labels (entry_id, actor, good) SELECT entry_id, 'ann', true FROM entries
        WHERE pake_id = ({REVIEWED})
    """,
    "ruling": f"""
        WITH e AS (INSERT INTO audit_events (actor, action, subject) VALUES ('ann', 'rule', 'x') RETURNING event_id)
        INSERT INTO duplicate_rulings SELECT least(a.pake_id, b.pake_id), greatest(a.pake_id, b.pake_id), 'apart',
            event_id FROM items a, items b, e WHERE a.pake_id = ({REVIEWED}) AND b.source = 'young' AND b.key = 'key-1'
    """,
}


@pytest.mark.parametrize("decision", DECISIONS)
async def test_what_a_person_decided_on_stays(decision, database, place):
    await fill(database, 3)
    await fill(database, 1, NOW, "young")
    await execute(database, DECISIONS[decision])
    await sweep.run(place())
    left = await rows(database, "SELECT pake_id FROM entries JOIN items USING (pake_id) WHERE source = 'web'")
    assert [row["pake_id"] for row in left] == [await value(database, REVIEWED)]
    assert await promises(database) == set()


async def test_beyond_the_number_only_settled_items_leave(database, place):
    await fill(database, 10, NOW - timedelta(days=30))
    outcome = await sweep.run(place(max_items_per_source=7))
    assert (outcome.details["due_by_number"], outcome.details["items_moved"]) == (3, 3)
    gone = "SELECT array_agg(a.title ORDER BY a.title) FROM archived_items a"
    assert await value(database, gone) == ["Title 2", "Title 4", "Title 6"], "the oldest archived ones"


async def test_others_are_asked_to_look_again(database, place):
    """Items 1, 2, 3 are a group around 1: when 1 leaves, 2 and 3 are compared and grouped anew."""
    await fill(database, 3)
    await execute(database, "UPDATE entries SET created_at = $1 WHERE title <> 'Title 1'", NOW)
    await sweep.run(place())
    assert await promises(database) == set()
    stale = "SELECT count(DISTINCT entry_id) FROM stage_marks WHERE stage = 'duplicates' AND stale"
    assert await value(database, stale) == 2
    assert (await own(database))["duplicate_members"] == 0


async def test_a_group_goes_on_without_a_member(database, place):
    await fill(database, 3)
    await execute(database, "UPDATE entries SET created_at = $1 WHERE title <> 'Title 3'", NOW)
    await sweep.run(place())
    assert await promises(database) == set()
    assert await value(database, "SELECT members FROM duplicate_groups") == 2


async def test_what_changed_since_it_was_written_stays(database, place, directory, monkeypatch):
    await fill(database, 3)
    verify = archive.verify

    async def meanwhile(connection, path, sha256=None):
        await execute(
            database, "UPDATE confidence_scores SET score = 0.9 WHERE entry_id = (SELECT min(entry_id) FROM entries)"
        )
        return await verify(connection, path, sha256)

    monkeypatch.setattr(archive, "verify", meanwhile)
    outcome = await sweep.run(place())
    assert (outcome.details["items_moved"], outcome.details["items_left"]) == (2, 1)
    assert await value(database, "SELECT score FROM confidence_scores") == 0.9
    assert await promises(database) == set()


async def test_a_row_that_came_since_stays_with_its_item(database, place, monkeypatch):
    await fill(database, 2)
    verify = archive.verify

    async def meanwhile(connection, path, sha256=None):
        await execute(database, DECISIONS["label"])
        return await verify(connection, path, sha256)

    monkeypatch.setattr(archive, "verify", meanwhile)
    assert (await sweep.run(place())).details["items_moved"] == 1
    assert await value(database, "SELECT count(*) FROM quality_labels") == 1


async def test_a_file_for_which_nothing_left_is_taken_back(database, place, directory, monkeypatch):
    await fill(database, 2)
    verify = archive.verify

    async def meanwhile(connection, path, sha256=None):
        await execute(database, "UPDATE documents SET title = 'another'")
        return await verify(connection, path, sha256)

    monkeypatch.setattr(archive, "verify", meanwhile)
    assert (await sweep.run(place())).details["items_left"] == 2
    assert list(directory.iterdir()) == []
    assert await value(database, "SELECT count(*) FROM retention_archives") == 0


async def test_rows_that_somebody_works_on_are_left(database, place, directory, monkeypatch):
    await fill(database, 2)
    monkeypatch.setattr(moving, "_PAUSE_SECONDS", 0)
    async with database.transaction() as connection:
        await connection.execute("SELECT FROM entries FOR UPDATE")
        outcome = await sweep.run(place())
    assert (outcome.details["items_moved"], outcome.details["items_left"]) == (0, 2)
    assert (await own(database))["entries"] == 2
    assert (await sweep.run(place())).details["items_moved"] == 2


@pytest.mark.parametrize("damage", ["a bit", "the end"])
async def test_no_row_goes_for_a_file_that_does_not_hold_it(damage, database, place, directory, monkeypatch):
    await fill(database, 3)
    write = archive.write

    async def badly(connection, target, header):
        written = await write(connection, target, header)
        data = bytearray(target.read_bytes())
        if damage == "a bit":
            data[len(data) // 2] ^= 1
        else:
            del data[-20:]
        target.write_bytes(data)
        return written

    monkeypatch.setattr(archive, "write", badly)
    before = await own(database)
    with pytest.raises(MaintenanceError, match="no row left the tables"):
        await sweep.run(place())
    assert await own(database) == before
    monkeypatch.undo()
    assert (await sweep.run(place())).details["items_moved"] == 3


async def test_a_missing_file_is_never_passed_over(database, place, directory):
    await fill(database, 2)
    await sweep.run(place())
    next(directory.iterdir()).unlink()
    outcome = await sweep.run(place())
    assert outcome.state is TaskState.FAILED
    assert outcome.details["archives_missing"] == 1


async def test_a_file_that_no_row_tells_of_is_taken_up(database, place, directory):
    """As after an older backup was restored: rows are back in the tables, and those that the file holds may go."""
    await fill(database, 1)
    await execute(database, "DELETE FROM document_signatures")
    await sweep.run(place())
    (path,) = directory.iterdir()
    async with database.connection() as connection:
        (stored,) = await retention.archives(connection)
    await restore(database, stored, path, NOW, actor="ann", keep=True)
    await execute(database, "UPDATE stage_marks SET stale = false")
    await execute(database, "DELETE FROM archived_items")
    await execute(database, "DELETE FROM retention_archives")
    assert (await sweep.run(place())).details["items_moved"] == 1
    assert list(directory.iterdir()) == [path]
    assert (await own(database))["entries"] == 0


async def test_a_file_of_another_database_is_kept(database, place, directory):
    await fill(database, 2)
    await sweep.run(place())
    (path,) = directory.iterdir()
    await execute(database, "DELETE FROM sources")
    await execute(database, "DELETE FROM retention_archives")
    outcome = await sweep.run(place())
    assert outcome.state is TaskState.DONE
    assert list(directory.iterdir()) == [path]


async def test_only_archived_items_are_found_as_such(database, place):
    await fill(database, 2)
    await fill(database, 1, NOW, "young")
    await sweep.run(place())
    async with database.connection() as connection:
        assert [title for _, title, _ in await retention.find(connection, "title")] == ["Title 1", "Title 2"]


def test_age_counts_from_when_the_newest_version_came():
    assert retention.age_limit(NOW, 365) == NOW - timedelta(days=365)
    assert YEARS_AGO < NOW


@pytest.mark.parametrize("state", ["written", "verified"])
async def test_a_file_that_went_before_any_row_did_is_written_again(state, database, place, directory):
    """A sweep was killed, and somebody emptied the directory before the next."""
    await fill(database, 2)
    await execute(
        database,
        """
        INSERT INTO retention_archives (path, sha256, bytes, row_counts, state, created_at, changed_at)
        VALUES ('items-x.jsonl.zst', 'x', 1, '{}', $1, now(), now())
        """,
        state,
    )
    assert (await sweep.run(place())).details["items_moved"] == 2
    assert await value(database, "SELECT count(*) FROM retention_archives") == 1
