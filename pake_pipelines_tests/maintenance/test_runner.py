"""One task at a time, within its time, and a record of every run: who had it run, how it ended, what it said."""

import asyncio
import multiprocessing
import os
import signal
import time
from dataclasses import replace
from datetime import timedelta

import pytest

from pake_pipelines.config.maintenance import TASK_NAMES
from pake_pipelines.maintenance import tasks
from pake_pipelines.maintenance.errors import BusyError, MaintenanceError
from pake_pipelines.maintenance.runner import run_task
from pake_pipelines.model.maintenance import Outcome, TaskState
from pake_pipelines.store import maintenance_runs
from pake_pipelines.store.errors import StoreError
from pake_pipelines_tests.chain import execute, rows, value
from pake_pipelines_tests.conftest import NOW
from pake_pipelines_tests.maintenance.workshop import Given, place_of

SOUND = Outcome(TaskState.DONE, "three things done", {"done": 3, "things": [{"name": "a", "size": 1}]})


async def does(_):
    return SOUND


@pytest.fixture
def place(tmp_path, database_url):
    return place_of(tmp_path, database_url, clock=lambda: NOW)


@pytest.fixture
def task(monkeypatch):
    """Return a function that puts a function into the place of a task: `task(function, options)` -> its name."""

    def put(function, name="log_cleanup", **options):
        monkeypatch.setitem(tasks.TASKS, name, Given(function, options))
        return name

    return put


async def recorded(database):
    async with database.connection() as connection:
        return await maintenance_runs.history(connection, None, 10)


async def test_a_run_is_recorded_with_who_had_it_run_and_what_it_said(place, task, database):
    assert await run_task(place, task(does), actor="somebody") == SOUND
    (run,) = await recorded(database)
    assert (run.task, run.state, run.actor, run.run_id) == ("log_cleanup", "done", "somebody", "run-1")
    assert (run.summary, run.details, run.dry_run) == (SOUND.summary, SOUND.details, False)
    assert (run.started_at, run.finished_at) == (NOW, NOW)
    (event,) = await rows(database, "SELECT actor, action, subject, details FROM audit_events")
    assert (event["actor"], event["action"], event["subject"]) == (
        "somebody", "maintenance.log_cleanup", "log_cleanup",
    )  # fmt: skip
    assert event["details"] == {
        "state": "done", "summary": SOUND.summary, "run_no": run.run_no, "run_id": "run-1",
    }  # fmt: skip


async def test_a_task_is_given_its_options_and_those_of_the_run_before_them(place, task):
    seen = {}

    async def looks(given):
        seen.update(given.options)
        return SOUND

    await run_task(replace(place, options={"scope": "all"}), task(looks, scope="latest", level="light"), actor="x")
    assert seen == {"scope": "all", "level": "light"}


async def test_a_dry_run_is_in_the_history_and_not_in_the_audit_and_counts_for_no_work(place, task, database):
    await run_task(replace(place, dry_run=True), task(does), actor="x")
    assert [run.dry_run for run in await recorded(database)] == [True]
    assert await value(database, "SELECT count(*) FROM audit_events") == 0
    async with database.connection() as connection:
        assert await maintenance_runs.latest(connection) == {}


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (MaintenanceError("the target is full"), "the target is full"),
        (StoreError("no answer"), "no answer"),
        (ValueError("3 is odd"), "ValueError: 3 is odd"),
    ],
    ids=["maintenance", "store", "unexpected"],
)
async def test_what_a_task_raises_is_recorded_as_failed_and_raised_again(place, task, database, error, said):
    async def fails(_):
        raise error

    with pytest.raises(type(error), match=r"full|answer|odd"):
        await run_task(place, task(fails), actor="x")
    (run,) = await recorded(database)
    assert (run.state, run.summary) == ("failed", said)
    assert await value(database, "SELECT details ->> 'summary' FROM audit_events") == said
    assert await run_task(place, task(does), actor="x") == SOUND, "the next has its turn"


async def test_no_secret_gets_into_the_record(place, task, database):
    async def tells(_):
        address = "postgresql://pake:hunter2hunter2@db/x"
        return Outcome(TaskState.DONE, f"read {address}", {"where": address, "rows": [{"url": address}]})

    async def fails(_):
        raise MaintenanceError("no answer from postgresql://pake:hunter2hunter2@db/x")

    await run_task(place, task(tells), actor="x")
    with pytest.raises(MaintenanceError):
        await run_task(place, task(fails), actor="x")
    assert "hunter2" not in repr(await recorded(database))
    assert "hunter2" not in repr(await rows(database, "SELECT * FROM audit_events"))


async def test_a_task_that_takes_longer_than_it_may_is_stopped_and_has_failed(tmp_path, database_url, task, database):
    async def sleeps(_):
        await asyncio.sleep(30)

    place = place_of(tmp_path, database_url, "tasks: {log_cleanup: {timeout_minutes: 0.002}}")
    with pytest.raises(MaintenanceError, match=r"stopped after 0\.002 minutes.*tasks\.log_cleanup\.timeout_minutes"):
        await run_task(place, task(sleeps), actor="x")
    (run,) = await recorded(database)
    assert run.state == "failed"
    assert "timeout_minutes" in run.summary


async def test_a_timeout_of_the_tasks_own_is_no_matter_of_its_time(place, task):
    async def waits(_):
        raise TimeoutError("the host does not answer")

    with pytest.raises(TimeoutError, match="host"):
        await run_task(place, task(waits), actor="x")


