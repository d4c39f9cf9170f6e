"""What is left over goes when nobody works on it; bodies go in two steps, and what is missing is told."""

import os
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from pake_pipelines.config.maintenance import MaintenanceConfig
from pake_pipelines.config.retention import Retention
from pake_pipelines.maintenance.cleanup import storage
from pake_pipelines.maintenance.cleanup.lake_plan import plan_day
from pake_pipelines.maintenance.workplace import Workplace
from pake_pipelines.model.maintenance import TaskState
from pake_pipelines.settings import Settings
from pake_pipelines.store.fetches import fetches_of_day
from pake_pipelines.store.lake import Lake, LakeFile
from pake_pipelines_tests.chain import execute, value
from pake_pipelines_tests.conftest import NOW, TODAY

DAY = timedelta(hours=24)


@pytest.fixture
def place(tmp_path, database_url):
    def made(lake=None, **rules):
        settings = Settings(home=tmp_path, database_url=database_url, lake_url=lake)
        config = MaintenanceConfig(tasks={}, retention=Retention(**rules))
        return Workplace(settings, config, clock=lambda: NOW)

    return made


@pytest.fixture
def write(tmp_path):
    def made(path, hours, text="left over"):
        file = tmp_path / "data" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        at = (NOW - timedelta(hours=hours)).timestamp()
        for one in (file, file.parent):
            os.utime(one, (at, at))
        return file

    return made


class Bodies:
    """A lake with bodies, some of which have rows."""

    def __init__(self, place, database):
        self.lake = Lake(place.settings.lake)
        self.root = self.lake._root
        self.fs = self.lake._fs
        self.database = database

    async def source(self):
        await execute(
            self.database,
            """
            INSERT INTO sources (source, name, kind, address, authority, authority_basis, enabled)
            VALUES ('web', 'web', 'feed', 'http://x', 0.5, 'news', true)
            """,
        )

    async def put(self, text, *, row=True, hours=48.0, url="http://x/1"):
        """Write a body of `hours` ago; return its path."""
        made = self.lake.write("web", TODAY, text.encode())
        at = NOW - timedelta(hours=hours)
        if "file" in self.fs.protocol:
            os.utime(f"{self.root}/{made.path}", (at.timestamp(), at.timestamp()))
        if row:
            await execute(
                self.database,
                """
                INSERT INTO raw_fetches (source, day, url, fetched_at, bytes, sha256, lake_path, run_id)
                VALUES ('web', $1, $2, $3, 1, $4, $5, 'r')
                """,
                TODAY, url, at, made.sha256, made.path,
            )  # fmt: skip
        return made.path

    def names(self):
        return sorted(one.path for day in self.lake.days() for one in self.lake.files(day))


@pytest.fixture
async def bodies(place, database):
    made = Bodies(place(), database)
    await made.source()
    return made


async def test_old_leftovers_go_and_others_stay(place, write, tmp_path):
    gone = [write("reports/.qa.html.abc.tmp", 30), write("tmp/work/dump", 30), write(
        "backups/.backup-20261101T000000Z.partial/x", 30)]  # fmt: skip
    kept = [
        write("reports/.young.tmp", 1),
        write("postgres/base/x.tmp", 90),
        write("tmp/scratch-1/base", 90),
        write("backups/backup-20261101T000000Z/x.dump", 90),
        write("notes.txt", 900),
    ]
    live = write("tmp/live/part", 90)
    with live.open("a"):
        outcome = await storage.run(place())
    assert [path.exists() for path in gone] == [False] * 3
    assert all(path.exists() for path in (*kept, live))
    assert outcome.details["leftovers_removed"] == 3
    assert outcome.details["bytes_freed"] == 27


async def test_a_link_in_the_place_of_a_leftover_is_removed_and_not_followed(place, tmp_path):
    outside = tmp_path / "elsewhere"
    outside.mkdir()
    (outside / "precious").write_text("x")
    working = tmp_path / "data" / "tmp"
    working.mkdir(parents=True)
    (working / "link").symlink_to(outside)
    os.utime(working / "link", (0, 0), follow_symlinks=False)
    await storage.run(place())
    assert (outside / "precious").exists()


async def test_a_body_without_a_row_is_set_aside_and_goes_a_day_later(place, bodies):
    kept, orphan = await bodies.put("kept"), await bodies.put("orphan", row=False)
    young = await bodies.put("young", row=False, hours=1)
    outcome = await storage.run(place())
    assert outcome.details["bodies_set_aside"] == 1
    aside = f"{orphan}.unclaimed-20261122T120000Z"
    assert bodies.names() == sorted([kept, young, aside])
    later = replace(place(), clock=lambda: NOW + timedelta(hours=23))
    await storage.run(later)
    assert aside in bodies.names()
    tomorrow = replace(place(temp_hours=24), clock=lambda: NOW + timedelta(hours=24))
    assert (await storage.run(tomorrow)).details["bodies_removed"] == 1
    assert not any(name.startswith(orphan) for name in bodies.names())


