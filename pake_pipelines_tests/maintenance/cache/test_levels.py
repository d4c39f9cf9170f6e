"""How far a clean-up goes: the decision with all its reasons (CCH-01..04), what each level removes (CCH-05..07)."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pake_pipelines.config.cache import CacheRules
from pake_pipelines.maintenance.cache.levels import (
    CacheState,
    Level,
    beyond,
    decide,
    going_order,
    has_expired,
    low_access,
)
from pake_pipelines.store.cache_upkeep import Held
from pake_pipelines_tests.conftest import NOW

RULES = CacheRules()
HOUR = timedelta(hours=1)
FINE = {"entries": 10, "bytes": 10, "recent_accesses": 100, "hit_ratio_percent": 90.0}


def state(**fields):
    return CacheState(**{**FINE, **fields})


def entry(key="k", *, size=10, cost=1.0, used=0, age=HOUR, idle=None, ends=None):
    return Held(
        "c",
        key,
        size,
        cost,
        used,
        NOW - age,
        NOW - (age if idle is None else idle),
        None if ends is None else NOW + ends,
    )


@pytest.mark.parametrize(
    ("found", "level"),
    [
        ({}, Level.LIGHT),
        ({"entries": 1000, "recent_accesses": 0}, Level.LIGHT),
        ({"entries": 1001, "recent_accesses": 49}, Level.MODERATE),
        ({"entries": 1001, "recent_accesses": 50}, Level.LIGHT),
        ({"entries": 1500, "recent_accesses": 50}, Level.LIGHT),
        ({"entries": 1501}, Level.AGGRESSIVE),
        ({"hit_ratio_percent": 60.0}, Level.LIGHT),
        ({"hit_ratio_percent": 59.99}, Level.TARGETED),
        ({"hit_ratio_percent": None}, Level.LIGHT),
        ({"bytes": 10_485_760}, Level.LIGHT),
        ({"bytes": 10_485_761}, Level.TARGETED),
    ],
    ids=str,
)
def test_the_state_decides_how_far_to_go(found, level):
    assert decide(state(**found), RULES).level is level


def test_a_low_hit_ratio_does_not_hide_behind_the_size():
    decision = decide(state(entries=1600, hit_ratio_percent=12.5, bytes=20_000_000), RULES)
    assert decision.level is Level.AGGRESSIVE
    assert decision.reasons == (
        "1600 entries are more than 1500",
        "a hit ratio of 12.50 % is below 60 %",
        "20000000 bytes are more than 10485760",
    )


def test_what_never_ends_never_expires():
    assert not has_expired(entry(age=timedelta(days=9999)), NOW)
    assert not has_expired(entry(ends=timedelta(seconds=1)), NOW)
    assert has_expired(entry(ends=timedelta(0)), NOW)


def test_targeted_takes_what_is_used_less_than_half_the_average_but_nothing_young():
    entries = [
        entry("often", used=8, age=3 * HOUR),
        entry("half", used=2, age=3 * HOUR),
        entry("seldom", used=1, age=3 * HOUR),
        entry("young", used=1, age=HOUR),
        entry("used of late", used=1, age=3 * HOUR, idle=HOUR),
    ]
    average = sum(one.access_count for one in entries) / len(entries)
    assert average == 2.6
    assert [one.key for one in low_access(entries, Level.TARGETED, NOW)] == ["seldom"]


def test_where_nothing_was_ever_used_again_nothing_is_used_less_than_others():
    assert low_access([entry("a", age=3 * HOUR), entry("b", age=3 * HOUR)], Level.TARGETED, NOW) == []


def test_moderate_also_takes_what_nobody_wanted_for_a_day():
    entries = [
        entry("often, long ago", used=5, age=50 * HOUR),
        entry("never, long ago", age=25 * HOUR),
        entry("never, today", age=2 * HOUR - timedelta(seconds=1)),
    ]
    assert [one.key for one in low_access(entries, Level.MODERATE, NOW)] == ["never, long ago"]


@pytest.mark.parametrize("level", [Level.LIGHT, Level.AGGRESSIVE, Level.DEEP])
def test_the_other_levels_do_not_look_at_the_average(level):
    assert low_access([entry("a", age=99 * HOUR), entry("b", used=9)], level, NOW) == []


ENTRIES = st.lists(
    st.builds(
        entry,
        st.text("abc", min_size=1, max_size=5),
        used=st.integers(0, 9),
        age=st.timedeltas(min_value=timedelta(0), max_value=timedelta(days=3)),
    ),
    max_size=20,
)


@given(ENTRIES)
def test_moderate_takes_everything_that_targeted_does(entries):
    less, more = (low_access(entries, level, NOW) for level in (Level.TARGETED, Level.MODERATE))
    assert [one for one in more if one in less] == less


def test_what_the_replay_would_not_hold_goes_first_and_then_by_the_policy():
    entries = [entry("resident", used=0, age=9 * HOUR), entry("used", used=3, age=8 * HOUR), entry("once", age=HOUR)]
    resident = frozenset({"c/resident"})
    assert [one.key for one in going_order(entries, "lfu", resident)] == ["once", "used", "resident"]
    assert [one.key for one in going_order(entries, "lru", resident)] == ["used", "once", "resident"]


@pytest.mark.parametrize(
    ("policy", "first"),
    [
        ("lru", "old"),
        ("lfu", "unused"),
        ("gdsf", "large"),
        ("ttl", "ending"),
        ("sieve", "unused"),
        ("s3-fifo", "unused"),
    ],
)
def test_each_policy_has_a_measure_of_its_own_for_keys_that_the_log_does_not_tell_of(policy, first):
    entries = [
        entry("old", used=9, age=9 * HOUR, idle=8 * HOUR),
        entry("unused", age=2 * HOUR),
        entry("large", used=5, size=10_000),
        entry("ending", used=5, ends=HOUR),
    ]
    assert going_order(entries, policy, frozenset())[0].key == first


def test_no_more_goes_than_must():
    ordered = [entry(str(number), size=10) for number in range(5)]
    assert [one.key for one in beyond(ordered, 3, 1000)] == ["0", "1"]
    assert [one.key for one in beyond(ordered, 5, 25)] == ["0", "1", "2"]
    assert beyond(ordered, 5, 50) == []
