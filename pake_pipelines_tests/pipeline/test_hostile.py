"""Items that no well-meaning source publishes pass every stage, and take nobody with them."""

import json
import os
import random

import pytest

from pake_pipelines_tests.chain import rows, value, visit, walk
from pake_pipelines_tests.feeds import item, prose, rss, sources_yaml
from pake_pipelines_tests.settled import settle
from pake_pipelines_tests.site import Page

_RANDOM = random.Random(1)


def noise(length):
    """Return letters that no compression makes short."""
    return "".join(_RANDOM.choices("abcdefghijklmnopqrstuvwxyz0123456789", k=length))


HOSTILE = {
    "long guid": {"id": noise(20_000)},
    "long address": {"url": f"https://feed.example/?q={noise(20_000)}"},
    "long tag": {"tags": [noise(20_000), "fine"]},
    "long title": {"title": noise(20_000)},
    "long author": {"authors": [{"name": noise(20_000)}]},
    "one long word": {"content_text": noise(200_000)},
    "end of time": {"date_published": "9999-12-31T23:59:59-05:00"},
    "beginning of time": {"date_published": "0001-01-01T00:00:00+05:00"},
    "NUL and half characters": {"content_text": f"\x00{prose(3)}\ud800", "title": "\x00\udfff", "tags": ["\x00"]},
    "wrong types": {"title": 7, "content_text": ["a", "list"], "tags": "no list", "authors": {"name": 1}, "url": 5},
    "markup in the address": {"url": "javascript:alert(1)"},
    "broken address": {"url": "http://[::1/x"},
    "only white space": {"content_text": " \u00a0\u2003\n" * 500},
    "right to left marks": {"title": "\u202eevil", "content_text": f"{prose(4)}\u202e\u2066"},
}


@pytest.mark.parametrize("fault", HOSTILE)
async def test_a_hostile_item_passes_every_stage_with_its_neighbours(fault, configure, kit_of, database, run, site):
    bad = {"id": "bad", "title": "Bad", "content_text": prose(2), "date_published": "2026-11-20T08:00:00Z"} | HOSTILE[
        fault
    ]
    good = {"id": "good", "title": "Good", "content_text": prose(1), "date_published": "2026-11-20T08:00:00Z"}
    feed = {"version": "https://jsonfeed.org/version/1.1", "title": "Feed", "items": [bad, good]}
    site.pages["/feed"] = Page(json.dumps(feed).encode())
    kit = kit_of(configure(sources_yaml(web=site.url("/feed"))))
    seen = await visit(kit, database, run)
    assert (seen["web"].outcome, seen["web"].new) == ("ok", 2)
    await walk(kit, database, run)
    lost = """
        SELECT count(*) FROM documents LEFT JOIN knowledge_nodes n USING (entry_id)
        WHERE dropped IS NULL AND n.pake_id IS NULL
    """
    assert await value(database, lost) == 0
    assert await value(database, "SELECT count(*) FROM knowledge_nodes WHERE title = 'Good'") == 1


async def test_an_item_keeps_its_identity_although_its_identifier_is_too_long_for_the_index(
    configure, kit_of, database, run, site
):
    kit, guid = kit_of(configure(sources_yaml(web=site.url("/feed")))), noise(20_000)
    for number in (1, 2):
        site.pages["/feed"] = Page(rss(item(number, guid=guid)))
        await visit(kit, database, run)
    assert [row["version"] for row in await rows(database, "SELECT version FROM entries ORDER BY 1")] == [1, 2]
    assert await value(database, "SELECT count(*) FROM items") == 1


async def test_files_that_cannot_be_read_become_dead_letters_and_the_others_entries(configure, kit_of, database, run):
    settings = configure(sources_yaml(notes="notes/"))
    notes = settings.home / "notes"
    notes.mkdir()
    (notes / "good.txt").write_text(prose(1))
    (notes / "link.txt").symlink_to("/etc/passwd")
    os.mkfifo(notes / "pipe.txt")
    (notes / "large.txt").write_bytes(b"x" * 16_000_000)
    (notes / os.fsdecode(b"caf\xe9.txt")).write_text(prose(2))
    settle(notes)
    kit = kit_of(settings)
    seen = (await visit(kit, database, run))["notes"]
    assert (seen.outcome, seen.new, seen.dead_letters) == ("ok", 1, 4)
    letters = {row["key"]: row["reason"] for row in await rows(database, "SELECT key, reason FROM dead_letters")}
    assert letters == {"link.txt": "outside", "pipe.txt": "not_a_file", "large.txt": "too_large", "caf.txt": "name"}
    await visit(kit, database, run)
    assert await value(database, "SELECT count(*) FROM dead_letters") == 4
