"""`pake retention` shows what has moved into archive files, and brings it back."""

import asyncio

import pytest

from pake_pipelines.store.database import open_database
from pake_pipelines_tests.chain import execute, value
from pake_pipelines_tests.maintenance.retention.holdings import fill


@pytest.fixture
def ask(database_url):
    """Return a function that asks the database."""

    def made(question, *values):
        async def go():
            async with open_database(database_url) as database:
                return await question(database, *values)

        return asyncio.run(go())

    return made


@pytest.fixture
def old(connected, ask):
    """A knowledge base of three items that are two years old, at the terminal."""
    ask(fill, 3)
    return connected


def test_from_the_sweep_to_the_restore_and_what_is_said_on_the_way(old, ask):
    assert old.pake("retention", "list").stdout.strip() == "no item has moved into an archive yet"
    trial = old.pake("retention", "sweep", "--dry-run", "--json").json
    assert (trial["state"], trial["due_by_age"], trial["items_moved"]) == ("done", 3, 0)
    assert old.pake("retention", "sweep", "--json").json["items_moved"] == 3

    (archive,) = old.pake("retention", "list", "--json").json["archives"]
    assert (archive["state"], archive["items"], archive["file"]) == ("removed", 3, "there")
    assert archive["path"] in old.pake("retention", "list").stdout
    shown = old.pake("retention", "show", "1")
    assert "Title 2" in shown.stdout
    items = old.pake("retention", "show", archive["path"], "--json").json["header"]["items"]
    assert sorted(one["title"] for one in items.values()) == ["Title 1", "Title 2", "Title 3"]

    refused = old.pake("node", "show", "Title 2")
    assert refused.code == 1
    assert f"pake retention restore {archive['path']}" in refused.stderr

    trial = old.pake("retention", "restore", "1", "--dry-run")
    assert "3 items would come back" in trial.stdout
    assert ask(value, "SELECT count(*) FROM entries") == 0
    assert "3 items came back" in old.pake("retention", "restore", "1").stdout
    assert ask(value, "SELECT count(*) FROM entries") == 4
    again = old.pake("retention", "restore", "1", "--json").json
    assert ({one["fate"] for one in again["items"]}, again["rows"]) == ({"there already"}, 0)


def test_what_stays_in_the_archive_is_named_with_its_reason(old, ask):
    old.pake("retention", "sweep")
    ask(
        execute,
        """
        INSERT INTO entries (pake_id, version, day, title, body, media_type, entry_hash, fetch_id, run_id)
        SELECT pake_id, 3, '2026-11-22', 'Newer', 'b', 'text/plain', 'h', (SELECT min(fetch_id) FROM raw_fetches), 'r'
        FROM items WHERE key = 'key-3'
        """,
    )
    done = old.pake("retention", "restore", "1")
    assert done.code == 1
    assert "it goes on with version 3" in done.stderr
    assert "2 items came back" in done.stdout


def test_a_missing_or_damaged_file_is_said_to_be_that(old):
    old.pake("retention", "sweep")
    (path,) = (old.home / "data" / "archive").iterdir()
    path.write_bytes(path.read_bytes()[:-7])
    assert "of another size" in old.pake("retention", "list").stdout
    assert "is damaged" in old.pake("retention", "show", "1").stderr
    path.unlink()
    assert "missing" in old.pake("retention", "list").stdout
    for command in (("show", "1"), ("restore", "1")):
        done = old.pake("retention", *command)
        assert (done.code, "is missing" in done.stderr) == (1, True)


def test_an_unknown_archive_is_one_sentence(old):
    done = old.pake("retention", "restore", "9")
    assert (done.code, "no archive '9'" in done.stderr) == (1, True)
