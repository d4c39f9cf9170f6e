"""What an item brought about is taken back when its newest version is stopped at the door."""

from dataclasses import replace

from pake_pipelines_tests.chain import rows, value, visit, walk
from pake_pipelines_tests.feeds import item, prose, rss, sources_yaml
from pake_pipelines_tests.site import Page


async def walked(kit, database, run):
    await visit(kit, database, run)
    await walk(kit, database, run)


async def test_a_published_item_whose_newest_version_is_dropped_is_archived_with_the_reason(
    configure, kit_of, database, run, site
):
    kit = kit_of(configure(sources_yaml(web=site.url("/feed"))))
    site.pages["/feed"] = Page(rss(item(1), item(2)))
    await walked(kit, database, run)
    site.pages["/feed"] = Page(rss(item(1, text="Removed."), item(2)))
    await walked(kit, database, replace(run, run_id="run-2"))
    found = await rows(database, "SELECT verification_status, reasons FROM knowledge_nodes WHERE title = 'Report 1'")
    assert found[0]["verification_status"] == "archived"
    assert "too_short" in found[0]["reasons"][0]
    history = "SELECT count(*) FROM confidence_history WHERE new_status = 'archived' AND run_id = 'run-2'"
    assert await value(database, history) == 1


async def test_a_copy_of_a_dropped_item_stands_alone_again(configure, kit_of, database, run, site):
    kit = kit_of(configure(sources_yaml(one=site.url("/one"), two=site.url("/two"))))
    site.pages["/one"] = Page(rss(item(1)))
    site.pages["/two"] = Page(rss(item(2, text=prose(1))))
    await walked(kit, database, run)
    assert await value(database, "SELECT count(*) FROM duplicate_members") == 2
    site.pages["/one"] = Page(rss(item(1, text="Removed.")))
    await walked(kit, database, replace(run, run_id="run-2"))
    assert await value(database, "SELECT count(*) FROM duplicate_members") == 0
    assert await value(database, "SELECT count(*) FROM node_connections") == 0
    assert await value(database, "SELECT count(*) FROM knowledge_nodes WHERE metadata ->> 'flagged' IS NOT NULL") == 0


async def test_a_withdrawn_item_comes_back_with_a_version_that_passes(configure, kit_of, database, run, site):
    kit = kit_of(configure(sources_yaml(web=site.url("/feed"))))
    for number, page in enumerate((rss(item(1)), rss(item(1, text="Removed.")), rss(item(1)))):
        site.pages["/feed"] = Page(page)
        await walked(kit, database, replace(run, run_id=f"run-{number}"))
    assert await value(database, "SELECT verification_status FROM knowledge_nodes") == "pending"
