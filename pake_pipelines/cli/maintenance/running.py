"""`pake maintenance run` and `due`, and whole rhythms at once: tasks run here, in this process, one after another."""

import asyncio
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from typing import Annotated, Any, Final
from uuid import uuid4

import typer
from rich.markup import escape

from pake_pipelines.cli.actor import at_the_terminal
from pake_pipelines.cli.ages import ago, moment
from pake_pipelines.cli.console import err, fail, out, print_json
from pake_pipelines.cli.health import health
from pake_pipelines.cli.maintenance.listing import COLOURS, last_runs, list_tasks
from pake_pipelines.cli.maintenance.names import elsewhere, known_task
from pake_pipelines.cli.maintenance.telling import tell_dagster
from pake_pipelines.cli.sources.options import Json
from pake_pipelines.cli.stack import database_up
from pake_pipelines.cli.tables import Rows
from pake_pipelines.config.loading import load_maintenance
from pake_pipelines.config.maintenance import MaintenanceConfig, Rhythm
from pake_pipelines.maintenance.due import Due, planned
from pake_pipelines.maintenance.due import due as due_of
from pake_pipelines.maintenance.errors import BusyError, MaintenanceError
from pake_pipelines.maintenance.workplace import Workplace
from pake_pipelines.model.maintenance import Outcome, TaskState
from pake_pipelines.redaction import redact
from pake_pipelines.settings import Settings, get_settings
from pake_pipelines.store.errors import StoreError

FAILED: Final = 1
UNAVAILABLE: Final = 3
_WAIT_SECONDS: Final = 600

DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would be done, and do nothing.")]
Wait = Annotated[bool, typer.Option("--wait", help="Wait up to ten minutes for a task that is under way.")]
TaskName = Annotated[str, typer.Argument(metavar="TASK", help="A task, or the guides' name of one.")]


@dataclass(frozen=True, slots=True)
class Ran:
    """A task that was run here, how it ended, and why Dagster was not told, if it was not."""

    task: str
    state: TaskState
    summary: str
    details: dict[str, Any]
    not_told: str | None = None


def run(task: TaskName, dry_run: DryRun = False, wait: Wait = False, as_json: Json = False) -> None:
    """Run TASK now, whatever its time. Exit code 0: done; 1: failed; 3: unavailable.

    `health-check` is `pake health --now`; `monitoring-setup` has nothing to set up, for schedules are part of the code.
    """
    settings = get_settings()
    match elsewhere(task):
        case "health-check":
            health(now=True, as_json=as_json)
        case "monitoring-setup":
            list_tasks(as_json=as_json)
            return
    name = known_task(load_maintenance(settings.configs), task)
    ran = run_all(settings, [name], dry_run=dry_run, wait=wait, quiet=as_json)
    if as_json:
        print_json(asdict(ran[0]))
    end(ran)


def due(
    run_them: Annotated[bool, typer.Option("--run", help="Run them, one after another.")] = False,
    wait: Wait = False,
    as_json: Json = False,
) -> None:
    """Show what is due: tasks whose time has come since they last ran. `--run` runs them in this order."""
    settings, now = get_settings(), datetime.now(UTC)
    config = load_maintenance(settings.configs)
    with database_up(settings) if run_them else nullcontext():
        known = last_runs(settings)
        if known is None:
            raise typer.Exit(FAILED)
        found = due_of(planned(config), known, now)
        if not run_them:
            _show_due(found, now, as_json=as_json)
            return
        ran = run_all(settings, [one.name for one in found], wait=wait, quiet=as_json)
    if as_json:
        print_json([asdict(one) for one in ran])
    elif not ran:
        out.print("nothing is due")
    end(ran)


def run_rhythms(settings: Settings, rhythms: Sequence[Rhythm], *, dry_run: bool, verbose: bool) -> None:
    """Run all enabled tasks of some rhythms, in the order in which they follow each other."""
    names = of_rhythms(load_maintenance(settings.configs), rhythms)
    if not names:
        fail(f"no {' or '.join(rhythms)} task is enabled", hint="`pake maintenance list` shows them all")
    out.print(f"[bold]{', '.join(rhythms)}[/]: {', '.join(names)}", soft_wrap=True)
    end(run_all(settings, names, dry_run=dry_run, wait=True, verbose=verbose))


