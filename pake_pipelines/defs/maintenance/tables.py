"""What Dagster shows of a task, whether the table of tasks has it or the user's own commands do."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from pake_pipelines.config.maintenance import CustomTask, MaintenanceConfig, Task
from pake_pipelines.config.schedule_text import cron_of
from pake_pipelines.maintenance.tasks import TASKS

BACKUP: Final = "database_backup"
PROOF: Final = "backup_proof"
# a task that looks at what another asset holds
_BEHIND: Final[Mapping[str, str]] = {"semantic_dedup_cleanup": "knowledge_nodes", "retention_sweep": "knowledge_nodes"}
# a run may wait for one that was begun at the terminal, which no pool knows of
WAIT_SECONDS: Final = 600


@dataclass(frozen=True, slots=True)
class Face:
    """A task as an asset: what it says of itself, when it runs and by which rules; times in seconds."""

    name: str
    description: str
    kinds: frozenset[str]
    category: str
    rhythm: str
    priority: str
    retries: int
    seconds: float
    schedule: str | None
    after: str | None
    enabled: bool

    @property
    def cron(self) -> str | None:
        """When it runs, as cron; None where it has no time of its own."""
        return cron_of(self.schedule) if self.schedule else None

    @property
    def behind(self) -> tuple[str, ...]:
        """The assets that it comes after."""
        return tuple(name for name in (self.after, _BEHIND.get(self.name)) if name)

    @property
    def when(self) -> str:
        """When it runs, in words."""
        said = f"after `{self.after}`" if self.after else f"{self.schedule} UTC" if self.schedule else "on demand"
        return f"{said}, within {self.seconds / 60:g} minutes" + ("" if self.enabled else "; switched off")


def faces(config: MaintenanceConfig) -> list[Face]:
    """Return the faces of all tasks in the order of the table, the user's own behind."""
    return [*_of_table(config.tasks), *_of_user(config.custom_tasks)]


def _of_table(tasks: Mapping[str, Task]) -> Iterator[Face]:
    for name, task in tasks.items():
        kind = TASKS[name]
        yield Face(
            name=name,
            description=kind.description,
            kinds=kind.kinds,
            category=task.category,
            rhythm=task.rhythm,
            priority=task.priority,
            retries=task.retries,
            seconds=task.timeout_minutes * 60,
            schedule=task.schedule,
            after=task.after,
            enabled=task.enabled,
        )


def _of_user(tasks: Mapping[str, CustomTask]) -> Iterator[Face]:
    for name, task in tasks.items():
        yield Face(
            name=name,
            description=f"{task.description} Runs {' '.join(task.command)!r} without a shell (MNT-23).",
            kinds=frozenset({"shell"}),
            category="application",
            rhythm="custom",
            priority=task.priority,
            retries=0,
            seconds=task.timeout_seconds,
            schedule=task.schedule,
            after=None,
            enabled=task.enabled,
        )
