"""Redis in front of the cache: asked first, never waited for twice, and PostgreSQL answers when it does not."""

import socket
from contextlib import closing
from datetime import timedelta
from threading import Thread

import pytest
from fakeredis import TcpFakeServer
from redis import Redis

from pake_pipelines.config.cache import CacheRules
from pake_pipelines.store import levers
from pake_pipelines.store.cache_entries import Result
from pake_pipelines.store.cache_redis import RedisTier
from pake_pipelines.store.result_cache import open_results
from pake_pipelines_tests.chain import execute
from pake_pipelines_tests.conftest import NOW

RULES = CacheRules(ttl_days={"short": 1})
HOUR = timedelta(hours=1)


@pytest.fixture
def redis_url():
    """The address of a Redis server with nothing in it."""
    server = TcpFakeServer(("127.0.0.1", 0), server_type="redis")
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield f"redis://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture
def redis(redis_url):
    with closing(Redis.from_url(redis_url)) as client:
        yield client


@pytest.fixture
def dead_url():
    """An address where nobody listens."""
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        port = taken.getsockname()[1]
    return f"redis://127.0.0.1:{port}"


async def put(database, url, category="c", **values):
    async with open_results(database, RULES, url, clock=lambda: NOW) as cache:
        for key, one in values.items():
            cache.keep(category, key, one, 5.0)


async def found(database, url, *keys, category="c", now=NOW, service=None):
    async with open_results(database, RULES, url, service, clock=lambda: now) as cache:
        return await cache.look_up(category, list(keys)), cache.tally


async def test_what_it_holds_is_not_asked_of_the_database(database, redis_url):
    await put(database, redis_url, a=b"one")
    await execute(database, "DELETE FROM cache_entries")
    assert (await found(database, redis_url, "a", "b"))[0] == {"a": b"one"}


async def test_what_it_does_not_hold_comes_from_the_database_and_is_held_from_then_on(database, redis_url, redis):
    await put(database, None, a=b"one")
    assert redis.dbsize() == 0
    assert (await found(database, redis_url, "a"))[0] == {"a": b"one"}
    await execute(database, "DELETE FROM cache_entries")
    assert (await found(database, redis_url, "a"))[0] == {"a": b"one"}


async def test_nothing_in_it_is_without_an_end(database, redis_url, redis):
    await put(database, redis_url, a=b"never ends")
    await put(database, redis_url, "short", b=b"ends in a day")
    names = redis.keys()
    assert sorted(names) == [b"pake:cache:c:a", b"pake:cache:short:b"]
    assert all(0 < redis.pttl(name) <= 24 * 3_600_000 for name in names)


async def test_it_does_not_outlive_the_end_of_a_value(database, redis_url):
    await put(database, redis_url, "short", a=b"one")
    later = NOW + timedelta(days=1)
    assert (await found(database, redis_url, "a", category="short", now=later))[0] == {}


@pytest.mark.parametrize("damage", [b"", b"short", b"x" * 100])
async def test_what_is_damaged_in_it_comes_from_the_database(database, redis_url, redis, damage):
    await put(database, redis_url, a=b"one")
    (name,) = redis.keys()
    redis.set(name, damage)
    assert (await found(database, redis_url, "a"))[0] == {"a": b"one"}


async def test_a_value_of_another_key_is_no_answer(database, redis_url, redis):
    await put(database, redis_url, a=b"one", b=b"two")
    redis.set("pake:cache:c:a", redis.get("pake:cache:c:b"))
    await execute(database, "DELETE FROM cache_entries")
    assert (await found(database, redis_url, "a", "b"))[0] == {"b": b"two"}


async def test_when_it_is_down_the_database_answers_and_it_is_asked_once(database, dead_url, caplog):
    await put(database, None, a=b"one")
    async with open_results(database, RULES, dead_url, clock=lambda: NOW) as cache:
        for _ in range(10):
            assert await cache.look_up("c", ["a"]) == {"a": b"one"}
        assert cache.tally.failures == 1
    assert caplog.text.count("the cache tier in Redis could not be read") == 1


async def test_after_a_rest_it_is_asked_again(redis_url, dead_url):
    clock = iter([0.0, 0.0, 29.9, 30.0, 30.0, 30.0]).__next__
    tier = RedisTier(dead_url, monotonic=clock)
    try:
        assert await tier.read("c", ["a"], NOW) == {}
        assert await tier.read("c", ["a"], NOW) == {}
        assert tier.failures == 1
        assert await tier.read("c", ["a"], NOW) == {}
        assert tier.failures == 2
    finally:
        await tier.close()


async def test_a_server_that_says_nothing_is_not_waited_for(database, caplog, monkeypatch):
    monkeypatch.setattr("pake_pipelines.store.cache_redis._TIMEOUT_SECONDS", 0.1)
    with closing(socket.create_server(("127.0.0.1", 0))) as silent:
        url = f"redis://127.0.0.1:{silent.getsockname()[1]}"
        await put(database, None, a=b"one")
        answer, tally = await found(database, url, "a")
    assert (answer, tally.failures) == ({"a": b"one"}, 1)


async def test_a_tier_that_is_taken_out_of_use_is_not_asked(database, redis_url):
    await put(database, redis_url, a=b"one")
    await execute(database, "DELETE FROM cache_entries")
    async with database.transaction() as connection:
        await connection.execute("SET LOCAL session_replication_role = replica")
        await levers.pull(connection, levers.tier_off("cache-redis"), 1, 1, NOW + HOUR)
    assert (await found(database, redis_url, "a", service="cache-redis"))[0] == {}
    assert (await found(database, redis_url, "a", service="cache-redis", now=NOW + HOUR))[0] == {"a": b"one"}


async def test_an_address_of_something_else_is_left_out_and_not_shown(database, caplog):
    await put(database, None, a=b"one")
    assert (await found(database, "https://user:s3cret@example.org", "a"))[0] == {"a": b"one"}
    assert "does not hold a redis:// address" in caplog.text
    assert "s3cret" not in caplog.text


async def test_a_password_is_in_no_warning(database, dead_url, caplog):
    await found(database, dead_url.replace("//", "//:s3cret@"), "a")
    assert caplog.text
    assert "s3cret" not in caplog.text


async def test_clearing_it_removes_what_is_ours(redis_url, redis):
    tier = RedisTier(redis_url)
    redis.set("of somebody else", "stays")
    try:
        await tier.write("c", {f"k{number}": Result(b"v", 1.0) for number in range(1500)}, NOW)
        assert await tier.clear() == 1500
    finally:
        await tier.close()
    assert redis.keys() == [b"of somebody else"]


async def test_clearing_one_that_is_down_says_so(dead_url):
    tier = RedisTier(dead_url)
    try:
        with pytest.raises(ConnectionError, match="could not be cleared"):
            await tier.clear()
    finally:
        await tier.close()
