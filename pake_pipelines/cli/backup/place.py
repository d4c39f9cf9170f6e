"""Where the commands of backups work."""

from collections.abc import Callable
from typing import Any

from rich.markup import escape

from pake_pipelines.cli.actor import at_the_terminal
from pake_pipelines.cli.console import err, fail
from pake_pipelines.config.loading import load_maintenance
from pake_pipelines.maintenance.backup.targets import Target
from pake_pipelines.maintenance.tasks import TaskFunction
from pake_pipelines.maintenance.workplace import Workplace
from pake_pipelines.model.maintenance import Outcome
from pake_pipelines.settings import get_settings
from pake_pipelines.store.database import ONCE, addresses, open_database
from pake_pipelines.store.errors import StoreError


def workplace(*, dry_run: bool = False, say: Callable[[str], None] = lambda _: None, **options: Any) -> Workplace:
    """Return a workplace with this machine's settings and rules; `options` are those of the task."""
    settings = get_settings()
    return Workplace(settings, load_maintenance(settings.configs), dry_run=dry_run, options=options, say=say)


def told(line: str) -> None:
    """Show a line of progress."""
    err.print(f"[dim]{escape(line)}[/]", soft_wrap=True)


async def on_record(place: Workplace, task: str, run: TaskFunction) -> Outcome:
    """Run `task` on record; where the database is lost, which is when it matters most, `run` does it without one."""
    from pake_pipelines.maintenance.runner import run_task

    try:
        async with open_database(addresses(place.settings).knowledge, ONCE):
            pass
    except StoreError as error:
        err.print(f"[yellow]not recorded: {escape(str(error))}[/]", soft_wrap=True)
        return await run(place)
    return await run_task(place, task, actor=at_the_terminal())


def named(target: Target, name: str) -> str:
    """Return the backup that is meant by its name or by `latest`, or end with a clear error."""
    with target.told():
        names = target.names()
    if not names:
        fail(f"there is no backup in {target.shown}", hint="`pake backup create` makes one")
    if name == "latest":
        return names[-1]
    if name not in names:
        fail(f"no backup {name!r} in {target.shown}", hint="`pake backup list` shows them all")
    return name
