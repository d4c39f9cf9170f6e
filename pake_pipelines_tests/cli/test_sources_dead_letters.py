"""`pake sources dead-letters` shows what could not be read, and tries the archived bytes again."""

import asyncio

import pytest

from pake_pipelines.model.entry import Unparsed
from pake_pipelines.store import dead_letters, fetches, sources
from pake_pipelines.store.database import open_database
from pake_pipelines.store.dead_letters import NewLetter
from pake_pipelines.store.fetches import NewFetch
from pake_pipelines.store.lake import Lake
from pake_pipelines.store.sources import SourceRow
from pake_pipelines_tests.conftest import NOW, TODAY
from pake_pipelines_tests.feeds import item, rss

BASE = """first_day: 2026-11-01
sources:
  blog: {name: Blog, kind: feed, url: 'https://blog.example/feed'}
  notes: {name: Notes, kind: folder, path: notes}
"""


async def _buried(url, lake):
    """Bury a body that can be read by now, one that cannot, and a file without bytes."""
    async with open_database(url) as database, database.transaction() as connection:
        rows = [SourceRow("blog", "Blog", "feed", "https://blog.example/feed", 0.2, "unknown", True, None)]
        rows += [SourceRow("notes", "Notes", "folder", "notes", 0.2, "unknown", True, None)]
        await sources.sync_sources(connection, rows)
        letters = []
        for name, body in (("good", rss(item(1), item(2))), ("bad", b"no feed at all")):
            held = lake.write("blog", TODAY, body)
            address = f"https://blog.example/{name}"
            fetched = NewFetch("blog", TODAY, address, NOW, None, None, held.size, held.sha256, held.path)
            (fetch_id,) = await fetches.save_fetches(connection, [fetched], "run-1")
            letters.append(NewLetter("blog", TODAY, fetch_id, Unparsed(address, "malformed", "not [red]a feed")))
        letters.append(NewLetter("notes", TODAY, None, Unparsed("torn.pdf", "unreadable", "Permission denied")))
        await dead_letters.save(connection, letters, "run-1")


async def _facts(url):
    async with open_database(url) as database, database.connection() as connection:
        left = [letter.key for letter in await dead_letters.dead_letters(connection)]
        stored = await connection.fetchval("SELECT count(*) FROM entries WHERE superseded_at IS NULL")
        return left, stored


@pytest.fixture
def buried(connected, database_url):
    """A terminal whose database holds three dead letters, numbered from 1."""
    connected.configure(BASE)
    asyncio.run(_buried(database_url, Lake(str(connected.home / "data" / "lake"))))
    return connected


def test_letters_are_listed_with_reason_and_whether_their_bytes_are_kept(buried):
    done = buried.pake("sources", "dead-letters", "list")
    assert done.code == 0
    good, bad, torn = (line.split() for line in done.stdout.splitlines()[1:])
    assert (good[0], good[1], good[-1], bad[-1]) == ("1", "blog", "kept", "kept")
    assert (torn[1], torn[-1]) == ("notes", "none")
    assert "not [red]a feed" in done.stdout
    only = buried.pake("sources", "dead-letters", "list", "--source", "notes", "--json").json
    assert [(one["key"], one["reason"], one["fetch_id"]) for one in only] == [("torn.pdf", "unreadable", None)]


def test_no_letters_are_said_in_words(connected):
    connected.configure(BASE)
    assert "no dead letters" in connected.pake("sources", "dead-letters", "list").stdout
    assert connected.pake("sources", "dead-letters", "retry", "--json").json["readable"] == 0


def test_a_retry_stores_what_is_readable_now_and_keeps_the_rest(buried, database_url):
    done = buried.pake("sources", "dead-letters", "retry")
    assert done.code == 0
    assert "3 dead letters: 1 readable now (2 items stored), 1 to be fetched again with the next visit" in done.stdout
    assert "2: " in done.stdout
    assert asyncio.run(_facts(database_url)) == (["https://blog.example/bad"], 2)
    again = buried.pake("sources", "dead-letters", "retry", "--json").json
    assert (again["readable"], again["stored"], again["forgotten"], list(again["failing"])) == (0, 0, 0, ["2"])


def test_some_letters_can_be_chosen_by_number_or_source(buried, database_url):
    assert buried.pake("sources", "dead-letters", "retry", "--source", "notes").code == 0
    assert asyncio.run(_facts(database_url)) == (["https://blog.example/good", "https://blog.example/bad"], 0)
    assert buried.pake("sources", "dead-letters", "retry", "1").code == 0
    assert asyncio.run(_facts(database_url)) == (["https://blog.example/bad"], 2)


def test_an_unknown_number_is_a_clear_error_and_nothing_is_tried(buried, database_url):
    for arguments in (["1", "99"], ["3", "--source", "blog"]):
        done = buried.pake("sources", "dead-letters", "retry", *arguments)
        assert (done.code, "no dead letter" in done.stderr) == (1, True)
    assert len(asyncio.run(_facts(database_url))[0]) == 3
