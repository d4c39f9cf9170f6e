"""Which entries of a fetched body become versions in force: a pure decision."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pake_pipelines.model.entry import Entry
from pake_pipelines.model.identity import pake_id
from pake_pipelines.pipeline.entry_plan import identity_of, partition_of, plan_entries
from pake_pipelines.store.entries import CurrentVersion

EARLY = datetime(2026, 11, 1, tzinfo=UTC)
LATE = EARLY + timedelta(days=1)


def entry(key, body="text"):
    return Entry(key=key, title=key, body=body, media_type="text/plain")


def known(one, fetched_at=EARLY, *, gone=False):
    return {one.key: CurrentVersion(pake_id("s", one.key), 1, one.entry_hash, fetched_at, EARLY.date(), gone)}


def test_an_unknown_entry_is_new():
    plan = plan_entries([entry("a")], {}, LATE, 10)
    assert (plan.new, plan.updated, plan.unchanged, plan.left_over) == (1, 0, 0, 0)
    assert plan.save == [(entry("a"), None)]


def test_an_entry_that_says_the_same_is_unchanged():
    plan = plan_entries([entry("a")], known(entry("a")), LATE, 10)
    assert (plan.save, plan.unchanged) == ([], 1)


def test_an_entry_that_says_something_else_is_an_update():
    plan = plan_entries([entry("a", "new")], known(entry("a", "old")), LATE, 10)
    assert (plan.new, plan.updated, len(plan.save)) == (0, 1, 1)


def test_an_older_fetch_never_replaces_a_newer_version():
    plan = plan_entries([entry("a", "old")], known(entry("a", "new"), LATE), EARLY, 10)
    assert (plan.save, plan.unchanged) == ([], 1)


def test_what_is_already_stored_does_not_use_up_the_limit():
    plan = plan_entries([entry("a"), entry("b"), entry("c")], known(entry("a")), LATE, 1)
    assert plan.save == [(entry("b"), None)]
    assert (plan.unchanged, plan.left_over) == (1, 1)


def test_an_item_that_its_source_had_lost_comes_back_as_a_new_version():
    plan = plan_entries([entry("a")], known(entry("a"), gone=True), LATE, 10)
    assert (plan.new, plan.updated, plan.unchanged) == (0, 1, 0)


def test_the_same_key_in_two_sources_is_two_items():
    assert identity_of("s", "a", 1) != identity_of("other", "a", 1)


def test_a_new_item_whose_usual_id_is_taken_gets_another():
    assert identity_of("s", "a", 1) == pake_id("s", "a")
    assert len({identity_of("s", "a", attempt) for attempt in range(1, 10)}) == 9


bodies = st.sampled_from(["one", "two"])
keys = st.lists(st.sampled_from("abcdefgh"), unique=True)


@given(keys, st.dictionaries(st.sampled_from("abcdefgh"), st.tuples(bodies, st.booleans())), st.integers(0, 5))
def test_every_entry_is_counted_exactly_once_and_the_limit_holds(found, stored, limit):
    held = {}
    for key, (body, newer) in stored.items():
        held |= known(entry(key, body), LATE + timedelta(days=1) if newer else EARLY)
    plan = plan_entries([entry(key, "one") for key in found], held, LATE, limit)
    assert plan.new + plan.updated + plan.unchanged + plan.left_over == len(found)
    assert plan.new + plan.updated == len(plan.save) <= limit


@pytest.mark.parametrize(
    ("modified", "day"),
    [
        (None, date(2026, 11, 22)),
        (datetime(2026, 11, 22, 3, tzinfo=UTC), date(2026, 11, 22)),
        (datetime(2026, 11, 20, 23, 59, tzinfo=UTC), date(2026, 11, 20)),
        (datetime(2026, 11, 1, tzinfo=UTC), date(2026, 11, 1)),
        (datetime(2026, 10, 31, 23, tzinfo=UTC), date(2026, 11, 22)),
        (datetime(2026, 11, 23, tzinfo=UTC), date(2026, 11, 22)),
    ],
)
def test_an_item_belongs_to_the_day_it_is_dated_by_if_that_day_has_a_partition(modified, day):
    assert partition_of(modified, date(2026, 11, 22), date(2026, 11, 1)) == day
