"""The cache of results: it gives out what was put in or nothing, and whatever happens to it, nobody fails for it."""

import asyncio
import logging
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest

from pake_pipelines.config.cache import CacheRules
from pake_pipelines.store import cache_accesses, cache_figures, levers
from pake_pipelines.store.cache_accesses import Choice, is_sampled
from pake_pipelines.store.result_cache import open_results
from pake_pipelines_tests.chain import execute, rows, value
from pake_pipelines_tests.conftest import NOW

RULES = CacheRules(ttl_days={"short": 1})
HOUR = timedelta(hours=1)


@pytest.fixture
def opened(database):
    """Return a function that opens the cache at a moment."""
    return lambda now=NOW, rules=RULES, **more: open_results(database, rules, clock=lambda: now, **more)


async def put(opened, category="c", now=NOW, **values):
    async with opened(now) as cache:
        await cache.look_up(category, list(values))
        for key, one in values.items():
            cache.keep(category, key, one, 5.0)


async def test_what_one_run_keeps_another_finds(opened):
    await put(opened, a=b"one", b=b"two")
    async with opened() as cache:
        assert await cache.look_up("c", ["a", "b", "missing", "a"]) == {"a": b"one", "b": b"two"}
        assert await cache.look_up("other", ["a"]) == {}
        assert (cache.tally.hits, cache.tally.misses) == (2, 2)


async def test_what_is_kept_is_found_before_it_is_written(opened):
    async with opened() as cache:
        cache.keep("c", "a", b"one", 5.0)
        assert await cache.look_up("c", ["a"]) == {"a": b"one"}


async def test_what_has_no_end_is_found_ever_after_and_what_expired_never_again(opened):
    await put(opened, a=b"one")
    await put(opened, "short", a=b"one")
    async with opened(NOW + timedelta(days=1) - timedelta(seconds=1)) as cache:
        assert await cache.look_up("short", ["a"])
    async with opened(NOW + timedelta(days=1)) as cache:
        assert await cache.look_up("short", ["a"]) == {}
        assert await cache.look_up("c", ["a"])


async def test_an_end_of_its_own_counts_where_it_comes_first(opened):
    async with opened() as cache:
        cache.keep("short", "a", b"one", 5.0, NOW + HOUR)
        cache.keep("short", "b", b"two", 5.0, NOW + timedelta(days=9))
    async with opened(NOW + HOUR) as cache:
        assert await cache.look_up("short", ["a", "b"]) == {"b": b"two"}


@pytest.mark.parametrize(
    "damage",
    [
        "value = '\\x00'",
        "value = value || '\\x00'",
        "codec = 'zstd'",
        "digest = '\\x00'",
        "key = 'b'",
        "value = '', codec = 'zstd'",
    ],
)
async def test_a_damaged_value_is_a_miss_and_is_removed(opened, database, damage, caplog):
    await put(opened, a=b"one")
    await execute(database, f"UPDATE cache_entries SET {damage}")
    async with opened() as cache:
        assert await cache.look_up("c", ["a", "b"]) == {}
        assert (cache.tally.damaged, cache.tally.failures) == (1, 0)
    assert await value(database, "SELECT count(*) FROM cache_entries") == 0
    assert "1 damaged values are removed" in caplog.text


async def test_every_question_is_logged_with_its_answer(opened, database):
    await put(opened, a=b"one")
    async with opened() as cache:
        await cache.look_up("c", ["a", "never made"])
    logged = await rows(database, "SELECT key, hit, size_bytes, cost_ms FROM cache_accesses ORDER BY access_no")
    assert [tuple(row.values()) for row in logged] == [
        ("a", False, 3, 5.0),
        ("a", True, 3, 5.0),
        ("never made", False, 0, 0.0),
    ]
    assert await rows(database, "SELECT access_count FROM cache_entries") == [{"access_count": 1}]


async def test_of_a_sample_all_accesses_are_logged_and_of_others_none(opened, database):
    async with database.transaction() as connection:
        await cache_accesses.choose(connection, Choice(NOW, "sieve", {}, 0, 0.25))
    keys = [f"k{number}" for number in range(400)]
    await put(opened, **dict.fromkeys(keys, b"v"))
    async with opened() as cache:
        assert len(await cache.look_up("c", keys)) == 400, "what is not logged is kept all the same"
    logged = await rows(database, "SELECT key, count(*) FROM cache_accesses GROUP BY key")
    assert {row["key"] for row in logged} == {key for key in keys if is_sampled("c", key, 0.25)}
    assert {row["count"] for row in logged} == {2}
    assert 60 < len(logged) < 140


