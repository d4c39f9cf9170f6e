"""Recoveries: what each kind does to a real database, how it is verified, and how it is taken back."""

import asyncio
import multiprocessing
import os
import signal
from datetime import timedelta

import asyncpg
import psutil
import pytest

from pake_pipelines import crash
from pake_pipelines.crash import CrashPoint
from pake_pipelines.model.link import LinkCheck
from pake_pipelines.model.metric import MetricSample
from pake_pipelines.model.recovery import RecoveryState
from pake_pipelines.services.errors import ServiceError
from pake_pipelines.services.recovery import PATIENCE, due, follow_up, recover
from pake_pipelines.store import levers, link_checks, metric_samples, recoveries, relief, signals
from pake_pipelines.store.database import open_database
from pake_pipelines_tests.chain import execute, rows, value
from pake_pipelines_tests.conftest import NOW

MEMORY = {"memory": {"kind": "high_memory_usage", "bound": 85, "verify_seconds": 30}}
RATIO = {"ratio": {"kind": "low_hit_ratio", "bound": 70, "ttl_factor": 3}}
SLOW = {"slow": {"kind": "performance_degradation", "bound": 60_000}}
TIER = {"tier": {"kind": "cache_tier_failure", "tier": "cache", "ttl_factor": 2, "revert_minutes": 60}}


class Ward:
    """Carries recoveries out and follows them up, by the clock of its place."""

    def __init__(self, place, database):
        self.place = place
        self.database = database

    def _given(self):
        return self.database, self.place.config, self.place.settings

    @property
    def now(self):
        return self.place.hands.now()

    async def recover(self, name, **options):
        how = {"cause": "alert a-1", "clock": self.place.hands.clock, "environ": self.place.environ, **options}
        return await recover(*self._given(), name, **how)

    async def follow_up(self, **forward):
        self.place.hands.forward(**forward)
        return await follow_up(*self._given(), clock=self.place.hands.clock, environ=self.place.environ)

    async def levers(self):
        async with self.database.connection() as connection:
            return {name: value for name, (value, _) in (await levers.in_force(connection, self.now)).items()}

    async def sampled(self, percent):
        async with self.database.transaction() as connection:
            labels = {"cache": "database"}
            found = [MetricSample("cache_hit_ratio_percent", percent, "percent", self.now, labels)]
            await metric_samples.save(connection, found)


@pytest.fixture
def ward(place, database):
    return Ward(place, database)


@pytest.fixture
def memory(monkeypatch):
    """Let the machine's memory be as full as a test says."""

    def fill(percent):
        full = psutil.virtual_memory()._replace(percent=percent)
        monkeypatch.setattr(psutil, "virtual_memory", lambda: full)

    return fill


async def test_a_recovery_is_verified_later_and_nobody_sleeps_for_it(place, ward, memory):
    place.configure(MEMORY)
    memory(60)
    begun = await ward.recover("memory", run_id="run-1")
    assert begun.state is RecoveryState.VERIFYING
    assert place.hands.slept == []
    assert await ward.follow_up(seconds=20) == [], "too early"
    (done,) = await ward.follow_up(seconds=11)
    assert (done.state, done.recovery_id) == (RecoveryState.RECOVERED, begun.recovery_id)
    assert done.detail == "60.0 % of the memory is in use, at most 85 is wanted"
    assert await ward.follow_up(seconds=60) == []


async def test_whoever_waits_gets_the_verdict(place, ward, memory):
    place.configure({"memory": {**MEMORY["memory"], "verify_seconds": 0.01}})
    memory(60)
    assert (await ward.recover("memory", wait=True)).state is RecoveryState.RECOVERED


async def test_what_has_not_helped_has_failed(place, ward, memory):
    place.configure(MEMORY)
    memory(97)
    await ward.recover("memory")
    (done,) = await ward.follow_up(seconds=31)
    assert (done.state, done.detail) == (RecoveryState.FAILED, "97.0 % of the memory is in use, at most 85 is wanted")


async def test_a_verifier_that_can_tell_nothing_is_no_success(place, ward):
    place.configure(RATIO)
    await ward.recover("ratio")
    assert await ward.follow_up(seconds=31) == []
    async with ward.database.connection() as connection:
        assert (await recoveries.latest(connection))["ratio"].state is RecoveryState.VERIFYING
    (done,) = await ward.follow_up(seconds=PATIENCE.total_seconds())
    assert (done.state, done.detail) == (RecoveryState.FAILED, "no hit ratio was measured since")


