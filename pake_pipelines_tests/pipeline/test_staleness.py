"""A changed rule redoes exactly what it touches; a changed item is redone all the way down."""

from dataclasses import replace
from datetime import timedelta

import pytest

from pake_pipelines.config.loading import load_quality, load_sources
from pake_pipelines_tests.chain import changed, contents, rows, value, visit, walk
from pake_pipelines_tests.feeds import item, prose, rss, sources_yaml
from pake_pipelines_tests.site import Page


@pytest.fixture
def rebuilt(configure, kit_of, site):
    """Return a function that makes the kit anew with other quality rules."""

    def make(quality=""):
        settings = configure(sources_yaml(web=site.url("/feed")), quality)
        load_quality.cache_clear()
        load_sources.cache_clear()
        return kit_of(settings)

    return make


async def walked(kit, database, run):
    await visit(kit, database, run)
    return await walk(kit, database, run)


def looked_at(results):
    return {name for name, result in results.items() if result.looked_at}


@pytest.mark.parametrize(
    ("quality", "redone", "data"),
    [
        (
            "content: {min_length: 2000}",
            {"confidence", "knowledge_nodes"},
            {"qa_results", "confidence_scores", "knowledge_nodes"},
        ),
        ("spam: {max_score: 0.4}", {"duplicates", "confidence"}, set()),
        ("verdict: {auto_verify: 0.5}", {"knowledge_nodes"}, {"knowledge_nodes"}),
        ("duplicates: {keep: newest}", {"duplicates"}, set()),
        ("connections: {max_degree: 3}", {"connections"}, set()),
        ("ingest: {min_content_length: 90}", {"documents"}, set()),
        (
            "links: {check_external: true}",
            {"confidence", "knowledge_nodes"},
            {"qa_results", "confidence_scores"},
        ),
    ],
)
async def test_a_changed_rule_redoes_exactly_the_stages_that_read_it(
    quality, redone, data, rebuilt, database, run, site
):
    site.pages["/feed"] = Page(rss(item(1), item(2), item(3)))
    await walked(rebuilt(), database, run)
    before = await contents(database)
    results = await walked(rebuilt(quality), database, replace(run, run_id="run-2"))
    assert looked_at(results) == redone
    journals = {"stage_marks", "processing_logs", "confidence_history"}
    assert changed(before, await contents(database)) - journals == data


async def test_a_stricter_ingest_filter_drops_what_it_let_pass_before(rebuilt, database, run, site):
    site.pages["/feed"] = Page(rss(item(1, title="A sponsored trial"), item(2)))
    await walked(rebuilt(), database, run)
    await walked(rebuilt("ingest: {exclude_patterns: [sponsored]}"), database, run)
    dropped = {row["title"]: row["dropped"] for row in await rows(database, "SELECT title, dropped FROM documents")}
    assert dropped == {"A sponsored trial": "excluded_pattern", "Report 2": None}


async def test_another_model_embeds_everything_again_beside_the_old_vectors(rebuilt, database, run, site):
    site.pages["/feed"] = Page(rss(item(1), item(2)))
    await walked(rebuilt(), database, run)
    kit = rebuilt()
    kit.embedder.model = "other words"
    assert looked_at(await walked(kit, database, run)) >= {"embeddings", "duplicates"}
    assert await value(database, "SELECT count(*) FROM embeddings WHERE model = 'other words'") == 2


async def test_an_updated_item_is_redone_all_the_way_down(rebuilt, database, run, site):
    kit = rebuilt()
    site.pages["/feed"] = Page(rss(item(1, text=prose(11)), item(2)))
    await walked(kit, database, run)
    site.pages["/feed"] = Page(rss(item(1, text=prose(12)), item(2)))
    tomorrow = replace(run, run_id="run-2", day=run.day + timedelta(days=1), now=run.now + timedelta(days=1))
    results = await walked(kit, database, tomorrow)
    assert looked_at(results) == set(results) - {"link_checks"}
    (node,) = await rows(
        database,
        """SELECT n.content, n.run_id, e.version, e.superseded_at FROM knowledge_nodes n JOIN entries e USING (entry_id)
           WHERE n.title = 'Report 1'""",
    )
    assert (node["content"], node["run_id"], node["version"], node["superseded_at"]) == (prose(12), "run-2", 2, None)
    assert await value(database, "SELECT count(*) FROM knowledge_nodes") == 2


async def test_an_item_of_another_day_is_judged_again_when_a_copy_of_it_appears(rebuilt, database, run, site):
    kit = rebuilt()
    old, new = "Mon, 16 Nov 2026 08:00:00 +0000", "Fri, 20 Nov 2026 08:00:00 +0000"
    site.pages["/feed"] = Page(rss(item(1, date=new)))
    await walked(kit, database, run)
    site.pages["/feed"] = Page(rss(item(1, date=new), item(2, text=prose(1), date=old)))
    tomorrow = replace(run, run_id="run-2", day=run.day + timedelta(days=1), now=run.now + timedelta(days=1))
    await walked(kit, database, tomorrow)
    flags = await rows(database, "SELECT title, metadata ->> 'flagged' AS flag FROM knowledge_nodes ORDER BY title")
    assert [(row["title"], row["flag"]) for row in flags] == [("Report 1", "potential_duplicate"), ("Report 2", None)]
    assert await value(database, "SELECT count(*) FROM stage_marks WHERE stale") == 0


async def test_copies_stay_grouped_when_the_item_that_held_them_together_changes(rebuilt, database, run, site):
    kit = rebuilt()
    site.pages["/feed"] = Page(rss(*(item(number, text=prose(1)) for number in range(4))))
    await walked(kit, database, run)
    center = await value(database, "SELECT key FROM items ORDER BY pake_id LIMIT 1")
    moved = int(center.rpartition("/")[2])
    site.pages["/feed"] = Page(rss(*(item(number, text=prose(99 if number == moved else 1)) for number in range(4))))
    await walked(kit, database, replace(run, run_id="run-2"))
    assert await value(database, "SELECT members FROM duplicate_groups") == 3
    assert await value(database, "SELECT count(*) FROM stage_marks WHERE stale") == 0


async def test_a_new_title_of_one_copy_keeps_the_whole_group(rebuilt, database, run, site):
    kit = rebuilt()
    site.pages["/feed"] = Page(rss(*(item(number, text=prose(1)) for number in range(4))))
    await walked(kit, database, run)
    center = await value(database, "SELECT key FROM items ORDER BY pake_id LIMIT 1")
    named = int(center.rpartition("/")[2])
    again = rss(*(item(number, text=prose(1), title="Renamed" if number == named else None) for number in range(4)))
    site.pages["/feed"] = Page(again)
    await walked(kit, database, replace(run, run_id="run-2"))
    assert await value(database, "SELECT members FROM duplicate_groups") == 4
