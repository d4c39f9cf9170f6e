"""Which task a name means: those of the table, with hyphens or underscores, and the names that the guides give them."""

from typing import Annotated, Final

import typer

from pake_pipelines.cli.console import fail
from pake_pipelines.config.maintenance import MaintenanceConfig

# G4's names (MNT-32); hosts are not changed from here: what it updates or prunes there is looked at and reported
ALIASES: Final = {
    "log-rotation": "log_cleanup",
    "docker-cleanup": "docker_usage",
    "system-update": "system_updates",
    "security-update": "dependency_scan",
    "performance-optimization": "deep_optimization",
}
# what is no task of maintenance here, and the command that does it
ELSEWHERE: Final = {"health-check": "pake health --now", "monitoring-setup": "pake maintenance list"}

TaskArgument = Annotated[
    str | None, typer.Argument(metavar="TASK", help="A task; `pake maintenance list` shows them.", show_default=False)
]


def elsewhere(name: str) -> str | None:
    """Return the guides' name that `name` is, where it is no task of maintenance here."""
    guides = name.replace("_", "-")
    return guides if guides in ELSEWHERE else None


def known_task(config: MaintenanceConfig, name: str) -> str:
    """Return the task that `name` means, or end with a clear error."""
    plain, guides = name.replace("-", "_"), name.replace("_", "-")
    if plain in config.tasks or plain in config.custom_tasks:
        return plain
    if guides in ELSEWHERE:
        fail(f"{name} is no task of maintenance", hint=f"`{ELSEWHERE[guides]}` does it")
    if guides not in ALIASES:
        known = ", ".join([*config.tasks, *config.custom_tasks, *ALIASES])
        fail(f"no task {name!r}", hint=f"there are {known}")
    return ALIASES[guides]
