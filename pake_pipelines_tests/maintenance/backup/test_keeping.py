"""Which backups stay: never is the last proven one among those that go."""

from datetime import timedelta

import hypothesis.strategies as st
from hypothesis import given

from pake_pipelines.maintenance.backup.keeping import plan
from pake_pipelines.maintenance.backup.standing import Known
from pake_pipelines.model.maintenance import ProofState
from pake_pipelines_tests.conftest import NOW

PROVEN, UNPROVEN, DAMAGED, UNAVAILABLE = (
    ProofState.PROVEN, ProofState.UNPROVEN, ProofState.DAMAGED, ProofState.UNAVAILABLE,
)  # fmt: skip


def backup(days, state=UNPROVEN, fault=None):
    at = NOW - timedelta(days=days)
    return Known(f"backup-{at:%Y%m%dT%H%M%SZ}", at, 1000, 10, state, fault=fault)


backups = st.lists(
    st.builds(
        backup,
        st.floats(0, 400),
        st.sampled_from(ProofState),
        st.one_of(st.none(), st.just("its manifest cannot be read")),
    ),
    max_size=12,
    unique_by=lambda one: one.name,
)


def gone(known, **rules):
    rules = {"keep_days": 90, "keep_proven": 1, **rules}
    return {one.name for one in plan(known, NOW, **rules).remove}


@given(backups, st.integers(1, 200), st.integers(1, 4))
def test_the_last_proven_ones_stay_and_nothing_goes_without_need(known, keep_days, keep_proven):
    decided = plan(known, NOW, keep_days, keep_proven)
    kept, removed = [one.name for one in decided.keep], [one.name for one in decided.remove]
    assert sorted(kept + removed) == sorted(one.name for one in known)
    proven = sorted((one for one in known if one.is_proven), key=lambda one: one.created_at)
    assert {one.name for one in proven[-keep_proven:]} <= set(kept)
    for one in known:
        if one.name in removed:
            assert proven
            assert one.fault is None
            assert NOW - one.created_at > timedelta(days=keep_days)
            assert one.is_damaged or one.created_at <= proven[-1].created_at


@given(backups, st.integers(1, 200))
def test_removing_what_was_planned_leaves_nothing_more_to_remove(known, keep_days):
    removed = gone(known, keep_days=keep_days)
    assert gone([one for one in known if one.name not in removed], keep_days=keep_days) == set()


def test_old_ones_go_once_a_newer_one_is_proven():
    known = [backup(days, PROVEN) for days in (1, 50, 89, 91, 200)]
    assert gone(known) == {known[3].name, known[4].name}


def test_when_backups_stop_the_last_proven_one_stays_for_ever():
    known = [backup(1000, PROVEN), backup(1001, PROVEN)]
    assert gone(known) == {known[1].name}
    assert gone(known, keep_proven=2) == set()


def test_where_nothing_is_proven_nothing_goes():
    assert (
        gone([backup(days, state) for days in (100, 200, 300) for state in (UNPROVEN, UNAVAILABLE, DAMAGED)]) == set()
    )


def test_what_is_newer_than_the_last_proven_one_stays_unless_it_is_damaged():
    known = [backup(300, PROVEN), backup(200), backup(150, UNAVAILABLE), backup(120, DAMAGED)]
    assert gone(known) == {known[3].name}


def test_a_proven_backup_whose_manifest_cannot_be_read_any_more_does_not_count():
    known = [backup(100, PROVEN, fault="unreadable"), backup(200, PROVEN)]
    assert gone(known) == set()