async def test_a_short_recovery_is_taken_back_in_time_and_settled_all_the_same(place, ward):
    place.configure({"ratio": {**RATIO["ratio"], "revert_minutes": 1}})
    await ward.recover("ratio")
    await ward.follow_up(minutes=2)
    assert await ward.levers() == {}
    (done,) = await ward.follow_up(seconds=PATIENCE.total_seconds())
    assert done.state is RecoveryState.FAILED
    assert (await ward.recover("ratio")).state is RecoveryState.VERIFYING


async def test_who_follows_up_is_told_what_is_due(place, ward, memory):
    config = place.configure({**MEMORY, **TIER}, cache=place.server("cache"))
    memory(60)

    async def names(**forward):
        place.hands.forward(**forward)
        return [row.recovery for row in await due(ward.database, config, ward.now)]

    await ward.recover("memory")
    await ward.recover("tier")
    assert await names() == []
    assert await names(seconds=31) == ["memory", "tier"]
    await ward.follow_up()
    assert await names() == []
    await place.seen(ward.database, "healthy", "cache", times=1, every=0)
    assert await names(seconds=1) == ["tier"]
    await ward.follow_up()
    assert await names(minutes=60) == ["memory"]
    await ward.follow_up()
    assert await names(days=1) == []


async def test_heavy_work_is_held_back_until_the_time_is_over(place, ward, memory):
    place.configure(MEMORY)
    memory(60)
    await ward.recover("memory")
    assert await ward.levers() == {"heavy_work_held": 1}
    await ward.follow_up(minutes=1)
    assert await ward.levers() == {"heavy_work_held": 1}
    (done,) = await ward.follow_up(minutes=60)
    assert await ward.levers() == {}
    assert done.state is RecoveryState.RECOVERED
    assert await value(ward.database, "SELECT reverted_at IS NOT NULL FROM recoveries")


async def test_a_lever_ends_by_itself_when_nobody_lives_to_take_it_back(place, ward, memory):
    place.configure(MEMORY)
    memory(60)
    await ward.recover("memory")
    place.hands.forward(minutes=61)
    assert await ward.levers() == {}


async def test_one_of_a_kind_at_a_time(place, ward, memory):
    place.configure({**MEMORY, "other": MEMORY["memory"], **SLOW})
    memory(60)
    first, second = await asyncio.gather(ward.recover("memory"), ward.recover("other"))
    assert {first.state, second.state} == {RecoveryState.VERIFYING, None}
    assert "another recovery of kind high_memory_usage" in (await ward.recover("other")).detail
    assert (await ward.recover("slow")).state is RecoveryState.VERIFYING
    await ward.follow_up(seconds=31)
    assert (await ward.recover("other")).state is RecoveryState.VERIFYING


async def test_what_is_switched_off_or_unknown_does_not_begin(place, ward):
    place.configure({"memory": {**MEMORY["memory"], "enabled": False}})
    assert "switched off" in (await ward.recover("memory")).detail
    with pytest.raises(ServiceError, match="no recovery 'memorie'; known: memory"):
        await ward.recover("memorie")
    assert await value(ward.database, "SELECT count(*) FROM recoveries") == 0


async def test_of_high_memory_only_what_can_be_made_again_is_dropped(place, ward, shelf, memory):
    place.configure(MEMORY)
    memory(60)
    await shelf.put("abc")
    await shelf.write({"a": "kept", "b": "replaced"})
    await shelf.write({"c": "not wanted"}, dropped="too_short")
    old = await shelf.entry_ids("a", "b", "c")
    await execute(
        ward.database, "UPDATE documents SET hrefs = '{https://x.example/linked}' WHERE entry_id = $1", old[0]
    )
    await execute(
        ward.database,
        "INSERT INTO text_signals SELECT e, '1', 0, '[]', '{}' FROM unnest($1::bigint[]) AS u(e)", old,
    )  # fmt: skip
    await shelf.put("b", body="newer")
    hour = timedelta(hours=1)
    made = [
        LinkCheck(f"https://x.example/{name}", "working", 200, "fine", 0, NOW, NOW + expires)
        for name, expires in (("linked", -hour), ("unlinked", -hour), ("unlinked-fresh", hour))
    ]
    async with ward.database.transaction() as connection:
        await link_checks.save_checks(connection, made, "run-1")
    done = await ward.recover("memory")
    assert (done.details["link_checks_dropped"], done.details["signals_dropped"]) == (1, 2)
    left = await rows(ward.database, "SELECT url FROM link_checks ORDER BY 1")
    assert [one["url"] for one in left] == ["https://x.example/linked", "https://x.example/unlinked-fresh"]
    assert await rows(ward.database, "SELECT entry_id FROM text_signals") == [{"entry_id": old[0]}]


