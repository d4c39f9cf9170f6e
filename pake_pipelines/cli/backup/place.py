"""Where the commands of backups work."""

from collections.abc import Callable
from typing import Any

from pake_pipelines.cli.console import fail
from pake_pipelines.config.loading import load_maintenance
from pake_pipelines.maintenance.backup.targets import Target
from pake_pipelines.maintenance.workplace import Workplace
from pake_pipelines.settings import get_settings


def workplace(*, dry_run: bool = False, say: Callable[[str], None] = lambda _: None, **options: Any) -> Workplace:
    """Return a workplace with this machine's settings and rules; `options` are those of the task."""
    settings = get_settings()
    return Workplace(settings, load_maintenance(settings.configs), dry_run=dry_run, options=options, say=say)


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
