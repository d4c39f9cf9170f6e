"""`pake maintenance list` and `history`: what is done when, and what came of it."""

from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from itertools import groupby
from typing import Annotated, Any, Final

import typer
from rich.text import Text

from pake_pipelines.cli.ages import ago, lasting, moment
from pake_pipelines.cli.console import err, out, print_json
from pake_pipelines.cli.maintenance.names import TaskArgument, known_task
from pake_pipelines.cli.sources.options import Json, ask
from pake_pipelines.cli.tables import Rows
from pake_pipelines.config.loading import load_maintenance
from pake_pipelines.config.maintenance import MaintenanceConfig
from pake_pipelines.maintenance.due import next_time, planned
from pake_pipelines.settings import Settings, get_settings
from pake_pipelines.store import maintenance_runs
from pake_pipelines.store.database import Connection
from pake_pipelines.store.errors import StoreError
from pake_pipelines.store.maintenance_runs import TaskRun

COLOURS: Final = {
    "done": "green",
    "skipped": "dim",
    "running": "cyan",
    "unavailable": "yellow",
    "abandoned": "red",
    "failed": "red",
}


@dataclass(frozen=True, slots=True)
class Line:
    """A task: when it runs, and its last run; `next` is None for one that does not run by itself."""

    task: str
    category: str
    rhythm: str
    schedule: str
    cron: str | None
    enabled: bool
    next: datetime | None
    last_state: str | None
    last_began: datetime | None
    last_summary: str | None


def list_tasks(as_json: Json = False) -> None:
    """List all tasks with their times and their last runs."""
    settings, now = get_settings(), datetime.now(UTC)
    config = load_maintenance(settings.configs)
    last = last_runs(settings)
    runs = last or {}
    lines = [_line(config, task.name, runs.get(task.name), now, settings) for task in planned(config)]
    if as_json:
        print_json([asdict(one) for one in lines])
        return
    if not settings.automation_enabled:
        out.print("[yellow]no task starts by itself: PAKE_AUTOMATION_ENABLED is off[/]")
    table = Rows("task", "category", "when (UTC)", "next (UTC)", "last run", folding={"when (UTC)", "last run"})
    for rhythm, of_rhythm in groupby(lines, key=lambda one: one.rhythm):
        table.add_row(Text(rhythm, "bold dim"))
        for one in of_rhythm:
            table.add_row(
                Text(f"  {one.task}", "" if one.enabled else "dim"), *_row_of(one, now, known=last is not None)
            )
    out.print(table)


def _row_of(line: Line, now: datetime, *, known: bool) -> tuple[str | Text, ...]:
    following = f"{line.next:%a %d %b %H:%M}" if line.next else "" if line.enabled else "off"
    return line.category, line.schedule, following, _last(line, now) if known else Text("unknown", "magenta")


def last_runs(settings: Settings) -> dict[str, TaskRun] | None:
    """Return the newest run of each task; None, which is said, while the database does not answer."""
    try:
        return ask(settings, _seen)
    except StoreError as error:
        err.print(f"[yellow]what ran is not known: {error}[/]", soft_wrap=True)
        return None


async def _seen(connection: Connection) -> dict[str, TaskRun]:
    await maintenance_runs.close_abandoned_if_free(connection, datetime.now(UTC))
    return await maintenance_runs.latest(connection)


def _line(config: MaintenanceConfig, name: str, run: TaskRun | None, now: datetime, settings: Settings) -> Line:
    task = next(one for one in planned(config) if one.name == name)
    listed = config.tasks.get(name)
    own = config.custom_tasks.get(name)
    schedule = (listed.schedule if listed else own.schedule if own else None) or ""
    runs_itself = task.enabled and settings.automation_enabled
    return Line(
        task=name,
        category=listed.category if listed else "custom",
        rhythm=listed.rhythm if listed else "custom",
        schedule=f"after {task.after}" if task.after else schedule or "on demand",
        cron=task.cron,
        enabled=task.enabled,
        next=next_time(task.cron, now) if task.cron and runs_itself else None,
        last_state=run.state if run else None,
        last_began=run.started_at if run else None,
        last_summary=run.summary if run else None,
    )


def _last(line: Line, now: datetime) -> Text:
    if line.last_state is None or line.last_began is None:
        return Text("never", "dim")
    said = Text.assemble((line.last_state, COLOURS[line.last_state]), f" {ago(line.last_began, now)}")
    worth_saying = line.last_summary and line.last_state not in {"done", "running"}
    return said + Text(f": {line.last_summary}" if worth_saying else "")


def history(
    task: TaskArgument = None,
    limit: Annotated[int, typer.Option("--limit", min=1, max=10_000, help="How many runs.")] = 20,
    as_json: Json = False,
) -> None:
    """Show the last runs, of TASK or of all: when, by whom, how long, and how they ended."""
    settings = get_settings()
    name = known_task(load_maintenance(settings.configs), task) if task else None

    async def read(connection: Connection) -> list[TaskRun]:
        await maintenance_runs.close_abandoned_if_free(connection, datetime.now(UTC))
        return list(await maintenance_runs.history(connection, name, limit))

    runs = ask(settings, read)
    if as_json:
        print_json([asdict(one) for one in runs])
        return
    table = Rows("began (UTC)", "task", "by", "took", "state", "what came of it")
    for run in runs:
        table.add_row(*_row(run))
    out.print(table if runs else "nothing has run yet")


def _row(run: TaskRun) -> tuple[Any, ...]:
    took = lasting(run.finished_at - run.started_at) if run.finished_at else ""
    state = Text(run.state + (" (dry run)" if run.dry_run else ""), COLOURS[run.state])
    return moment(run.started_at), run.task, run.actor, took, state, run.summary
