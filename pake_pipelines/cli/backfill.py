"""Reading sources for a range of days, as a backfill that Dagster carries out and its UI shows."""

import time
from collections.abc import Mapping, Sequence
from typing import Any, Final

import typer
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from pake_pipelines.cli.backfill_api import DAEMON_SECONDS, BackfillState, backfill_state, launch_backfill
from pake_pipelines.cli.backfill_days import DONE, DayOutcome, what_came_of
from pake_pipelines.cli.console import err, out
from pake_pipelines.cli.dagster_api import DagsterApi, DagsterError, RunState
from pake_pipelines.pipeline.names import BEHIND_SOURCES, INGEST
from pake_pipelines.reports.amounts import counted

_POLL_SECONDS: Final = 1.5
_DAEMON: Final = "BACKFILL"
# a run that a schedule asks for (10 to -5) goes before the days that wait
_PRIORITY: Final = "-10"
_MARKS: Final = {DONE: "[green]✓[/]", "partly done": "[yellow]![/]"}
_INTERRUPTED: Final = 130


def backfill(
    api: DagsterApi, slugs: Sequence[str], days: Sequence[str], fetch: Mapping[str, Any], *, ends_with_us: bool
) -> tuple[str, BackfillState, list[DayOutcome]]:
    """Launch a backfill, show how it goes, and return its id, how it stands and what came of each day.

    `ends_with_us` tells that Dagster was started for this command alone. Raises DagsterError; Ctrl-C ends the command
    and leaves the backfill as it is.
    """
    _wait_for_daemon(api)
    backfill_id = launch_backfill(
        api,
        INGEST,
        days,
        [["source", slug] for slug in slugs] + [[name] for name in BEHIND_SOURCES],
        config={"ops": {"read_sources": {"config": dict(fetch)}}},
        tags={"pake/launched_by": "pake", "dagster/priority": _PRIORITY},
        title=f"{days[0]} to {days[-1]}: {', '.join(slugs)}"[:100],
    )
    address = f"{api.address}/runs/b/{backfill_id}"
    out.print(f"[bold]{escape(', '.join(slugs))}[/], {days[0]} to {days[-1]}  {address}", soft_wrap=True)
    try:
        state, ended = _follow(api, backfill_id, slugs, days)
    except KeyboardInterrupt:
        _say_that_it_goes_on(address, ends_with_us=ends_with_us)
        raise typer.Exit(_INTERRUPTED) from None
    outcomes = [what_came_of(day, slugs, ended.get(day)) for day in days]
    _say_what_came(state, outcomes)
    return backfill_id, state, outcomes


def _wait_for_daemon(api: DagsterApi) -> None:
    """Wait until the daemon that carries out backfills has reported. Raises DagsterError when it does not."""
    deadline = time.monotonic() + 2 * DAEMON_SECONDS
    while not api.daemons().get(_DAEMON):
        if time.monotonic() > deadline:
            raise DagsterError(
                "Dagster's backfill daemon does not run, so that no day would be read: see `pake status`"
            )
        time.sleep(_POLL_SECONDS)


def _follow(
    api: DagsterApi, backfill_id: str, slugs: Sequence[str], days: Sequence[str]
) -> tuple[BackfillState, dict[str, RunState]]:
    """Say what came of each day as it ends; return the state of the backfill at its end and the runs of its days."""
    ended: dict[str, RunState] = {}
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=out, transient=True, disable=not out.is_terminal) as progress:
        task = progress.add_task("", total=len(days))
        while True:
            state = backfill_state(api, backfill_id, len(days))
            for day in days:
                if day not in ended and day in state.runs and state.runs[day].over:
                    ended[day] = api.run(state.runs[day].run_id)
                    _say_day(what_came_of(day, slugs, ended[day]))
            progress.update(task, completed=len(ended), description=_under_way(state, days))
            if state.over(days):
                return state, ended
            time.sleep(_POLL_SECONDS)


def _under_way(state: BackfillState, days: Sequence[str]) -> str:
    if not state.runs:
        return f"Dagster looks for backfills every {DAEMON_SECONDS} s"
    begun = [day for day in days if day in state.runs and state.runs[day].status == "STARTED"]
    return f"reading {', '.join(begun)}" if begun else "waiting for a turn"


def _say_day(day: DayOutcome) -> None:
    mark = _MARKS.get(day.status, "[red]✗[/]")
    out.print(f"{mark} {day.day}  {day.status}{escape(_counts(day))}", soft_wrap=True)
    for cause in day.causes:
        out.print(f"    [yellow]{escape(cause)}[/]", soft_wrap=True)


def _counts(day: DayOutcome) -> str:
    said = [f"{day.total('new')} new", f"{day.total('updated')} updated", f"{day.total('unchanged')} unchanged"]
    if left_over := day.total("left_over"):
        said.append(f"at least {left_over} left for next time")
    if day.items is not None:
        said.append(f"the day holds {counted(day.items, 'item')}")
    if day.replayed:
        said.append(f"from the archive: {', '.join(day.replayed)}")
    return f": {', '.join(said)}" if any(one.read for one in day.sources.values()) else ""


def _say_what_came(state: BackfillState, outcomes: Sequence[DayOutcome]) -> None:
    by_status: dict[str, list[str]] = {}
    for one in outcomes:
        by_status.setdefault(one.status, []).append(one.day)
    counts = ", ".join(f"{len(found)} {status}" for status, found in by_status.items())
    new = sum(one.total("new") for one in outcomes)
    out.print(f"[bold]{counted(len(outcomes), 'day')}[/]: {counts}; {counted(new, 'new item')}", soft_wrap=True)
    if state.error:
        err.print(f"[red]the backfill itself failed:[/] {escape(state.error)}", soft_wrap=True)
    left = [one.day for one in outcomes if one.status != DONE]
    if left:
        err.print(
            f"[red]not done:[/] {', '.join(left)}. Days that are done stay done; the same command tries all again.",
            soft_wrap=True,
        )


def _say_that_it_goes_on(address: str, *, ends_with_us: bool) -> None:
    if ends_with_us:
        err.print(
            "Dagster was started for this command and stops with it. Days that wait go on with the next `pake up`; "
            "a day that was being read has to be asked for again.",
            soft_wrap=True,
        )
    else:
        err.print(f"Only watching has ended: the backfill goes on, at {address}", soft_wrap=True)
