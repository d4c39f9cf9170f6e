"""The clean-up on a real cache: what goes and what stays, told as it was done, beside others that read and write."""

import asyncio
from datetime import timedelta

import pytest

from pake_pipelines.maintenance.cache import cleanup
from pake_pipelines.maintenance.errors import MaintenanceError
from pake_pipelines.model.link import LinkCheck
from pake_pipelines.model.maintenance import TaskState
from pake_pipelines.store import cache_accesses, cache_entries, link_checks
from pake_pipelines.store.cache_accesses import Access
from pake_pipelines_tests.chain import execute, rows, value
from pake_pipelines_tests.conftest import NOW
from pake_pipelines_tests.maintenance.cache.conftest import DAY, HOUR


async def test_light_removes_what_expired_and_nothing_that_lives(kept, place):
    await kept.put("ended", ends=timedelta(0))
    await kept.put("lives", ends=timedelta(seconds=1))
    await kept.put("never ends", ends=None, age=999 * DAY)
    outcome = await cleanup.run(place("light"))
    assert await kept.keys() == {"lives", "never ends"}
    assert outcome.state is TaskState.DONE
    assert outcome.summary == "light: removed 1 of 3 entries"
    assert outcome.details["removed_expired"] == 1


async def test_aggressive_leaves_the_target_and_takes_by_the_policy(kept, place):
    await kept.put("ended", ends=-HOUR)
    await kept.put("old", used=9, age=9 * HOUR)
    await kept.put("newer", age=2 * HOUR)
    await kept.put("newest", age=HOUR)
    outcome = await cleanup.run(place("aggressive", target_entries=2, policy="lru"))
    assert await kept.keys() == {"newer", "newest"}
    assert (outcome.details["removed_expired"], outcome.details["removed_policy_lru"]) == (1, 1)
    assert outcome.details["policy"] == "lru"


async def test_aggressive_takes_no_more_than_exceeds_the_target(kept, place):
    await kept.put("a", "b", age=99 * DAY)
    outcome = await cleanup.run(place("aggressive", target_entries=2))
    assert await kept.keys() == {"a", "b"}
    assert outcome.details["removed"] == 0


async def test_what_the_log_shows_to_be_resident_stays(kept, place):
    await kept.put("read again and again", "read once", "read once too", age=9 * HOUR)
    asked = ["read again and again", "read once", "read again and again", "read once too", "read again and again"]
    await kept.log(*(Access(NOW - HOUR, "extraction", key, True, 5, 10.0) for key in asked))
    await cleanup.run(place("aggressive", target_entries=1, policy="lfu"))
    assert await kept.keys() == {"read again and again"}


async def test_too_many_bytes_are_compressed_before_anything_goes(kept, place):
    await kept.put("large", value=b"the same again " * 1000, used=1)
    await kept.put("small", value=b"x" * 100)
    outcome = await cleanup.run(place("targeted", max_bytes=10_000))
    assert await kept.keys() == {"large", "small"}
    assert outcome.details["compressed"] == 1
    assert outcome.details["bytes_after"] < 1000
    assert (
        outcome.details["bytes_before"] - outcome.details["bytes_after"]
        == outcome.details["bytes_saved_by_compression"]
    )
    async with kept.database.connection() as connection:
        found, damaged = await cache_entries.read(connection, "extraction", ["large"], NOW)
    assert (found["large"].value, damaged) == (b"the same again " * 1000, [])


async def test_what_does_not_get_small_enough_goes_by_the_policy_until_the_rest_fits(kept, place):
    await kept.put("often", value=bytes(range(256)) * 20, used=9)
    await kept.put("seldom", value=bytes(range(255, -1, -1)) * 20)
    await kept.put("tiny", value=b"x", used=1)
    outcome = await cleanup.run(place("targeted", max_bytes=300, policy="lfu"))
    left = await kept.keys()
    assert "seldom" not in left
    assert outcome.details["removed_over_max_bytes"] >= 1
    assert await value(kept.database, "SELECT sum(size_bytes) FROM cache_entries") <= 300