async def test_what_is_dropped_at_once_is_bounded(shelf):
    await shelf.put("abc")
    await shelf.write(dict.fromkeys("abc", "text"), dropped="too_short")
    ids = await shelf.entry_ids(*"abc")
    await execute(
        shelf.database, "INSERT INTO text_signals SELECT e, '1', 0, '[]', '{}' FROM unnest($1::bigint[]) AS u(e)", ids
    )
    async with shelf.database.transaction() as connection:
        assert [await signals.drop_unneeded(connection, 2) for _ in range(3)] == [2, 1, 0]


async def test_a_low_hit_ratio_is_verified_by_what_is_measured_after_it(place, ward):
    place.configure(RATIO)
    await ward.sampled(95)
    place.hands.forward(minutes=1)
    done = await ward.recover("ratio")
    assert done.details["tables_analyzed"] > 10
    assert await ward.levers() == {"link_ttl_factor": 3}
    assert await ward.follow_up(minutes=1) == [], "the one from before tells nothing"
    await ward.sampled(71)
    (verified,) = await ward.follow_up(minutes=1)
    assert verified.state is RecoveryState.RECOVERED
    assert verified.detail == "71.0 % were answered by the cache, at least 70 is wanted"


async def test_a_slow_database_gets_fresh_statistics(place, ward):
    place.configure(SLOW)
    made = [LinkCheck(f"https://x.example/{n}", "working", 200, "fine", 0, NOW, NOW) for n in range(200)]
    async with ward.database.transaction() as connection:
        await link_checks.save_checks(connection, made, "run-1")
        await connection.execute("SELECT pg_stat_force_next_flush()")
    done = await ward.recover("slow")
    assert done.details["tables_analyzed"] == ["link_checks"]
    assert await value(ward.database, "SELECT reltuples FROM pg_class WHERE oid = 'link_checks'::regclass") == 200
    (verified,) = await ward.follow_up(seconds=31)
    assert verified.state is RecoveryState.RECOVERED
    assert "ms for a query" in verified.detail


async def test_indexes_that_a_failed_build_has_left_are_dropped_and_no_others(place, ward, database_url):
    place.configure(SLOW)
    await execute(ward.database, "CREATE TABLE twice AS SELECT 1 AS n UNION ALL SELECT 1")
    with pytest.raises(asyncpg.UniqueViolationError):
        await execute(ward.database, "CREATE UNIQUE INDEX CONCURRENTLY once ON twice (n)")
    before = await value(ward.database, "SELECT count(*) FROM pg_indexes WHERE schemaname = 'pake'")
    done = await ward.recover("slow")
    assert list(done.details["indexes_dropped"]) == ["pake.once"]
    assert "CREATE UNIQUE INDEX once ON pake.twice" in done.details["indexes_dropped"]["pake.once"]
    assert await value(ward.database, "SELECT count(*) FROM pg_indexes WHERE schemaname = 'pake'") == before - 1


async def test_an_index_that_is_being_built_is_left_to_its_builder(ward, database_url, monkeypatch):
    monkeypatch.setattr(relief, "_LOCK_TIMEOUT_MS", 100)
    await execute(ward.database, "CREATE TABLE slow AS SELECT 1 AS n")
    blocker, builder = [await asyncpg.connect(database_url, server_settings={"search_path": "pake"}) for _ in range(2)]
    try:
        await blocker.execute("BEGIN")
        await blocker.execute("INSERT INTO slow VALUES (2)")
        building = asyncio.create_task(builder.execute("CREATE INDEX CONCURRENTLY soon ON slow (n)"))
        async with ward.database.connection() as connection:
            for _ in range(100):
                if found := await relief.invalid_indexes(connection):
                    break
                await asyncio.sleep(0.02)
            assert list(found) == ["pake.soon"]
            assert not await relief.drop_index(connection, "pake.soon")
        await blocker.execute("COMMIT")
        await building
    finally:
        await blocker.close()
        await builder.close()
    assert await value(ward.database, "SELECT indisvalid FROM pg_index WHERE indexrelid = 'soon'::regclass")


