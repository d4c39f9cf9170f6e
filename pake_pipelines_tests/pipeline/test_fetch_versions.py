"""An item that its source changes gets a new version; no later look at the past undoes it."""

import os
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from pake_pipelines_tests.chain import execute, rows, value, visit, walk
from pake_pipelines_tests.feeds import item, prose, rss, sources_yaml
from pake_pipelines_tests.site import Page

VERSIONS = "SELECT version, title, day, superseded_at IS NULL AS in_force, run_id FROM entries ORDER BY entry_id"


@pytest.fixture
def kit(configure, kit_of, site):
    return kit_of(configure(sources_yaml(web=site.url("/feed"))))


def day_after(run, days=1):
    return replace(
        run, run_id=f"{run.run_id}+{days}", day=run.day + timedelta(days=days), now=run.now + timedelta(days=days)
    )


async def test_an_updated_item_gets_a_new_version_and_the_old_one_stays(kit, database, run, site):
    site.pages["/feed"] = Page(rss(item(1, title="First"), item(2)))
    await visit(kit, database, run)
    site.pages["/feed"] = Page(rss(item(1, title="Second"), item(2)))
    seen = await visit(kit, database, day_after(run))
    assert (seen["web"].new, seen["web"].updated, seen["web"].unchanged) == (0, 1, 1)
    versions = [row for row in await rows(database, VERSIONS) if row["title"] != "Report 2"]
    assert [(row["version"], row["title"], row["in_force"]) for row in versions] == [
        (1, "First", False),
        (2, "Second", True),
    ]
    assert versions[1]["day"] == run.day + timedelta(days=1)
    assert await value(database, "SELECT count(*) FROM items") == 2


async def test_a_past_day_of_a_feed_is_replayed_from_the_archive_without_asking_the_server(kit, database, run, site):
    site.pages["/feed"] = Page(rss(item(1), item(2)))
    await visit(kit, database, run)
    await execute(database, "TRUNCATE items CASCADE")
    seen = await visit(kit, database, replace(run, run_id="replay", now=run.now + timedelta(days=3)))
    assert (seen["web"].replayed, seen["web"].new, len(site.asked("/feed"))) == (True, 2, 1)
    assert {row["day"] for row in await rows(database, VERSIONS)} == {run.day}


async def test_a_replay_never_undoes_what_a_newer_fetch_brought(kit, database, run, site):
    site.pages["/feed"] = Page(rss(item(1, title="Old")))
    await visit(kit, database, run)
    site.pages["/feed"] = Page(rss(item(1, title="New")))
    await visit(kit, database, day_after(run))
    before = await rows(database, VERSIONS)
    seen = await visit(kit, database, replace(run, run_id="replay", now=run.now + timedelta(days=3)))
    assert (seen["web"].outcome, seen["web"].unchanged) == ("unchanged", 1)
    assert await rows(database, VERSIONS) == before


async def test_a_past_day_that_the_archive_does_not_know_is_empty_and_says_that_it_was_replayed(
    kit, database, run, site
):
    seen = await visit(kit, database, replace(run, now=run.now + timedelta(days=3)))
    assert (seen["web"].outcome, seen["web"].replayed, seen["web"].found) == ("unchanged", True, 0)
    assert site.requests == []


@pytest.mark.parametrize("damage", ["gone", "cut short", "other bytes"])
async def test_an_archived_body_that_is_damaged_fails_its_source_and_no_other(
    damage, configure, kit_of, database, run, site
):
    kit = kit_of(configure(sources_yaml(web=site.url("/feed"), sound=site.url("/sound"))))
    site.pages |= {"/feed": Page(rss(item(1))), "/sound": Page(rss(item(2)))}
    await visit(kit, database, run)
    path = await value(database, "SELECT lake_path FROM raw_fetches WHERE source = 'web'")
    file = kit.settings.data / "lake" / path
    if damage == "gone":
        file.unlink()
    elif damage == "cut short":
        file.write_bytes(file.read_bytes()[:-20])
    else:
        file.write_bytes(b"these are not the bytes that were archived")
    seen = await visit(kit, database, replace(run, now=run.now + timedelta(days=3)))
    assert (seen["web"].error_kind, path in seen["web"].error) == ("archive", True)
    assert (seen["sound"].outcome, seen["sound"].unchanged) == ("unchanged", 1)


def write_notes(home, *days):
    """Write one note per day in `days`, dated that day."""
    (home / "notes").mkdir(exist_ok=True)
    for number, day in enumerate(days):
        file = home / "notes" / f"{day.isoformat()}.txt"
        file.write_text(prose(number))
        moment = datetime(day.year, day.month, day.day, 9, tzinfo=UTC).timestamp()
        os.utime(file, (moment, moment))


async def test_a_folder_gives_each_past_day_the_files_of_that_day(configure, kit_of, database, run):
    settings = configure(sources_yaml(notes="notes/"))
    days = [run.day - timedelta(days=back) for back in (3, 2, 1)]
    write_notes(settings.home, *days)
    for day in days:
        seen = await visit(kit_of(settings), database, replace(run, run_id=str(day), day=day))
        assert (seen["notes"].new, seen["notes"].rows, seen["notes"].replayed) == (1, 1, False)
    found = await rows(database, "SELECT day, published_at::date AS dated FROM entries ORDER BY day")
    assert [(row["day"], row["dated"]) for row in found] == [(day, day) for day in days]


async def test_an_old_file_belongs_to_its_own_day_whenever_it_is_first_seen(configure, kit_of, database, run):
    settings = configure(sources_yaml(notes="notes/"))
    old = run.day - timedelta(days=2)
    write_notes(settings.home, old, run.day)
    kit = kit_of(settings)
    await visit(kit, database, run)
    await walk(kit, database, run)
    found = await rows(database, "SELECT e.day FROM knowledge_nodes n JOIN entries e USING (entry_id) ORDER BY 1")
    assert [row["day"] for row in found] == [old, run.day], "the run settles what it found, whatever day it belongs to"
    later = (await visit(kit, database, replace(run, run_id="backfill", day=old)))["notes"]
    assert (later.new, later.rows) == (0, 1)


async def test_a_file_that_was_only_touched_is_no_new_version(configure, kit_of, database, run):
    settings = configure(sources_yaml(notes="notes/"))
    write_notes(settings.home, run.day - timedelta(days=2))
    kit = kit_of(settings)
    await visit(kit, database, run)
    os.utime(settings.home / "notes" / f"{run.day - timedelta(days=2)}.txt")
    assert (await visit(kit, database, run))["notes"].outcome == "unchanged"
    assert await value(database, "SELECT count(*) FROM entries") == 1
