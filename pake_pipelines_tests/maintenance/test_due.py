"""What is due: whatever had its time since it last began; nothing twice, nothing forgotten, in the order of need."""

import re
from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pake_pipelines.config.loading import load_maintenance
from pake_pipelines.maintenance.due import Planned, due, last_time, next_time, planned
from pake_pipelines.maintenance.tasks import TASKS
from pake_pipelines.settings import PACKAGE_HOME
from pake_pipelines.store.maintenance_runs import TaskRun
from pake_pipelines_tests.conftest import NOW
from pake_pipelines_tests.maintenance.workshop import config_of

CRONS = ["*/15 * * * *", "0 */6 * * *", "0 1 * * *", "0 4 * * 1,2,3,4,5,6", "0 3 * * 0", "0 4 1 * *", "0 6 1 1 *"]
crons = st.sampled_from(CRONS)
moments = st.integers(0, 6 * 365 * 86_400_000).map(
    lambda ms: datetime(2024, 1, 1, tzinfo=UTC) + timedelta(milliseconds=ms)
)
MINUTE = timedelta(minutes=1)
_numbers = count(1)


def run(task, began, state="done", number=None):
    finished = None if state == "running" else began
    return TaskRun(number or next(_numbers), task, state, "x", "", False, began, finished, "", {})


def names(found):
    return [one.name for one in found]


def one(cron, last, now):
    return due([Planned("task", cron, "medium")], {"task": last} if last else {}, now)


@given(crons, moments)
def test_the_last_time_and_the_next_enclose_every_moment(cron, now):
    last, following = last_time(cron, now), next_time(cron, now)
    assert last <= now < following
    assert next_time(cron, last) == following
    assert last_time(cron, following) == following


@given(crons, moments)
def test_what_never_ran_is_due_since_its_last_time(cron, now):
    (found,) = one(cron, None, now)
    assert found.since == last_time(cron, now)


@given(crons, moments, st.timedeltas(timedelta(0), timedelta(days=800)))
def test_what_ran_is_due_exactly_when_its_time_came_since_it_began(cron, now, ago):
    assert bool(one(cron, run("task", now - ago), now)) == (next_time(cron, now - ago) <= now)


@given(crons, moments, st.sampled_from(["done", "failed", "skipped", "unavailable", "running"]))
def test_what_has_just_begun_is_not_due_however_it_ends(cron, now, state):
    assert one(cron, run("task", now, state), now) == []


@given(crons, moments)
def test_a_run_that_was_cut_off_has_not_done_its_work(cron, now):
    assert len(one(cron, run("task", now, "abandoned"), now)) == 1


@given(crons, moments, st.timedeltas(timedelta(0), timedelta(minutes=59)))
def test_a_clock_that_is_set_back_a_little_has_nothing_run_twice(cron, now, back):
    assert one(cron, run("task", now + back), now) == []


@given(crons, moments, st.timedeltas(timedelta(hours=2), timedelta(days=9000)))
def test_a_run_of_a_clock_that_was_wrong_by_far_keeps_nothing_from_running(cron, now, ahead):
    assert len(one(cron, run("task", now + ahead), now)) == 1


@given(st.lists(st.tuples(crons, st.sampled_from(["high", "medium", "low"])), min_size=1, max_size=8), moments)
def test_doing_what_is_due_leaves_nothing_due_until_the_next_time(table, now):
    tasks = [Planned(f"task{number}", cron, priority) for number, (cron, priority) in enumerate(table)]
    found = due(tasks, {}, now)
    done = {one.name: run(one.name, now) for one in found}
    assert due(tasks, done, now) == []
    assert sorted(names(found)) == sorted(task.name for task in tasks)
    soonest = min(next_time(task.cron, now) for task in tasks)
    assert due(tasks, done, soonest - MINUTE / 60) == []
    assert due(tasks, done, soonest) != []


BACKUP = [
    Planned("low", "0 1 * * *", "low"),
    Planned("backup", "0 1 * * *", "high"),
    Planned("proof", None, "low", after="backup"),
    Planned("other", "0 1 * * *", "high"),
    Planned("by_hand", None, "high"),
    Planned("off", "0 1 * * *", "high", enabled=False),
]


def test_what_comes_after_another_follows_it_at_once_and_all_others_go_by_priority():
    assert names(due(BACKUP, {}, NOW)) == ["backup", "proof", "other", "low"]


