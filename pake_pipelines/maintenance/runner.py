"""Running a task: one at a time, within its time, with a record of who had it run and how it ended."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from pake_pipelines.config.maintenance import Task
from pake_pipelines.maintenance import custom
from pake_pipelines.maintenance.errors import BusyError, MaintenanceError
from pake_pipelines.maintenance.observed import observed
from pake_pipelines.maintenance.tasks import TASKS, TaskFunction
from pake_pipelines.maintenance.workplace import Workplace
from pake_pipelines.model.maintenance import Outcome, TaskState
from pake_pipelines.redaction import redact, redact_value
from pake_pipelines.store import audit, maintenance_runs
from pake_pipelines.store.database import Patience, addresses, wait_for
from pake_pipelines.store.errors import StoreError

if TYPE_CHECKING:
    from pake_pipelines.store.database import Connection

_POLL_SECONDS: Final = 0.5
# somebody who only looks holds the lock for a moment
_GLANCES: Final = 3
# a command of the user's own ends itself in time; this is for when even that hangs
_GRACE_SECONDS: Final = 60


@dataclass(frozen=True, slots=True)
class _Work:
    """What is to be done: a function, within so many seconds, which `setting` changes."""

    function: TaskFunction
    seconds: float
    setting: str


async def run_task(place: Workplace, name: str, *, actor: str, wait_seconds: float = 0) -> Outcome:
    """Run the task `name` on behalf of `actor` and record it; another that is under way is waited for.

    What the task raises is recorded as failed and raised again. Raises MaintenanceError for an unknown task and for one
    that takes too long, BusyError when another is still under way after `wait_seconds`, StoreError when the knowledge
    database cannot be asked.
    """
    place, work = _prepared(place, name)
    async with _alone(place, wait_seconds):
        run_no = await _begin(place, name, actor)
        try:
            with observed(place.run_id, name):
                outcome = _without_secrets(await _within(work, name, place))
        except BaseException as error:
            ended = Outcome(TaskState.FAILED, redact(_sentence(error)))
            try:
                await _finish(place, run_no, name, actor, ended)
            except StoreError as lost:
                error.add_note(f"and the knowledge database could not be told: {lost}")
            raise
        await _finish(place, run_no, name, actor, outcome)
    return outcome


def _prepared(place: Workplace, name: str) -> tuple[Workplace, _Work]:
    """Return the place with the options of the task, and the work. Raises MaintenanceError for an unknown task."""
    if (kind := TASKS.get(name)) is not None:
        task = place.config.tasks.get(name, Task())
        prepared = replace(place, options={**kind.options, **place.options})
        return prepared, _Work(kind.load(), task.timeout_minutes * 60, f"tasks.{name}.timeout_minutes")
    if (own := place.config.custom_tasks.get(name)) is not None:
        seconds = own.timeout_seconds + _GRACE_SECONDS
        return place, _Work(custom.function(name, own), seconds, f"custom_tasks.{name}.timeout_seconds")
    known = ", ".join([*TASKS, *place.config.custom_tasks])
    raise MaintenanceError(f"no task {name!r}; there are {known}")


@asynccontextmanager
async def _alone(place: Workplace, wait_seconds: float) -> AsyncIterator[None]:
    """Hold the lock, by a connection that is there for nothing else: it goes when this process does."""
    patience = Patience(place.settings.connect_attempts, place.settings.connect_retry_seconds)
    connection = await wait_for(addresses(place.settings).knowledge, patience)
    try:
        await _take_turn(place, connection, wait_seconds)
        yield
        if not connection.is_closed():
            await maintenance_runs.unlock(connection)
    finally:
        await connection.close()


async def _take_turn(place: Workplace, connection: "Connection", wait_seconds: float) -> None:
    deadline, glances, told = time.monotonic() + wait_seconds, _GLANCES, False
    while not await maintenance_runs.lock(connection):
        async with place.open() as database, database.connection() as looking:
            busy = await maintenance_runs.current(looking)
        glances -= busy is None
        if time.monotonic() >= deadline and (busy or glances <= 0):
            raise BusyError(f"{_who(busy)}: only one task of maintenance runs at a time")
        if busy and not told:
            place.say(f"waiting: {_who(busy)}")
            told = True
        await asyncio.sleep(_POLL_SECONDS)


def _who(busy: maintenance_runs.TaskRun | None) -> str:
    if busy is None:
        return "another task is under way"
    return f"{busy.task} is under way since {busy.started_at:%Y-%m-%d %H:%M:%S} UTC, run by {busy.actor}"


async def _begin(place: Workplace, name: str, actor: str) -> int:
    async with place.open() as database, database.transaction() as connection:
        await maintenance_runs.close_abandoned(connection, place.clock())
        return await maintenance_runs.begin(
            connection, task=name, actor=actor, run_id=place.run_id, dry_run=place.dry_run, now=place.clock()
        )


async def _within(work: _Work, name: str, place: Workplace) -> Outcome:
    try:
        async with asyncio.timeout(work.seconds) as limit:
            return await work.function(place)
    except TimeoutError as error:
        if not limit.expired():
            raise
        raise MaintenanceError(
            f"{name} was stopped after {work.seconds / 60:g} minutes, the time that {work.setting} gives it"
        ) from error


def _without_secrets(outcome: Outcome) -> Outcome:
    return replace(outcome, summary=redact(outcome.summary), details=redact_value(outcome.details))


def _sentence(error: BaseException) -> str:
    if isinstance(error, MaintenanceError | StoreError):
        return str(error)
    if isinstance(error, asyncio.CancelledError | KeyboardInterrupt):
        return "it was stopped before its end"
    return f"{type(error).__name__}: {error}"


async def _finish(place: Workplace, run_no: int, name: str, actor: str, outcome: Outcome) -> None:
    """Record the end, and in the audit who had it done; a dry run does nothing that anybody could be asked about."""
    state, summary = outcome.state.value, outcome.summary
    async with place.open() as database, database.transaction() as connection:
        await maintenance_runs.finish(
            connection, run_no, state=state, summary=summary, details=outcome.details, now=place.clock()
        )
        if not place.dry_run:
            said = {"state": state, "summary": summary, "run_no": run_no, "run_id": place.run_id}
            await audit.record(connection, actor=actor, action=f"maintenance.{name}", subject=name, details=said)
