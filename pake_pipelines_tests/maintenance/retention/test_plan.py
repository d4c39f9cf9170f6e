"""Which items leave is decided by age, number and nothing else; what people look for stays."""

from collections import Counter
from datetime import timedelta
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from pake_pipelines.config.retention import Retention
from pake_pipelines.maintenance.retention.plan import AGE, NUMBER, batches, plan
from pake_pipelines.store.retention import Candidate
from pake_pipelines_tests.conftest import NOW

candidates = st.lists(
    st.builds(
        Candidate,
        pake_id=st.integers(0, 10**9).map(lambda number: UUID(int=number)),
        source=st.sampled_from(["one", "other"]),
        since=st.integers(0, 800).map(lambda days: NOW - timedelta(days=days)),
        settled=st.booleans(),
    ),
    unique_by=lambda one: one.pake_id,
    max_size=60,
)
rules = st.builds(Retention, days=st.integers(1, 500), max_items_per_source=st.integers(1, 40))


@given(candidates, rules, st.integers(0, 20))
def test_a_plan_takes_what_it_must_and_nothing_else(found, given_rules, others):
    counts = Counter(one.source for one in found)
    in_force = {source: number + others for source, number in counts.items()}
    moves = plan(found, in_force, given_rules, NOW)
    known = {one.pake_id: one for one in found}
    assert len({move.pake_id for move in moves}) == len(moves)
    for move in moves:
        one = known[move.pake_id]
        old = one.since < NOW - timedelta(days=given_rules.days)
        assert move.reason == (AGE if old else NUMBER)
        assert old or (one.settled and one.since < NOW - timedelta(days=7))
    assert {move.pake_id for move in moves} >= {
        one.pake_id for one in found if one.since < NOW - timedelta(days=given_rules.days)
    }
    for source, number in in_force.items():
        by_number = [move for move in moves if move.source == source and move.reason == NUMBER]
        left = number - sum(move.source == source for move in moves)
        assert not by_number or left >= given_rules.max_items_per_source, "it takes no more than it must"
        staying = [
            one for one in found
            if one.source == source and one.settled and one.pake_id not in {move.pake_id for move in moves}
            and one.since < NOW - timedelta(days=7)
        ]  # fmt: skip
        assert not staying or left <= given_rules.max_items_per_source, "and no less"
        youngest = max((known[move.pake_id].since for move in by_number), default=None)
        assert youngest is None or all(one.since >= youngest for one in staying), "the oldest go first"


@given(candidates, rules)
def test_a_plan_does_not_depend_on_the_order_of_what_it_is_given(found, given_rules):
    in_force = dict.fromkeys(("one", "other"), 30)
    assert plan(found, in_force, given_rules, NOW) == plan(found[::-1], in_force, given_rules, NOW)


@given(candidates, st.integers(1, 9))
def test_batches_hold_every_move_once(found, size):
    moves = plan(found, {}, Retention(days=1), NOW)
    parts = list(batches(moves, size))
    assert [move for part in parts for move in part] == moves
    assert all(0 < len(part) <= size for part in parts)
