"""What is due: a task whose time has come since its last run began. Times are UTC, so that no hour comes twice.

A task that never ran is due since its last time before now: nobody has seen its work done. A run that was cut off
(`abandoned`) has not done its work either, and counts as none; one that failed has had its turn.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from pake_pipelines.config.maintenance import MaintenanceConfig
from pake_pipelines.config.schedule_text import cron_of

if TYPE_CHECKING:
    from pake_pipelines.store.maintenance_runs import TaskRun

# A clock that is put right goes back by seconds, or by an hour where somebody took local time for UTC: a run that lies
# so far ahead began just now. One that lies further ahead was dated by a clock that was wrong, and says nothing.
_SET_BACK: Final = timedelta(hours=1)
_RANKS: Final = {"high": 0, "medium": 1, "low": 2}


@dataclass(frozen=True, slots=True)
class Planned:
    """A task as the table has it; `cron` is None for one that has no time, or comes `after` another."""

    name: str
    cron: str | None
    priority: str
    enabled: bool = True
    after: str | None = None


@dataclass(frozen=True, slots=True)
class Due:
    """A task that is due since `since`; one that comes after another shares its moment."""

    name: str
    since: datetime
    after: str | None = None


def planned(config: MaintenanceConfig) -> list[Planned]:
    """Return all tasks, those of the user's own behind the others, in the order of the table."""
    table = [
        Planned(name, cron_of(task.schedule) if task.schedule else None, task.priority, task.enabled, task.after)
        for name, task in config.tasks.items()
    ]
    own = [
        Planned(name, cron_of(task.schedule) if task.schedule else None, task.priority, task.enabled)
        for name, task in config.custom_tasks.items()
    ]
    return table + own


def due(tasks: list[Planned], last: "Mapping[str, TaskRun]", now: datetime) -> list[Due]:
    """Return what is due at `now` in the order in which it is to run.

    By priority, then as the table has it; what comes after another follows it at once. `last` is the newest run of each
    task.
    """
    enabled = [task for task in tasks if task.enabled]
    found: list[Due] = []
    roots = [task for task in enabled if task.after is None]
    for root in sorted(roots, key=lambda task: _RANKS[task.priority]):
        found += _with_followers(root, enabled, last, now)
    return found


def _with_followers(root: Planned, tasks: list[Planned], last: "Mapping[str, TaskRun]", now: datetime) -> Iterator[Due]:
    since = _since(root, last.get(root.name), now)
    if since is not None:
        yield Due(root.name, since)
    for task in tasks:
        if task.after == root.name:
            owed = since or _owed_after(last.get(root.name), last.get(task.name))
            if owed is not None:
                yield Due(task.name, owed, after=root.name)


def _since(task: Planned, run: "TaskRun | None", now: datetime) -> datetime | None:
    if task.cron is None:
        return None
    moment = last_time(task.cron, now)
    began = None if run is None else _began(run, now)
    return moment if began is None or began < moment else None


def _began(run: "TaskRun", now: datetime) -> datetime | None:
    """Return when a run that counts began, None for one that does not."""
    if run.state == "abandoned" or run.started_at - now > _SET_BACK:
        return None
    return run.started_at


def _owed_after(parent: "TaskRun | None", run: "TaskRun | None") -> datetime | None:
    """Return when a task's parent has done its work without the task having followed, None where it has."""
    if parent is None or parent.state != "done" or parent.finished_at is None:
        return None
    if run is not None and run.state != "abandoned" and run.run_no > parent.run_no:
        return None
    return parent.finished_at


def last_time(cron: str, now: datetime) -> datetime:
    """Return the newest moment of `cron` that is not after `now`."""
    from cronsim import CronSim

    # the search begins before the moment it is given, and this minute's may have come
    return next(CronSim(cron, now.replace(second=0, microsecond=0) + timedelta(minutes=1), reverse=True))


def next_time(cron: str, now: datetime) -> datetime:
    """Return the first moment of `cron` after `now`."""
    from cronsim import CronSim

    return next(CronSim(cron, now))
