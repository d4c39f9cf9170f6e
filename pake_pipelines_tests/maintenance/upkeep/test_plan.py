"""What is to be done follows from facts, rules and level alone, and every step has its reason."""

from datetime import UTC, datetime, timedelta

import pytest

from pake_pipelines.config.upkeep import Upkeep
from pake_pipelines.maintenance.upkeep.plan import (
    NOT_OURS,
    Action,
    IndexView,
    Level,
    index_steps,
    table_steps,
    unused,
)
from pake_pipelines.store.database_metrics import Missing
from pake_pipelines.store.upkeep_indexes import IndexFacts, Rebuilt
from pake_pipelines.store.upkeep_tables import Bloat, TableFacts
from pake_pipelines.store.vector_index import Recall

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
MB = 1024 * 1024
RULES = Upkeep()


def table(name="t", *, live=100_000, dead=0, age=1000, ours=True):
    return TableFacts(name, live, dead, 0, 10 * MB, 20 * MB, age, None, None, ours, None)


def index(name="pake.i", *, bloat=None, exact=False, valid=True, method="btree", bytes_=10 * MB, rows=1000.0, **more):
    found = None if bloat is None else Bloat(bloat, round(bytes_ * bloat / 100), exact)
    facts = {"unique": False, "constraint": False, "being_built": False, "ours": True, **more}
    return IndexFacts(name, "t", method, "", bytes_, rows, valid, bloat=found, **facts)


def actions(steps):
    return [(step.action, step.target) for step in steps]


def planned(level, *indexes, **more):
    return index_steps(IndexView(indexes, **more), RULES, level)


@pytest.mark.parametrize(
    ("live", "dead", "expected"),
    [
        (100_000, 9_000, False),
        (100_000, 12_000, True),
        (500, 900, False),
        (0, 1000, True),
        (0, 0, False),
    ],
    ids=["few of many", "many", "many of few", "all", "empty"],
)
def test_a_table_is_vacuumed_for_many_dead_rows_in_number_and_in_share(live, dead, expected):
    assert actions(table_steps([table(live=live, dead=dead)], [], RULES)) == [(Action.VACUUM, "t")] * expected


def test_a_table_without_dead_rows_whose_statistics_are_old_is_analyzed_only():
    steps = table_steps([table("stale"), table("fresh"), table("both", dead=50_000)], ["stale", "both"], RULES)
    assert actions(steps) == [(Action.ANALYZE, "stale"), (Action.VACUUM, "both")]


def test_a_table_that_is_near_wraparound_is_frozen_whatever_else_it_needs():
    (step,) = table_steps([table(age=500_000_001, dead=50_000)], ["t"], RULES)
    assert step.action is Action.FREEZE
    assert step.reason == "its oldest row is 500,000,001 transactions old (bound 500,000,000)"


def test_what_another_role_owns_is_left_with_that_reason():
    (step,) = table_steps([table(dead=50_000, ours=False)], [], RULES)
    assert step.why_not == NOT_OURS
    (step,) = planned(Level.FULL, index(bloat=60, ours=False))
    assert step.why_not == NOT_OURS


@pytest.mark.parametrize(
    ("level", "bloat", "expected"),
    [("light", 90, 0), ("full", 29, 0), ("full", 31, 1), ("deep", 14, 0), ("deep", 16, 1)],
)
def test_the_level_decides_from_which_bloat_on_an_index_is_rebuilt(level, bloat, expected):
    assert len(planned(Level(level), index(bloat=bloat))) == expected


def test_a_small_index_is_not_worth_it_and_one_of_unknown_bloat_is_left():
    assert planned(Level.DEEP, index(bloat=90, bytes_=MB), index("pake.gin", method="gin")) == []


def test_leftovers_go_first_and_on_every_level_and_the_smallest_index_is_rebuilt_first():
    leftover = index("pake.i_ccnew", valid=False)
    steps = planned(Level.FULL, index("pake.large", bloat=50, bytes_=50 * MB), leftover, index("pake.small", bloat=50))
    assert actions(steps) == [
        (Action.DROP, "pake.i_ccnew"),
        (Action.REBUILD, "pake.small"),
        (Action.REBUILD, "pake.large"),
    ]
    assert actions(planned(Level.LIGHT, leftover)) == [(Action.DROP, "pake.i_ccnew")]


@pytest.mark.parametrize(
    ("facts", "is_leftover"),
    [
        ({"name": 'pake."I_ccold"', "valid": False}, True),
        ({"name": "pake.i_ccnew12", "valid": False}, True),
        ({"name": "pake.i_ccnew", "valid": True}, False),
        ({"name": "pake.i_ccnew", "valid": False, "constraint": True}, False),
        ({"name": "pake.account_new", "valid": False}, False),
    ],
    ids=["quoted", "numbered", "valid", "of a constraint", "other"],
)
def test_a_leftover_is_invalid_carries_no_constraint_and_has_the_name_of_one(facts, is_leftover):
    assert index(**facts).is_leftover is is_leftover


def test_an_index_that_somebody_builds_at_this_moment_is_left_to_him():
    for name in ("pake.new", "pake.i_ccnew"):
        (step,) = planned(Level.FULL, index(name, valid=False, being_built=True))
        assert step.why_not == "somebody builds an index of its table"


def test_an_estimate_gives_way_to_what_the_last_rebuild_left_but_a_count_does_not():
    left = {"pake.i": Rebuilt(10 * MB, 1000.0, NOW)}
    assert planned(Level.FULL, index(bloat=60), rebuilt=left) == []
    assert len(planned(Level.FULL, index(bloat=60, exact=True), rebuilt=left)) == 1
    assert len(planned(Level.FULL, index(bloat=60, bytes_=12 * MB), rebuilt=left)) == 1
    assert planned(Level.FULL, index(bloat=60, bytes_=12 * MB, rows=1200.0), rebuilt=left) == []


@pytest.mark.parametrize(
    ("level", "recall", "expected"),
    [
        ("deep", Recall(80.0, 20, 10), 1),
        ("deep", Recall(95.0, 20, 10), 0),
        ("full", Recall(80.0, 20, 10), 0),
        ("deep", Missing("no right", expected=True), 0),
        ("deep", None, 0),
    ],
)
def test_deep_upkeep_rebuilds_a_vector_index_that_finds_too_little(level, recall, expected):
    assert len(planned(Level(level), index(method="hnsw", bloat=1), recall=recall)) == expected


def test_unused_indexes_are_told_only_when_their_use_was_counted_for_long_enough():
    found = [{"table": "t", "index": "i", "bytes": 1}]
    assert unused(found, NOW - timedelta(days=8), NOW, RULES).indexes == found
    young = unused(found, NOW - timedelta(days=2), NOW, RULES)
    assert (young.indexes, young.why_not) == ((), "use is counted for 2.0 days, and 7 are needed to say so")
    assert "does not tell since when" in unused(found, None, NOW, RULES).why_not
    assert unused(Missing("no right", expected=True), NOW, NOW, RULES).why_not == "no right"
