"""Which log file is rotated, packed or deleted follows from its name, age and writers, and from nothing else."""

import re
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pake_pipelines.config.retention import Logs
from pake_pipelines.maintenance.cleanup.files import Found
from pake_pipelines.maintenance.cleanup.log_plan import REOPENED, Seen, plan
from pake_pipelines.telemetry.logs import FILES
from pake_pipelines_tests.conftest import NOW

RULES = Logs()


def seen(path, days=0.0, size=10, is_open=False, linked=False):
    return Seen(Found(path, size, NOW - timedelta(days=days), linked), is_open)


def deeds(*given, rules=RULES):
    """Return what becomes of each file: (deed, path, new name)."""
    return [(step.deed, step.file.path, step.target) for step in plan(given, NOW, rules)]


def test_what_our_own_writers_open_anew_is_rotated_by_a_rename():
    assert deeds(seen("application.log", is_open=True), seen("security/security.log")) == [
        ("rotate", "application.log", "application.log.2026-11-22"),
        ("rotate", "security/security.log", "security/security.log.2026-11-22"),
    ]


def test_every_file_of_the_log_is_known_to_be_opened_anew():
    assert set(FILES) <= REOPENED


@pytest.mark.parametrize("rotated", ["errors.log.2026-11-22", "errors.log.2026-11-22.gz"])
def test_it_is_rotated_once_a_day_and_only_when_something_is_in_it(rotated):
    assert deeds(seen("errors.log"), seen(rotated)) == []
    assert deeds(seen("errors.log", size=0)) == []


def test_what_is_over_a_week_old_is_packed_and_after_thirty_days_deleted():
    assert deeds(
        seen("audit.log.2026-11-16", 6.9),
        seen("audit.log.2026-11-14", 7),
        seen("audit.log.2026-11-01.gz", 20),
        seen("audit.log.2026-10-20", 33),
        seen("audit.log.2026-10-01.gz", 30),
    ) == [
        ("delete", "audit.log.2026-10-01.gz", ""),
        ("delete", "audit.log.2026-10-20", ""),
        ("pack", "audit.log.2026-11-14", "audit.log.2026-11-14.gz"),
    ]


def test_a_file_without_a_day_in_its_name_gets_one_when_it_is_packed():
    assert deeds(seen("services/redis.log", 10)) == [("pack", "services/redis.log", "services/redis.log.2026-11-12.gz")]


@pytest.mark.parametrize(
    "one",
    [
        seen("postgres.log", 40, is_open=True),
        seen("postgres.log", 40, is_open=None),
        seen("dagster-daemon.log.2026-10-01", 40, is_open=True),
        seen("somebody.log", 40, linked=True),
    ],
    ids=["open", "nobody can tell", "rotated and still open", "another name"],
)
def test_a_live_file_is_left_alone_and_named(one):
    (step,) = plan([one], NOW, RULES)
    assert (step.deed, bool(step.because)) == ("leave", True)


def test_what_was_rotated_may_go_though_some_processes_cannot_be_looked_at():
    assert deeds(seen("postgres.log.2026-10-01", 40, is_open=None)) == [("delete", "postgres.log.2026-10-01", "")]


names = st.sampled_from(["application.log", "postgres.log", "x.log", "a.log.2026-11-01", "a.log.2026-11-01.gz", "b.gz"])
files = st.lists(
    st.builds(
        Seen,
        st.builds(
            Found, names, st.integers(0, 5), st.integers(0, 1500).map(lambda hours: NOW - timedelta(hours=hours)),
            st.booleans(),
        ),
        st.sampled_from([True, False, None]),
    ),
    unique_by=lambda one: one.file.path,
)  # fmt: skip


@given(files, st.floats(0.5, 40), st.floats(0.5, 40))
def test_no_plan_harms_a_live_file_or_leaves_the_directory(some, packing, more):
    rules = Logs(gzip_after_days=packing, delete_after_days=packing + more)
    by_path = {one.file.path: one for one in some}
    steps = plan(some, NOW, rules)
    assert len({step.file.path for step in steps}) == len(steps)
    for step in steps:
        one = by_path[step.file.path]
        age = NOW - one.file.modified_at
        if step.deed in ("pack", "delete"):
            assert one.open is not True
            assert not one.file.linked
            assert one.open is False or re.search(r"\d{4}-\d{2}-\d{2}|\.gz$", one.file.path)
            assert age >= timedelta(days=packing)
        assert step.deed != "delete" or age >= timedelta(days=rules.delete_after_days)
        assert step.deed != "pack" or not one.file.path.endswith(".gz")
        assert step.deed != "rotate" or step.file.path in REOPENED
        assert ".." not in step.target
        assert not step.target.startswith("/")
        assert step.target not in by_path or step.deed == "pack"
