"""What of the archive may go, and when archiving is at fault: decided from what there is, without a server."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pake_pipelines.config.backups import PointInTime
from pake_pipelines.maintenance.backup.bases import Base
from pake_pipelines.maintenance.backup.wal import fault, is_past, outdated
from pake_pipelines.store.wal import WalStanding
from pake_pipelines.store.wal_segments import Archived, Segment

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
RULES = PointInTime(enabled=True)
STANDING = WalStanding(
    on=True,
    command="archive",
    last_archived="000000010000000000000007",
    last_archived_at=NOW - timedelta(minutes=4),
    failed_count=0,
    last_failed=None,
    last_failed_at=None,
    waiting=0,
    now=NOW,
)


def base(days, number):
    """A base backup that was finished `days` ago and whose log begins in segment `number`."""
    at, lsn = NOW - timedelta(days=days), f"0/{number:X}000028"
    return Base(f"base-{number}", 1, 18, "pake", 1, lsn, lsn, at, at, 1, 1)


def segment(days, number):
    return Archived(Segment(1, number), 1, NOW - timedelta(days=days))


def can_be_had(days, bases, segments):
    """Tell whether the moment so many days ago can be recovered."""
    moment, numbers = NOW - timedelta(days=days), {one.segment.number: one.closed_at for one in segments}
    for one in bases:
        number = one.first_segment.number
        if one.finished_at > moment:
            continue
        while number in numbers:
            if numbers[number] >= moment:
                return True
            number += 1
    return False


def test_the_newest_base_backup_stays_however_old_with_all_of_its_log():
    bases, segments = [base(400, 3)], [segment(400, 2), segment(400, 3), segment(300, 4)]
    found = outdated(bases, segments, NOW, keep_days=14)
    assert found.bases == ()
    assert [one.segment.number for one in found.segments] == [2]


def test_the_one_from_which_the_first_kept_day_begins_stays_and_older_ones_go():
    bases = [base(30, 10), base(20, 20), base(13, 30), base(6, 40)]
    found = outdated(bases, [segment(40 - number / 2, number) for number in range(8, 60)], NOW, keep_days=14)
    assert [one.name for one in found.bases] == ["base-10"]
    assert [one.segment.number for one in found.segments] == list(range(8, 20))


def test_without_a_base_backup_the_log_stays():
    assert outdated([], [segment(100, 1)], NOW, keep_days=14) == outdated([], [], NOW, keep_days=14)


@given(
    ages=st.lists(st.floats(0, 60), max_size=6, unique=True),
    keep_days=st.integers(1, 30),
    asked=st.lists(st.floats(0, 30), min_size=1, max_size=8),
)
def test_no_moment_of_the_kept_days_is_lost(ages, keep_days, asked):
    segments = [segment(61 - number / 2, number) for number in range(1, 122)]
    bases = [base(age, int((61 - age) * 2) + 1) for age in ages]
    found = outdated(bases, segments, NOW, keep_days)
    kept = [one for one in bases if one not in found.bases], [one for one in segments if one not in found.segments]
    for days in (days for days in asked if days <= keep_days):
        assert can_be_had(days, *kept) or not can_be_had(days, bases, segments)
    assert not bases or kept[0]


@pytest.mark.parametrize(
    ("bases", "segments", "past"),
    [
        ([base(30, 1)], [segment(20, 1)], True),
        ([base(30, 1)], [segment(13, 1)], False),
        ([base(13, 1)], [], False),
        ([], [], True),
    ],
    ids=["both old", "log of the kept days", "base backup of the kept days", "nothing"],
)
def test_a_cluster_that_no_longer_runs_is_past_when_nothing_of_the_kept_days_is_left(bases, segments, past):
    assert is_past(bases, segments, NOW, keep_days=14) is past


@pytest.mark.parametrize(
    ("standing", "said"),
    [
        (STANDING, None),
        (replace(STANDING, waiting=None), None),
        (replace(STANDING, on=False), "the server archives no log yet"),
        (
            replace(STANDING, failed_count=12, last_failed="0000000100000000000000AB", last_failed_at=NOW),
            "archiving fails since 2026-11-22 12:00 UTC at segment 0000000100000000000000AB (12 attempts in all)",
        ),
        (replace(STANDING, failed_count=1, last_failed="x", last_failed_at=NOW - timedelta(hours=1)), None),
        (replace(STANDING, last_archived_at=None, last_failed="x", last_failed_at=NOW), "archiving fails since"),
        (replace(STANDING, last_archived_at=NOW - timedelta(hours=1), waiting=3), "3 segments wait to be archived"),
        (replace(STANDING, last_archived_at=NOW - timedelta(days=9), waiting=0), None),
    ],
    ids=["well", "not allowed to know", "off", "failing", "failed once", "never done", "waiting", "idle"],
)
def test_archiving_is_at_fault_when_it_is_off_fails_or_lags_and_not_when_nothing_happens(standing, said):
    found = fault(standing, RULES)
    assert (found is None) if said is None else found.startswith(said)


def test_what_is_not_wanted_is_not_at_fault():
    assert fault(replace(STANDING, on=False), PointInTime()) is None