def test_what_comes_after_another_is_owed_when_the_other_was_done_without_it():
    done = {name: run(name, NOW) for name in ("low", "other")}
    alone = {**done, "backup": run("backup", NOW)}
    (owed,) = due(BACKUP, alone, NOW)
    assert (owed.name, owed.after, owed.since) == ("proof", "backup", NOW)
    assert due(BACKUP, {**alone, "proof": run("proof", NOW)}, NOW) == []
    assert names(due(BACKUP, {**alone, "proof": run("proof", NOW, "abandoned")}, NOW)) == ["proof"]


def test_behind_what_failed_there_is_nothing_to_do():
    done = {name: run(name, NOW) for name in ("low", "other")}
    assert due(BACKUP, {**done, "backup": run("backup", NOW, "failed")}, NOW) == []


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    """The packaged table with everything switched on."""
    text = "tasks: {backup_verification_all: {enabled: true}, recovery_drill: {enabled: true}}"
    return config_of(tmp_path_factory.mktemp("project"), text)


def test_the_same_work_is_never_scheduled_twice_on_one_day(table):
    """C-31: what a week does it does beside its days, not again; looked at over four years, one of them a leap year."""
    tasks = [task for task in planned(table) if task.cron]
    work = [(TASKS[task.name].function, repr(TASKS[task.name].options)) for task in tasks]
    assert len(set(work)) == len(work), "no two tasks of the table are the same function at the same level"
    rare = [task for task in tasks if table.tasks[task.name].rhythm != "often"]
    assert {task.name: most_a_day(task) for task in rare} == {task.name: 1 for task in rare}


def test_light_upkeep_leaves_sundays_to_the_full_one(table):
    by_name = {task.name: task for task in planned(table)}
    for day in range(28):
        night = datetime(2026, 11, 1, tzinfo=UTC) + timedelta(days=day)
        both = [name for name in ("database_upkeep", "full_optimization")
                if night.date() == next_time(by_name[name].cron, night - MINUTE).date()]  # fmt: skip
        assert both == (["full_optimization"] if night.weekday() == 6 else ["database_upkeep"])


def most_a_day(task):
    """Return how often a task comes on the day on which it comes most often."""
    moment, end, found = datetime(2026, 1, 1, tzinfo=UTC), datetime(2030, 1, 1, tzinfo=UTC), Counter()
    while (moment := next_time(task.cron, moment)) < end:
        found[moment.date()] += 1
    return max(found.values())


@pytest.mark.parametrize(
    ("task", "cron"),
    [
        ("log_cleanup", "0 2 * * *"),
        ("database_backup", "0 1 * * *"),
        ("cache_cleanup", "0 */6 * * *"),
        ("cache_light_cleanup", "0 */2 * * *"),
        ("dependency_scan", "0 3 * * 0"),
        ("capacity_check", "0 */4 * * *"),
        ("database_upkeep", "0 4 * * 1,2,3,4,5,6"),
        ("full_optimization", "0 4 * * 0"),
        ("deep_optimization", "0 4 1 * *"),
        ("monthly_archival", "0 6 1 * *"),
        ("recovery_drill", "0 6 1 1 *"),
    ],
)
def test_the_times_are_those_that_the_guides_were_reconciled_to(table, task, cron):
    assert {one.name: one.cron for one in planned(table)}[task] == cron


@pytest.mark.parametrize(
    ("task", "minutes"),
    [
        ("log_cleanup", 15),
        ("database_backup", 60),
        ("cache_cleanup", 10),
        ("dependency_scan", 45),
        ("capacity_check", 5),
    ],
)
def test_the_times_they_may_take_are_those_of_the_guide(table, task, minutes):
    assert table.tasks[task].timeout_minutes == minutes


def test_the_page_lists_every_task_with_its_time(table):
    page = (PACKAGE_HOME / "docs" / "maintenance.md").read_text("utf-8")
    listed = re.findall(r"^\| `(\w+)` \| (.+?) \|", page, re.MULTILINE)
    assert dict(listed) == {name: when(task) for name, task in load_maintenance(Path("nowhere")).tasks.items()}


def when(task):
    return (f"after `{task.after}`" if task.after else task.schedule) + ("" if task.enabled else " (off)")