async def test_a_body_that_gets_its_row_late_is_put_back(place, bodies):
    path = await bodies.put("late", row=False)
    await storage.run(place())
    assert bodies.names() != [path]
    await execute(
        bodies.database,
        """
        INSERT INTO raw_fetches (source, day, url, fetched_at, bytes, sha256, lake_path, run_id)
        VALUES ('web', $1, 'u', $2, 1, 's', $3, 'r')
        """,
        TODAY, NOW, path,
    )  # fmt: skip
    outcome = await storage.run(place())
    assert (outcome.details["bodies_put_back"], outcome.details["bodies_missing"]) == (1, 0)
    assert bodies.lake.read(path) == b"late"


async def test_a_missing_body_is_told(place, bodies):
    path = await bodies.put("text")
    Path(bodies.root, path).unlink()
    outcome = await storage.run(place())
    assert outcome.details["missing"] == [{"body": path}]
    assert "1 bodies are missing" in outcome.summary


async def test_the_lake_of_another_database_is_left_alone(place, bodies):
    for number in range(30):
        await bodies.put(f"body {number}", row=False)
    outcome = await storage.run(place())
    assert outcome.state is TaskState.FAILED
    assert "is this the database of this lake" in outcome.summary
    assert all(name.endswith(".zst") for name in bodies.names())


async def test_bodies_of_the_past_go_where_that_is_wanted_and_their_rows_say_so(place, bodies):
    old = await bodies.put("version one", hours=24 * 60)
    newest = await bodies.put("version two", hours=24 * 50)
    assert (await storage.run(place())).details["bodies_set_aside"] == 0, "none without lake_days"
    outcome = await storage.run(place(lake_days=30))
    assert (outcome.details["bodies_retired"], outcome.details["bodies_set_aside"]) == (1, 1)
    assert bodies.names() == sorted([newest, f"{old}.unclaimed-20261122T120000Z"])
    assert await value(bodies.database, "SELECT count(*) FROM raw_fetches WHERE body_removed_at IS NOT NULL") == 1
    async with bodies.database.connection() as connection:
        assert [one.lake_path for one in await fetches_of_day(connection, "web", TODAY)] == [newest]


async def test_what_is_in_force_keeps_its_body_however_old(place, bodies):
    old = await bodies.put("version one", hours=24 * 60)
    await bodies.put("version two", hours=24 * 50)
    await execute(
        bodies.database,
        """
        WITH i AS (INSERT INTO items (pake_id, source, key) VALUES (gen_random_uuid(), 'web', 'k') RETURNING pake_id)
        INSERT INTO entries (pake_id, version, day, title, body, media_type, entry_hash, fetch_id, run_id)
        SELECT pake_id, 1, '2026-09-01', 't', 'b', 'text/plain', 'h',
               (SELECT fetch_id FROM raw_fetches WHERE lake_path = $1), 'r' FROM i
        """,
        old,
    )
    assert (await storage.run(place(lake_days=30))).details["bodies_retired"] == 0


async def test_a_dry_run_changes_nothing(place, bodies, write):
    left = write("reports/x.tmp", 30)
    path = await bodies.put("orphan", row=False)
    outcome = await storage.run(replace(place(lake_days=30), dry_run=True))
    assert (outcome.details["leftovers_removed"], outcome.details["bodies_set_aside"]) == (1, 1)
    assert left.exists()
    assert bodies.names() == [path]


async def test_a_lake_in_a_bucket_is_cleaned_the_same_way(place, database):
    there = place(lake="memory://lake-of-a-test")
    bodies = Bodies(there, database)
    await bodies.source()
    path = await bodies.put("orphan", row=False)
    later = replace(there, clock=lambda: NOW + timedelta(days=4000))
    assert (await storage.run(later)).details["bodies_set_aside"] == 1
    assert path not in bodies.names()
    bodies.fs.rm(bodies.root, recursive=True)


async def test_a_lake_that_cannot_be_looked_at_is_no_clean_lake(place, bodies, monkeypatch):
    def broken(self):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Lake, "days", broken)
    outcome = await storage.run(place())
    assert outcome.state is TaskState.UNAVAILABLE
    assert "Permission denied" in outcome.summary


def test_a_temporary_file_of_the_lake_goes_when_it_is_old():
    files = [LakeFile("d/s.a.zst.1.tmp", 5, NOW - DAY), LakeFile("d/s.a.zst.2.tmp", 5, NOW)]
    (step,) = plan_day(files, set(), NOW, DAY).steps
    assert (step.deed, step.path) == ("remove", "d/s.a.zst.1.tmp")


def test_what_is_not_ours_is_not_touched():
    assert plan_day([LakeFile("d/README", 5, NOW - 9 * DAY)], set(), NOW, DAY).steps == []
