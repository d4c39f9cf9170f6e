"""An archived item that its source still lists stays in the archive while it says the same; it goes on with news."""

from dataclasses import replace
from datetime import timedelta

import pytest

from pake_pipelines.config.maintenance import MaintenanceConfig
from pake_pipelines.maintenance.retention import sweep
from pake_pipelines.maintenance.retention.restore import Fate, restore
from pake_pipelines.maintenance.workplace import Workplace
from pake_pipelines.store import integrity, retention
from pake_pipelines_tests.chain import execute, rows, value, visit, walk
from pake_pipelines_tests.conftest import NOW
from pake_pipelines_tests.feeds import item, prose, rss, sources_yaml
from pake_pipelines_tests.site import Page

ITEMS = [item(1, text=prose(1)), item(2, text=prose(1)), item(3)]


async def broken(database):
    """Return the promises that something breaks."""
    async with database.connection() as connection:
        days = await connection.fetch("SELECT DISTINCT day FROM entries")
        return {
            promise
            for row in days
            for promise in integrity.PROMISES
            if (await integrity.offenders(connection, promise, row["day"])).count
        }


async def archived(kit, database, run, *titles):
    """Let the items `titles` be two years old and move."""
    old = NOW - timedelta(days=800)
    await execute(database, "UPDATE entries SET created_at = $1 WHERE title = ANY ($2)", old, list(titles))
    place = Workplace(kit.settings, MaintenanceConfig(tasks={}), clock=lambda: NOW)
    return (await sweep.run(place)).details["items_moved"]


@pytest.fixture
async def kit(configure, kit_of, site, database, run):
    """Two copies and another item, read and judged."""
    made = kit_of(configure(sources_yaml(web=site.url("/feed"))))
    site.pages["/feed"] = Page(rss(*ITEMS))
    await visit(made, database, run)
    await walk(made, database, run)
    return made


async def test_it_stays_in_the_archive_until_it_says_something_else(kit, database, run, site):
    assert await archived(kit, database, run, "Report 1", "Report 3") == 2
    assert await broken(database) == set()
    site.pages["/feed"] = Page(rss(*ITEMS, item(4)))
    again = (await visit(kit, database, replace(run, run_id="run-2")))["web"]
    assert (again.new, again.updated, again.unchanged) == (1, 0, 3)
    await walk(kit, database, replace(run, run_id="run-2"))
    assert await broken(database) == set()
    assert await value(database, "SELECT count(*) FROM duplicate_groups") == 0, "one of the two copies is left"
    assert sorted(row["title"] for row in await rows(database, "SELECT title FROM entries")) == ["Report 2", "Report 4"]

    site.pages["/feed"] = Page(rss(item(1, text=prose(7)), *ITEMS[1:], item(4)))
    news = (await visit(kit, database, replace(run, run_id="run-3")))["web"]
    day = "SELECT count(*) FROM entries WHERE day = $1 AND superseded_at IS NULL"
    assert (news.new, news.updated, news.rows) == (0, 1, await value(database, day, run.day))
    await walk(kit, database, replace(run, run_id="run-3"))
    versions = "SELECT version FROM entries WHERE title = 'Report 1'"
    assert await value(database, versions) == 2
    assert await broken(database) == set()


async def test_what_comes_back_is_compared_and_grouped_anew(kit, database, run):
    await archived(kit, database, run, "Report 1", "Report 3")
    await walk(kit, database, replace(run, run_id="run-2"))
    async with database.connection() as connection:
        (stored,) = await retention.archives(connection)
    path = kit.settings.data / "archive" / stored.path
    done = await restore(database, stored, path, NOW, actor="ann", keep=True)
    assert len(done.of(Fate.BACK)) == 2
    assert await broken(database) == set()
    await walk(kit, database, replace(run, run_id="run-3"))
    assert await broken(database) == set()
    assert await value(database, "SELECT members FROM duplicate_groups") == 2
    assert await value(database, "SELECT count(*) FROM stage_marks WHERE stale") == 0