def of_rhythms(config: MaintenanceConfig, rhythms: Sequence[Rhythm]) -> list[str]:
    """Return the enabled tasks of some rhythms in the order of need; those that come after another follow it.

    Yearly ones are switched off for the hours that they take: who asks for them by hand means to spend these.
    """
    wanted = {name for name, task in config.tasks.items() if task.rhythm in rhythms}
    listed = [
        replace(task, enabled=task.enabled or config.tasks[task.name].rhythm == "yearly")
        for task in planned(config)
        if task.name in wanted
    ]
    return [one.name for one in due_of(listed, {}, datetime.now(UTC))]


def run_all(
    settings: Settings,
    names: Sequence[str],
    *,
    dry_run: bool = False,
    wait: bool = False,
    quiet: bool = False,
    verbose: bool = False,
) -> list[Ran]:
    """Run tasks one after another, saying how each goes; one that fails does not keep the next from running.

    What comes after a task that did not do its work is passed over. Raises StoreError when there is no database.
    """
    config = load_maintenance(settings.configs)
    done: list[Ran] = []
    with database_up(settings):
        for name in names:
            parent = config.tasks[name].after if name in config.tasks else None
            stopped = next((one for one in done if one.task == parent and one.state is not TaskState.DONE), None)
            if stopped:
                ran = Ran(name, TaskState.SKIPPED, f"{stopped.task} is {stopped.state.value}", {})
            else:
                ran = _run(settings, config, name, dry_run=dry_run, wait=wait, quiet=quiet)
            done.append(ran)
            if not quiet:
                _show(ran, verbose=verbose or len(names) == 1)
    return done


def _run(settings: Settings, config: MaintenanceConfig, name: str, *, dry_run: bool, wait: bool, quiet: bool) -> Ran:
    from pake_pipelines.maintenance.runner import run_task

    place = Workplace(
        settings,
        config,
        f"cli-{uuid4()}",
        dry_run=dry_run,
        say=lambda line: None if quiet else err.print(f"[dim]{escape(redact(line))}[/]", soft_wrap=True),
    )
    shown = err.status(f"{name} …") if err.is_terminal and not quiet else nullcontext()
    try:
        with shown:
            work = run_task(place, name, actor=at_the_terminal(), wait_seconds=_WAIT_SECONDS if wait else 0)
            outcome = asyncio.run(work)
    except BusyError as error:
        fail(str(error), hint="`--wait` waits for it")
    except (MaintenanceError, StoreError) as error:
        outcome = Outcome(TaskState.FAILED, redact(str(error)))
    not_told = None if dry_run else tell_dagster(settings, name, outcome)
    return Ran(name, outcome.state, outcome.summary, dict(outcome.details), not_told)


def _show(ran: Ran, *, verbose: bool) -> None:
    out.print(f"[{COLOURS[ran.state]}]{ran.state.value:<11}[/] {ran.task}: {escape(ran.summary)}", soft_wrap=True)
    if verbose:
        for name, value in ran.details.items():
            _show_detail(name, value)
    if ran.not_told:
        err.print(f"[yellow]Dagster's history does not have it: {escape(ran.not_told)}[/]", soft_wrap=True)


def _show_detail(name: str, value: Any) -> None:
    if isinstance(value, list) and value and all(isinstance(row, dict) for row in value):
        columns = list(dict.fromkeys(str(column) for row in value for column in row))
        table = Rows(*columns, folding=columns)
        for row in value:
            table.add_row(*(row.get(column) for column in columns))
        out.print(f"  {name}:")
        out.print(table)
    elif value not in (None, "", [], {}):
        out.print(f"  {name}: {escape(str(value))}", soft_wrap=True)


def _show_due(found: Sequence[Due], now: datetime, *, as_json: bool) -> None:
    if as_json:
        print_json([asdict(one) for one in found])
        return
    for one in found:
        why = f"after {one.after}" if one.after else f"since {moment(one.since)} UTC, {ago(one.since, now)}"
        out.print(f"{one.name:<26} {why}")
    if not found:
        out.print("nothing is due")


def end(ran: Sequence[Ran]) -> None:
    """End with 1 when a task failed, with 3 when none failed and one was unavailable."""
    states = {one.state for one in ran}
    if TaskState.FAILED in states:
        raise typer.Exit(FAILED)
    if TaskState.UNAVAILABLE in states:
        raise typer.Exit(UNAVAILABLE)