async def test_one_category_is_cleaned_and_no_other(kept, place):
    await kept.put("a", ends=-HOUR)
    await kept.put("b", category="language", ends=-HOUR)
    outcome = await cleanup.run(place("light", "language"))
    assert await kept.keys() == {"a"}
    assert [row["category"] for row in outcome.details["categories"]] == ["language"]


@pytest.mark.parametrize(("level", "category"), [("light", "payments"), ("thorough", None)], ids=str)
async def test_what_does_not_exist_is_refused_with_what_does(kept, place, level, category):
    await kept.put("a")
    with pytest.raises(MaintenanceError, match="extraction, links" if category else "smart, light, targeted"):
        await cleanup.run(place(level, category))
    assert await kept.keys() == {"a"}


async def test_answers_about_links_go_once_they_expired_and_nothing_links_there(kept, place):
    gone = LinkCheck("http://a.example/", "working", 200, "as it is", 0, NOW - DAY, NOW - HOUR)
    valid = LinkCheck("http://b.example/", "working", 200, "as it is", 0, NOW - DAY, NOW + HOUR)
    async with kept.database.transaction() as connection:
        await link_checks.save_checks(connection, [gone, valid], "run-1")
    dry = await cleanup.run(place("light", "links", dry_run=True))
    assert dry.details["removed_unlinked"] == 1
    assert len(await rows(kept.database, "SELECT url FROM link_checks")) == 2
    done = await cleanup.run(place("light", "links"))
    assert done.details["removed_unlinked"] == 1
    assert [row["url"] for row in await rows(kept.database, "SELECT url FROM link_checks")] == ["http://b.example/"]


async def test_a_dry_run_tells_what_the_real_one_does_and_changes_nothing(kept, place):
    await kept.put("ended", ends=-HOUR)
    await kept.put(*"abcdef", value=b"z" * 3000)
    before = await rows(kept.database, "SELECT * FROM cache_entries ORDER BY key")
    rules = {"target_entries": 4, "max_bytes": 5000, "policy": "lru"}
    dry = await cleanup.run(place("deep", dry_run=True, **rules))
    assert await rows(kept.database, "SELECT * FROM cache_entries ORDER BY key") == before
    assert await value(kept.database, "SELECT count(*) FROM cache_policies") == 0
    real = await cleanup.run(place("deep", **rules))
    told = {
        name: value for name, value in dry.details.items() if name.startswith(("removed", "compressed", "bytes_saved"))
    }
    assert told == {name: real.details[name] for name in told}
    assert (told["removed_expired"], told["removed_policy_lru"], told["compressed"]) == (1, 2, 4)


async def test_smart_goes_by_the_state_and_says_why(kept, place):
    await kept.put(*(f"k{number}" for number in range(30)), age=9 * HOUR)
    await kept.put("ended", ends=-HOUR)
    asked = [Access(NOW - 2 * HOUR, "extraction", f"k{n % 30}", n % 4 == 0, 5, 1.0) for n in range(100)]
    await kept.log(*asked)
    outcome = await cleanup.run(place(aggressive_above=30, moderate_above=20, target_entries=10))
    assert outcome.details["level"] == "aggressive"
    assert outcome.details["reasons"] == [
        "31 entries are more than 30",
        "a hit ratio of 25.00 % is below 60 %",
    ]
    assert len(await kept.keys()) == 10
    (table,) = [row for row in outcome.details["categories"] if row["category"] == "extraction"]
    assert (table["entries_before"], table["entries_after"]) == (31, 10)


async def test_few_accesses_say_nothing_about_the_hit_ratio(kept, place):
    await kept.put("a")
    await kept.log(*(Access(NOW - HOUR / 2, "extraction", "a", False, 5, 1.0) for _ in range(49)))
    assert (await cleanup.run(place())).details["level"] == "light"


async def test_what_is_used_or_renewed_after_it_was_looked_at_stays(kept, place, monkeypatch):
    await kept.put("used meanwhile", "renewed meanwhile", "as it was", ends=-HOUR)

    async def meanwhile(connection, category=None):
        found = await held(connection, category)
        await execute(kept.database, "UPDATE cache_entries SET accessed_at = $1 WHERE key = 'used meanwhile'", NOW)
        await execute(kept.database, "UPDATE cache_entries SET created_at = $1 WHERE key = 'renewed meanwhile'", NOW)
        return found

    held = cleanup.cache_upkeep.held
    monkeypatch.setattr(cleanup.cache_upkeep, "held", meanwhile)
    outcome = await cleanup.run(place("light"))
    assert outcome.details["removed_expired"] == 1, "it counts what it did, not what it meant to do"
    monkeypatch.undo()
    assert await kept.keys() == {"used meanwhile", "renewed meanwhile"}


