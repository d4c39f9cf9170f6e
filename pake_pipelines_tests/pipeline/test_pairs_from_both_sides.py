"""Nearness is not mutual: an item's closest neighbour may have closer ones of its own."""

import random
from dataclasses import replace

from pake_pipelines_tests.chain import execute, rows, visit, walk
from pake_pipelines_tests.feeds import item, rss, sources_yaml
from pake_pipelines_tests.site import Page

WORDS = ["heron", "marsh", "tide", "gauge", "survey", "winter", "record", "ringing", "colony", "egret", "mudflat"]


def text(*, swapped):
    """The same few words in an order that no other text has, so that only what they mean brings texts together."""
    said = [*WORDS[swapped:], *(f"other{number}" for number in range(swapped))] * 6
    random.Random(swapped).shuffle(said)
    return " ".join(said)


async def test_comparing_an_item_again_keeps_the_pairs_that_were_found_from_their_other_side(
    configure, kit_of, database, run, site
):
    kit = kit_of(configure(sources_yaml(web=site.url("/feed")), "duplicates: {max_candidates: 1}"))
    near, hub, far = text(swapped=0), text(swapped=1), text(swapped=3)
    site.pages["/feed"] = Page(
        rss(item(1, text=near, title=""), item(2, text=hub, title=""), item(3, text=far, title=""))
    )
    await visit(kit, database, run)
    await walk(kit, database, run)
    pairs = "SELECT a_id, b_id FROM duplicate_candidates ORDER BY 1, 2"
    before = await rows(database, pairs)
    assert len(before) == 2, "the hub's closest is `near`; only `far` itself finds the pair with the hub"
    hub_again = """
        UPDATE stage_marks SET stale = true FROM entries JOIN items USING (pake_id)
        WHERE stage_marks.entry_id = entries.entry_id AND stage = 'duplicates' AND key = 'https://feed.example/2'
    """
    await execute(database, hub_again)
    await walk(kit, database, replace(run, run_id="run-2"))
    assert await rows(database, pairs) == before
