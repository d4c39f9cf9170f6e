"""A limit delays items, it never loses them; and reading everything again stores nothing twice."""

from dataclasses import replace
from datetime import timedelta

from pake_pipelines_tests.chain import rows, value, visit
from pake_pipelines_tests.feeds import item, prose, rss, sources_yaml
from pake_pipelines_tests.settled import settle
from pake_pipelines_tests.site import Page

COUNT = "SELECT count(*) FROM entries"


async def test_what_a_limit_leaves_over_is_taken_next_time_although_the_server_says_304(
    configure, kit_of, database, run, site
):
    site.pages["/feed"] = Page(rss(*map(item, range(7))), headers={"ETag": '"1"'})
    kit = kit_of(configure(sources_yaml(web=site.url("/feed"))))
    seen = [(await visit(kit, database, run, limit=3))["web"] for _ in range(4)]
    assert [(one.new, one.left_over) for one in seen] == [(3, 4), (3, 1), (1, 0), (0, 0)]
    assert await value(database, COUNT) == 7
    assert await value(database, "SELECT backlog_fetch_id FROM source_state") is None
    assert len(site.asked("/feed")) == 3, "while some is left over, the source is not asked for more"


async def test_items_left_over_outlive_their_disappearance_from_the_feed(configure, kit_of, database, run, site):
    kit = kit_of(configure(sources_yaml(web=site.url("/feed"))))
    site.pages["/feed"] = Page(rss(*map(item, range(4))))
    await visit(kit, database, run, limit=2)
    site.pages["/feed"] = Page(rss(*map(item, range(2, 6))))
    for _ in range(3):
        await visit(kit, database, run, limit=2)
    titles = {row["title"] for row in await rows(database, "SELECT title FROM entries")}
    assert titles == {f"Report {number}" for number in range(6)}


async def test_what_a_limit_leaves_over_is_not_lost_when_the_feed_shrinks(configure, kit_of, database, run, site):
    kit = kit_of(configure(sources_yaml(web=site.url("/feed"))))
    site.pages["/feed"] = Page(rss(*map(item, range(10))))
    await visit(kit, database, run, limit=3)
    site.pages["/feed"] = Page(rss(item(20), item(21)))
    for _ in range(5):
        await visit(kit, database, run, limit=3)
    assert await value(database, COUNT) == 12


async def test_the_sources_own_limit_holds_even_where_the_run_allows_more(configure, kit_of, database, run, site):
    site.pages["/feed"] = Page(rss(*map(item, range(5))))
    kit = kit_of(configure(sources_yaml(web=site.url("/feed"), limit=2)))
    assert (await visit(kit, database, run, limit=4))["web"].new == 2


async def test_a_folder_with_more_files_than_the_limit_is_read_to_its_end_over_several_visits(
    configure, kit_of, database, run
):
    settings = configure(sources_yaml(notes="notes/"))
    (settings.home / "notes").mkdir()
    for number in range(5):
        (settings.home / "notes" / f"{number}.txt").write_text(prose(number))
    settle(settings.home)
    kit = kit_of(settings)
    seen = [(await visit(kit, database, run, limit=2))["notes"] for _ in range(4)]
    assert [(one.new, one.left_over) for one in seen] == [(2, 1), (2, 1), (1, 0), (0, 0)]


async def test_full_reprocess_reads_everything_again_and_stores_nothing_twice(configure, kit_of, database, run, site):
    settings = configure(sources_yaml(web=site.url("/feed"), notes="notes/"))
    (settings.home / "notes").mkdir()
    (settings.home / "notes" / "one.md").write_text(f"# One\n\n{prose(9)}")
    settle(settings.home)
    site.pages["/feed"] = Page(rss(item(1), item(2)), headers={"ETag": '"1"'})
    kit = kit_of(settings)
    await visit(kit, database, run)
    tomorrow = replace(run, run_id="run-2", day=run.day + timedelta(days=1), now=run.now + timedelta(days=1))
    again = await visit(kit, database, tomorrow, full_reprocess=True)
    assert {name: (one.found, one.new, one.updated) for name, one in again.items()} == {
        "web": (2, 0, 0),
        "notes": (1, 0, 0),
    }
    assert "If-None-Match" not in site.asked("/feed")[1]
    assert await value(database, COUNT) == 3
