"""Items outlive renames, new identifiers and their source's forgetting."""

from dataclasses import replace
from datetime import timedelta

import pytest

from pake_pipelines_tests.chain import rows, value, visit, walk
from pake_pipelines_tests.feeds import item, prose, rss, sources_yaml
from pake_pipelines_tests.settled import settle
from pake_pipelines_tests.site import Page

NODES = "SELECT title, verification_status AS status, reasons FROM knowledge_nodes ORDER BY title"


@pytest.fixture
def notes(configure, kit_of):
    """A folder with two notes, and the kit that reads it."""
    settings = configure(sources_yaml(notes="notes/"))
    folder = settings.home / "notes"
    folder.mkdir()
    for name in ("one", "two"):
        (folder / f"{name}.md").write_text(f"# Note {name}\n\n{prose(len(name) + ord(name[0]))}")
    settle(folder)
    return folder, kit_of(settings)


async def ingest(kit, database, run, number, **options):
    """Visit and walk as the run of that number."""
    later = replace(run, run_id=f"run-{number}", now=run.now + number * timedelta(hours=1))
    seen = await visit(kit, database, later, **options)
    await walk(kit, database, later)
    return seen


async def test_a_renamed_file_goes_on_as_the_same_item(notes, database, run):
    folder, kit = notes
    await ingest(kit, database, run, 1)
    before = await rows(database, "SELECT pake_id, key FROM items ORDER BY key")
    (folder / "one.md").rename(folder / "uno.md")
    seen = (await ingest(kit, database, run, 2))["notes"]
    assert (seen.outcome, seen.renamed, seen.new, seen.gone) == ("ok", 1, 0, 0)
    after = {row["pake_id"]: row["key"] for row in await rows(database, "SELECT pake_id, key FROM items")}
    assert after == {before[0]["pake_id"]: "uno.md", before[1]["pake_id"]: "two.md"}
    assert await rows(database, "SELECT old_key, new_key FROM item_renames") == [
        {"old_key": "one.md", "new_key": "uno.md"}
    ]
    assert (await ingest(kit, database, run, 3))["notes"].outcome == "unchanged"


async def test_a_new_file_under_the_name_of_a_renamed_one_is_another_item(notes, database, run):
    folder, kit = notes
    await ingest(kit, database, run, 1)
    (folder / "one.md").rename(folder / "uno.md")
    await ingest(kit, database, run, 2)
    (folder / "one.md").write_text(f"# Another\n\n{prose(99)}")
    settle(folder)
    seen = (await ingest(kit, database, run, 3))["notes"]
    assert (seen.new, seen.renamed) == (1, 0)
    assert await value(database, "SELECT count(DISTINCT pake_id) FROM items WHERE key IN ('one.md', 'uno.md')") == 2


async def test_the_node_of_a_deleted_file_is_archived_with_the_reason(notes, database, run):
    folder, kit = notes
    await ingest(kit, database, run, 1)
    (folder / "one.md").unlink()
    seen = (await ingest(kit, database, run, 2))["notes"]
    assert (seen.outcome, seen.gone) == ("ok", 1)
    found = {row["title"]: row for row in await rows(database, NODES)}
    assert found["Note one"]["status"] == "archived"
    assert found["Note one"]["reasons"] == ["Its source no longer has it."]
    assert found["Note two"]["status"] != "archived"
    assert (await ingest(kit, database, run, 3))["notes"].outcome == "unchanged"


async def test_a_file_that_comes_back_brings_its_item_back(notes, database, run):
    folder, kit = notes
    await ingest(kit, database, run, 1)
    text = (folder / "one.md").read_text()
    (folder / "one.md").unlink()
    await ingest(kit, database, run, 2)
    (folder / "one.md").write_text(text)
    settle(folder)
    seen = (await ingest(kit, database, run, 3))["notes"]
    assert (seen.new, seen.updated) == (0, 1)
    found = {row["title"]: row["status"] for row in await rows(database, NODES)}
    assert found["Note one"] == found["Note two"] != "archived"


async def test_a_feed_that_changes_its_identifiers_keeps_its_items(configure, kit_of, database, run, site):
    kit = kit_of(configure(sources_yaml(web=site.url("/feed"))))
    numbers = range(5)
    site.pages["/feed"] = Page(rss(*(item(n, guid=f"http://feed.example/?p={n}", text=prose(n, 12)) for n in numbers)))
    await ingest(kit, database, run, 1)
    site.pages["/feed"] = Page(
        rss(*(item(n, guid=f"https://www.feed.example/?p={n}", text=prose(n, 12)) for n in numbers))
    )
    seen = (await ingest(kit, database, run, 2))["web"]
    assert (seen.new, seen.updated + seen.unchanged) == (0, 5)
    assert await value(database, "SELECT count(*) FROM items") == 5
    assert await value(database, "SELECT count(*) FROM item_renames") == 5
    assert (await ingest(kit, database, run, 3))["web"].outcome == "unchanged"


async def test_new_items_of_a_feed_continue_nothing(configure, kit_of, database, run, site):
    kit = kit_of(configure(sources_yaml(web=site.url("/feed"))))
    site.pages["/feed"] = Page(rss(*(item(n, text=prose(n, 12)) for n in range(5))))
    await ingest(kit, database, run, 1)
    site.pages["/feed"] = Page(rss(*(item(n, text=prose(n, 12)) for n in range(5, 10))))
    assert (await ingest(kit, database, run, 2))["web"].new == 5
    assert await value(database, "SELECT count(*) FROM items") == 10
