"""`pake cache`: what is kept, cleaning it, clearing it, replaying its use."""

import asyncio

import pytest

from pake_pipelines.store.cache_accesses import Access, log
from pake_pipelines.store.database import open_database
from pake_pipelines_tests.chain import rows
from pake_pipelines_tests.conftest import NOW
from pake_pipelines_tests.maintenance.cache.conftest import HOUR, Kept


@pytest.fixture
def filled(connected, database_url):
    """A terminal with some entries in the cache: one expired long ago, others that never end."""

    async def fill():
        async with open_database(database_url) as database:
            kept = Kept(database)
            await kept.put("gone", ends=-1000 * HOUR, age=2000 * HOUR)
            await kept.put("stays", value=b"x" * 100, ends=None)
            await kept.put("words", category="language", ends=None, used=3)
            async with database.transaction() as connection:
                await log(connection, [Access(NOW - 2000 * HOUR, "language", "words", True, 5, 1.0)] * 2)

    asyncio.run(fill())
    return connected


def keys(url):
    async def ask():
        async with open_database(url) as database:
            return {row["key"] for row in await rows(database, "SELECT key FROM cache_entries")}

    return asyncio.run(ask())


def test_what_is_kept_is_shown_by_category_with_what_smart_would_do(filled):
    told = filled.pake("cache", "stats", "--json").json
    assert {name: one["entries"] for name, one in told["categories"].items()} == {"extraction": 2, "language": 1}
    assert (told["total_entries"], told["level"], told["accesses_logged"]) == (3, "light", 2)
    shown = filled.pake("cache", "stats").stdout
    assert "language" in shown
    assert "a smart clean-up would now be light" in shown


def test_an_empty_cache_is_shown_as_such(connected):
    assert "nothing is kept yet" in connected.pake("cache", "stats").stdout


def test_cleaning_says_what_it_did_and_is_recorded(filled, database_url):
    dry = filled.pake("cache", "clean", "light", "--dry-run", "--json").json
    assert (dry["removed"], keys(database_url)) == (1, {"gone", "stays", "words"})
    done = filled.pake("cache", "clean", "light")
    assert (done.code, keys(database_url)) == (0, {"stays", "words"})
    assert "light: removed 1 of 3 entries" in done.stdout

    async def recorded():
        async with open_database(database_url) as database:
            return await rows(database, "SELECT task, state, dry_run FROM maintenance_runs ORDER BY run_no")

    assert [tuple(row.values()) for row in asyncio.run(recorded())] == [
        ("cache_light_cleanup", "done", True),
        ("cache_light_cleanup", "done", False),
    ]


def test_a_category_that_does_not_exist_is_named_with_those_that_do(filled):
    done = filled.pake("cache", "clean", "light", "--category", "payments")
    assert done.code == 1
    assert "no cache category 'payments': extraction, language, links" in done.stderr


@pytest.mark.parametrize("arguments", [(), ("--yes",)])
def test_nothing_is_cleared_without_saying_all(filled, database_url, arguments):
    done = filled.pake("cache", "clear", *arguments)
    assert (done.code, len(keys(database_url))) == (1, 3)
    assert "pake cache clean light" in done.stderr


def test_everything_is_cleared_when_that_is_said(filled, database_url):
    assert filled.pake("cache", "clear", "--all", "--yes", "--json").json == {"removed": 3, "removed_in_redis": None}
    assert keys(database_url) == set()


def test_a_redis_that_cannot_be_cleared_is_told_of(filled, database_url):
    filled.environment(UPSTASH_REDIS_URL="redis://:s3cret@127.0.0.1:1")
    done = filled.pake("cache", "clear", "--all", "--yes")
    assert done.code == 1
    assert "Redis was not cleared" in done.stderr
    assert "s3cret" not in done.stderr


def test_a_replay_prints_every_policy_and_the_choice_and_changes_nothing(filled):
    told = filled.pake("cache", "replay", "--json").json
    assert [one["policy"] for one in told["policies"]] == ["lru", "lfu", "gdsf", "sieve", "s3-fifo", "ttl"]
    assert {one["hit_ratio_percent"] for one in told["policies"]} == {50.0}
    assert (told["ceiling_hit_ratio_percent"], told["accesses_replayed"], told["policy"]) == (50.0, 2, "sieve")
    shown = filled.pake("cache", "replay").stdout
    assert "chosen: sieve (fewer than 1,000 accesses say nothing)" in shown
    assert "s3-fifo" in shown


def test_a_category_is_shown_entry_by_entry(filled):
    assert [one["key"] for one in filled.pake("cache", "show", "extraction", "--json").json] == ["gone", "stays"]
    shown = filled.pake("cache", "show", "extraction").stdout
    assert "expired" in shown
    done = filled.pake("cache", "show", "links")
    assert (done.code, "pake links" in done.stderr) == (1, True)