async def test_a_cache_that_is_switched_off_asks_and_keeps_nothing(opened, database):
    await put(opened, a=b"one")
    async with opened(rules=CacheRules(enabled=False)) as cache:
        assert await cache.look_up("c", ["a"]) == {}
        cache.keep("c", "b", b"two", 5.0)
    assert [row["key"] for row in await rows(database, "SELECT key FROM cache_entries")] == ["a"]


async def pulled(database, name, number):
    """Pull a lever without a recovery behind it."""
    async with database.transaction() as connection:
        await connection.execute("SET LOCAL session_replication_role = replica")
        await levers.pull(connection, name, number, 1, NOW + HOUR)


async def test_results_are_believed_longer_while_a_lever_says_so(opened, database):
    await pulled(database, levers.LINK_TTL_FACTOR, 3)
    await put(opened, "short", a=b"one")
    assert await value(database, "SELECT expires_at FROM cache_entries") == NOW + timedelta(days=3)


async def test_a_table_that_is_gone_fails_nobody_and_is_told_of(opened, database, caplog):
    await execute(database, "DROP TABLE cache_entries")
    async with opened() as cache:
        for _ in range(5):
            assert await cache.look_up("c", ["a"]) == {}
        assert cache.tally.failures == 3
        assert not cache.in_use
    assert caplog.text.count("the cache could not be read: UndefinedTableError") == 3
    assert caplog.text.count("left alone for the rest of this run") == 1


async def test_what_cannot_be_written_fails_nobody_and_is_told_of(opened, database, caplog):
    await execute(database, "ALTER TABLE cache_entries ADD CHECK (length(value) < 2)")
    async with opened() as cache:
        cache.keep("c", "a", b"one", 5.0)
        await cache.flush()
        assert cache.tally.failures == 1
        assert cache.in_use
    assert "the cache could not be written" in caplog.text


async def test_a_cache_that_hangs_is_not_waited_for(opened, database, monkeypatch):
    monkeypatch.setattr("pake_pipelines.store.result_cache._TIMEOUT_SECONDS", 0.2)
    async with opened() as cache:
        async with database.transaction() as connection:
            await connection.execute("LOCK TABLE cache_entries IN ACCESS EXCLUSIVE MODE")
            began = asyncio.get_running_loop().time()
            assert await cache.look_up("c", ["a"]) == {}
            assert asyncio.get_running_loop().time() - began < 20
        assert cache.tally.failures == 1
        assert await cache.look_up("c", ["a"]) == {}
        assert cache.tally.failures == 1, "afterwards it is asked again"


async def test_a_server_that_is_gone_fails_nobody(opened, database, caplog):
    class Gone:
        @asynccontextmanager
        async def connection(self):
            raise ConnectionRefusedError("nobody listens")
            yield

        transaction = connection

    async with open_results(Gone(), RULES) as cache:
        assert await cache.look_up("c", ["a"]) == {}
        cache.keep("c", "a", b"one", 5.0)
    assert "nobody listens" in caplog.text


async def test_a_value_that_is_too_large_for_a_row_is_not_kept(opened, database):
    await put(opened, a=b"x" * ((1 << 20) + 1), b=b"x")
    assert [row["key"] for row in await rows(database, "SELECT key FROM cache_entries")] == ["b"]


async def test_two_runs_that_keep_the_same_at_once_do_not_stop_each_other(opened, database, caplog):
    caplog.set_level(logging.WARNING)
    names = [f"k{number}" for number in range(300)]

    async def run(ordered):
        for _ in range(5):
            async with opened() as cache:
                await cache.look_up("c", ordered)
                for key in ordered:
                    cache.keep("c", key, key.encode(), 1.0)

    await asyncio.gather(run(names), run(names[::-1]), run(names[100:] + names[:100]))
    assert caplog.text == ""
    assert await value(database, "SELECT count(*) FROM cache_entries") == 300


async def test_the_figures_of_the_guide(opened, database):
    async with database.connection() as connection:
        empty = await cache_figures.figures(connection, NOW)
    assert (empty.total_entries, empty.avg_access_count, empty.avg_age_seconds) == (0, None, None)
    await put(opened, now=NOW - HOUR, a=b"one", b=b"two")
    await put(opened, "d", now=NOW - 3 * HOUR, c=b"three")
    async with opened(NOW - HOUR / 2) as cache:
        await cache.look_up("c", ["a"])
    await execute(database, "UPDATE cache_entries SET metadata = '{\"optimized\": \"zstd\"}' WHERE key = 'b'")
    async with database.connection() as connection:
        figures = await cache_figures.figures(connection, NOW)
    assert figures == cache_figures.Figures(
        total_entries=3,
        total_bytes=11,
        avg_access_count=1 / 3,
        hot_entries=1,
        active_categories=2,
        avg_age_seconds=6000.0,
        optimized_entries=1,
    )
