"""A run over what is already done changes nothing and computes nothing."""

from dataclasses import replace
from datetime import timedelta

import pytest

from pake_pipelines_tests.chain import changed, contents, value, visit, walk
from pake_pipelines_tests.feeds import item, prose, rss, sources_yaml
from pake_pipelines_tests.settled import settle
from pake_pipelines_tests.site import Page


@pytest.fixture
async def kit(configure, kit_of, database, run, site):
    """A kit whose sources were walked once: copies, near copies, a note and a dead source among them."""
    near = prose(1, 30)
    site.pages["/feed"] = Page(
        rss(
            item(1),
            item(2, text=near),
            item(3, text=f"{near} And more."),
            item(4, text=prose(1)),
            item(5, text="Short."),
        )
    )
    settings = configure(sources_yaml(web=site.url("/feed"), notes="notes/", dead=site.url("/dead")))
    (settings.home / "notes").mkdir()
    (settings.home / "notes" / "note.md").write_text(f"# A note\n\n{prose(7)}")
    settle(settings.home / "notes")
    kit = kit_of(settings)
    await visit(kit, database, run)
    await walk(kit, database, run)
    return kit


async def test_a_second_run_changes_no_row_and_encodes_nothing(kit, database, run):
    before, encoded = await contents(database), kit.embedder.encoded
    again = replace(run, run_id="run-2", now=run.now + timedelta(hours=2))
    await visit(kit, database, again)
    results = await walk(kit, database, again)
    assert changed(before, await contents(database)) == {"source_state"}  # one more failure of the dead source
    assert kit.embedder.encoded == encoded > 0
    assert {name: (result.looked_at, result.changed) for name, result in results.items()} == dict.fromkeys(
        results, (0, 0)
    )


async def test_a_full_reprocess_changes_no_row_of_what_is_known(kit, database, run):
    before = await contents(database)
    again = replace(run, run_id="run-2", now=run.now + timedelta(hours=2))
    await visit(kit, database, again, full_reprocess=True)
    results = await walk(kit, database, again)
    assert changed(before, await contents(database)) == {"source_state"}
    assert sum(result.looked_at for result in results.values()) == 0


async def test_the_comparison_of_contents_sees_a_single_changed_cell(kit, database):
    before = await contents(database)
    await value(
        database, "UPDATE documents SET truncated = true WHERE entry_id = (SELECT min(entry_id) FROM documents)"
    )
    assert changed(before, await contents(database)) == {"documents"}


@pytest.mark.parametrize(
    "stage", ["documents", "embeddings", "duplicates", "connections", "confidence", "knowledge_nodes"]
)
async def test_a_stage_done_again_from_nothing_ends_with_the_same_rows(stage, kit, database, run):
    before = await contents(database)
    await value(database, "DELETE FROM stage_marks WHERE stage = $1", stage)
    results = await walk(kit, database, run)
    assert results[stage].looked_at > 0
    assert changed(before, await contents(database)) <= {"stage_marks"}