async def test_only_sessions_of_ours_that_hang_in_a_transaction_are_ended(ward, database_url):
    hanging, foreign, idle = [
        await asyncpg.connect(database_url, server_settings={"application_name": name})
        for name in ("pake", "psql", "pake")
    ]
    for one in (hanging, foreign):
        await one.execute("BEGIN")
        await one.execute("SELECT 1")
    ended = hanging.get_server_pid()
    async with ward.database.connection() as connection:
        assert await relief.end_idle_transactions(connection, timedelta(minutes=5)) == 0
        await asyncio.sleep(0.05)
        assert await relief.end_idle_transactions(connection, timedelta(milliseconds=20)) == 1
    while await idle.fetchval("SELECT count(*) FROM pg_stat_activity WHERE pid = $1", ended):
        await asyncio.sleep(0.02)
    hanging.terminate()
    for one in (foreign, idle):
        assert await one.fetchval("SELECT 1") == 1
        await one.close()


async def test_a_tier_that_fails_is_out_of_use_until_it_serves_again(place, ward):
    place.configure(TIER, cache=place.server("cache"))
    await ward.recover("tier")
    assert await ward.levers() == {"link_ttl_factor": 2, "tier_off:cache": 1}
    (failed,) = await ward.follow_up(seconds=31)
    assert failed.state is RecoveryState.FAILED
    assert "still down and out of use" in failed.detail
    assert await ward.levers() == {"link_ttl_factor": 2, "tier_off:cache": 1}
    place.hands.forward(minutes=5)
    await place.seen(ward.database, "healthy", "cache")
    (back,) = await ward.follow_up(seconds=1)
    assert await ward.levers() == {}
    assert back.state is RecoveryState.FAILED, "what failed did; it is the tier that came back"
    async with ward.database.connection() as connection:
        assert (await recoveries.latest(connection))["tier"].reverted_at is not None


async def test_a_tier_that_serves_when_it_is_verified_is_in_use_at_once(place, ward):
    place.configure(TIER, cache=place.server("cache"))
    await ward.recover("tier")
    await place.mechanics(ward.database).launch("cache")
    place.await_answer("cache")
    (done,) = await ward.follow_up(seconds=31)
    assert done.state is RecoveryState.RECOVERED
    assert await ward.levers() == {}


async def test_a_clock_that_was_set_back_does_not_keep_a_recovery_for_ever(place, ward, memory):
    place.configure(MEMORY)
    memory(60)
    await ward.recover("memory")
    (done,) = await ward.follow_up(days=-2)
    assert done.state is RecoveryState.RECOVERED
    assert await ward.levers() == {}


async def test_what_fails_in_acting_has_failed_and_is_raised(place, ward, monkeypatch):
    place.configure(SLOW)

    async def refuse(*_):
        raise asyncpg.InsufficientPrivilegeError("not yours")

    monkeypatch.setattr(relief, "stale_tables", refuse)
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await ward.recover("slow")
    async with ward.database.connection() as connection:
        found = (await recoveries.latest(connection))["slow"]
    assert found.state is RecoveryState.FAILED
    assert found.details["verdict"] == "InsufficientPrivilegeError: not yours"


@pytest.mark.parametrize("at", [one for one in CrashPoint if one.startswith("recovery.")])
def test_a_recovery_whose_maker_was_killed_is_closed_and_blocks_nobody(place, database_url, at):
    place.configure(SLOW)

    async def once():
        async with open_database(database_url) as database:
            ward = Ward(place, database)
            done = await ward.recover("slow")
            return done, await ward.follow_up(seconds=31)

    def doomed():
        os.environ[crash.VARIABLE] = at
        asyncio.run(once())

    process = multiprocessing.get_context("fork").Process(target=doomed)
    process.start()
    process.join(30)
    assert process.exitcode == -signal.SIGKILL

    async def after():
        async with open_database(database_url) as database:
            ward = Ward(place, database)
            await ward.follow_up(seconds=31)
            again = await ward.recover("slow")
            return again, await rows(database, "SELECT state FROM recoveries ORDER BY recovery_id")

    again, states = asyncio.run(after())
    assert again.state is RecoveryState.VERIFYING
    first = "recovered" if at is CrashPoint.RECOVERY_WAITING else "interrupted"
    assert [one["state"] for one in states] == [first, "verifying"]