async def test_a_task_that_is_cancelled_is_recorded_as_stopped(place, task, database):
    began = asyncio.Event()

    async def sleeps(_):
        began.set()
        await asyncio.sleep(30)

    running = asyncio.create_task(run_task(place, task(sleeps), actor="x"))
    await began.wait()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    (run,) = await recorded(database)
    assert (run.state, run.summary) == ("failed", "it was stopped before its end")


async def test_of_two_at_once_the_second_is_told_who_is_there_since_when(place, task, database):
    began, end = asyncio.Event(), asyncio.Event()

    async def waits(_):
        began.set()
        await end.wait()
        return SOUND

    first = asyncio.create_task(run_task(place, task(waits), actor="dagster"))
    await began.wait()
    with pytest.raises(BusyError, match=r"log_cleanup is under way since 2026-11-22 12:00:00 UTC, run by dagster"):
        await run_task(place, task(does, "cache_cleanup"), actor="x")
    said = []
    second = asyncio.create_task(run_task(replace(place, say=said.append), "cache_cleanup", actor="x", wait_seconds=20))
    while not said:
        await asyncio.sleep(0.05)
    assert "waiting: log_cleanup" in said[0]
    end.set()
    assert (await first, await second) == (SOUND, SOUND)
    assert [(run.task, run.state) for run in await recorded(database)] == [
        ("cache_cleanup", "done"), ("log_cleanup", "done"),
    ]  # fmt: skip


def _hang(place, ready):
    async def hangs(_):
        ready.set()
        await asyncio.sleep(60)

    tasks.TASKS["log_cleanup"] = Given(hangs)
    asyncio.run(run_task(place, "log_cleanup", actor="the killed"))


async def test_what_a_killed_process_left_is_closed_by_the_next(place, task, database):
    context = multiprocessing.get_context("fork")
    ready = context.Event()
    child = context.Process(target=_hang, args=(place, ready))
    child.start()
    assert await asyncio.to_thread(ready.wait, 20)
    with pytest.raises(BusyError, match="run by the killed"):
        await run_task(place, task(does, "cache_cleanup"), actor="x")
    os.kill(child.pid, signal.SIGKILL)
    await asyncio.to_thread(child.join, 10)
    await run_task(place, "cache_cleanup", actor="x", wait_seconds=10)
    killed = (await recorded(database))[-1]
    assert (killed.task, killed.state) == ("log_cleanup", "abandoned")
    assert "cut off" in killed.summary
    assert killed.finished_at is not None


async def test_who_only_looks_closes_it_too_unless_somebody_works(place, task, database):
    began, end = asyncio.Event(), asyncio.Event()

    async def waits(_):
        began.set()
        await end.wait()
        return SOUND

    await execute(
        database,
        "INSERT INTO maintenance_runs (task, state, actor, started_at) VALUES ('old', 'running', 'x', $1)",
        NOW - timedelta(days=1),
    )
    working = asyncio.create_task(run_task(place, task(waits), actor="x"))
    await began.wait()
    async with database.transaction() as connection:
        assert await maintenance_runs.close_abandoned_if_free(connection, NOW) == []
    end.set()
    await working
    await execute(
        database,
        "INSERT INTO maintenance_runs (task, state, actor, started_at) VALUES ('new', 'running', 'x', $1)",
        NOW + timedelta(days=1),
    )
    async with database.transaction() as connection:
        assert await maintenance_runs.close_abandoned_if_free(connection, NOW) == ["new"]
    assert {run.task: run.state for run in await recorded(database)} == {
        "old": "abandoned", "log_cleanup": "done", "new": "abandoned",
    }  # fmt: skip


async def test_somebody_who_looks_at_the_same_moment_keeps_nobody_from_working(place, task, database):
    async with database.transaction() as looking:
        await maintenance_runs.close_abandoned_if_free(looking, NOW)
        working = asyncio.create_task(run_task(place, task(does), actor="x"))
        await asyncio.sleep(0.2)
    assert await working == SOUND


async def test_an_unknown_task_is_refused_with_the_names_of_all(place):
    with pytest.raises(MaintenanceError, match=r"no task 'nothing'; there are database_backup, .*dependency_scan"):
        await run_task(place, "nothing", actor="x")


async def test_a_database_that_does_not_answer_is_said_as_it_is(tmp_path, task):
    place = place_of(tmp_path, f"postgresql://x@/y?host={tmp_path}/nowhere")
    began = time.monotonic()
    with pytest.raises(StoreError, match="PostgreSQL is not running"):
        await run_task(place, task(does), actor="x")
    assert time.monotonic() - began < 5


async def test_when_the_database_goes_away_under_a_task_its_own_error_is_what_is_raised(place, task, database):
    async def breaks(_):
        async with database.connection() as connection:
            await connection.execute("UPDATE pake.alembic_version SET version_num = 'gone'")
        raise MaintenanceError("what really happened")

    with pytest.raises(MaintenanceError, match="what really happened") as raised:
        await run_task(place, task(breaks), actor="x")
    assert "could not be told" in raised.value.__notes__[0]


def test_every_task_of_the_table_has_a_kind_and_every_kind_is_in_the_table(tmp_path):
    place = place_of(tmp_path, "postgresql://x@y/z")
    assert set(place.config.tasks) == set(tasks.TASKS) == TASK_NAMES