async def test_nobody_waits_for_it_and_it_waits_for_nobody(kept, place):
    await kept.put("held by another", "free", ends=-HOUR)
    async with kept.database.transaction() as connection:
        await connection.execute("SELECT FROM cache_entries WHERE key = 'held by another' FOR UPDATE")
        outcome = await asyncio.wait_for(cleanup.run(place("light")), 5)
        assert outcome.details["removed_expired"] == 1
    assert await kept.keys() == {"held by another"}


async def test_deep_chooses_the_policy_that_the_log_speaks_for_and_remembers_it(kept, place):
    hot = [f"hot{number}" for number in range(5)]
    scan = iter(range(10_000))
    # what is read all the time, with a long scan between: LRU forgets it, others do not
    asked = [key for _ in range(60) for key in (*hot, *hot, *(f"scan{next(scan)}" for _ in range(12)))]
    await kept.log(*(Access(NOW - HOUR, "extraction", key, False, 5, 1.0) for key in asked))
    outcome = await cleanup.run(place("deep", target_entries=10))
    ratios = {row["policy"]: row["hit_ratio_percent"] for row in outcome.details["policies"]}
    assert set(ratios) == {"lru", "lfu", "gdsf", "sieve", "s3-fifo", "ttl"}
    chosen = outcome.details["policy"]
    assert ratios[chosen] >= max(ratios.values()) - 0.5
    assert ratios[chosen] > ratios["lru"]
    assert outcome.details["ceiling_hit_ratio_percent"] >= max(ratios.values())
    async with kept.database.connection() as connection:
        choice = await cache_accesses.chosen(connection)
    assert (choice.policy, choice.accesses, choice.sampled) == (chosen, len(asked), 1.0)


async def test_a_configured_policy_stays_whatever_the_log_says(kept, place):
    await kept.log(*(Access(NOW - HOUR, "extraction", f"k{n}", False, 5, 1.0) for n in range(1200)))
    assert (await cleanup.run(place("deep", policy="ttl"))).details["policy"] == "ttl"


async def test_a_log_that_grows_too_long_is_cut_at_its_old_end(kept, place):
    await kept.log(*(Access(NOW - HOUR, "extraction", f"k{n}", False, 5, 1.0) for n in range(1100)))
    outcome = await cleanup.run(place("light", keep_accesses=1000))
    assert outcome.details["accesses_dropped"] == 100
    assert await value(kept.database, "SELECT min(substr(key, 2)::int) FROM cache_accesses") == 100


async def test_of_a_full_log_half_of_the_keys_stay_with_all_their_accesses(kept, place):
    await kept.log(*(Access(NOW - HOUR / 2, "extraction", f"k{n % 500}", n >= 500, 5, 1.0) for n in range(2000)))
    await cleanup.run(place("deep", keep_accesses=2000))
    left = await rows(kept.database, "SELECT key, count(*) FROM cache_accesses GROUP BY key")
    assert {row["count"] for row in left} == {4}
    assert 200 < len(left) < 300
    async with kept.database.connection() as connection:
        assert await cache_accesses.sampled(connection) == 0.5
        state = await cleanup.state_of(connection, NOW)
    assert 1600 < state.recent_accesses < 2400, "accesses of a sample are reckoned up to all"


async def test_sizes_of_values_are_told(kept, place):
    await kept.put("a", value=b"x" * 1024)
    await kept.put("b", value=b"x" * 1025)
    await kept.put("c", value=b"x" * 200_000)
    outcome = await cleanup.run(place("light"))
    assert {row["value"]: row["entries"] for row in outcome.details["sizes"]} == {
        "up to 1 KiB": 1,
        "up to 10 KiB": 1,
        "up to 100 KiB": 0,
        "larger": 1,
    }
