"""Typed form of `maintenance.yaml`: one table of tasks, and the rules that they work by."""

from typing import Annotated, Final, Literal

from pydantic import Field

from pake_pipelines.config.backups import Backups
from pake_pipelines.config.cache import CacheRules
from pake_pipelines.config.retention import Logs, Retention
from pake_pipelines.config.schedule_text import Schedule
from pake_pipelines.config.section import Faults, Section
from pake_pipelines.config.upkeep import Audit, Capacity, DagsterRetention, Upkeep

TASK_NAMES: Final = frozenset({
    "backup_proof", "backup_retention", "backup_verification", "backup_verification_all", "base_backup",
    "cache_cleanup", "cache_deep_cleanup", "cache_light_cleanup", "capacity_check", "config_backup",
    "configuration_audit", "dagster_upkeep", "database_backup", "database_upkeep", "deep_optimization",
    "dependency_scan", "docker_usage", "file_backup", "full_optimization", "log_cleanup", "monthly_archival",
    "recovery_drill", "retention_sweep", "semantic_dedup_cleanup", "storage_cleanup", "system_updates",
})  # fmt: skip
TaskName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=60)]
Category = Literal["system", "application", "data", "infrastructure"]
Rhythm = Literal["often", "daily", "weekly", "monthly", "yearly"]


class Task(Section):
    """When and how a task runs. `after` names the task whose run it belongs to instead of having a time of its own."""

    enabled: bool = True
    schedule: Schedule | None = None
    after: str | None = None
    timeout_minutes: float = Field(30, gt=0)
    priority: Literal["high", "medium", "low"] = "medium"
    retries: int = Field(0, ge=0, le=5)
    category: Category = "application"
    rhythm: Rhythm = "daily"


class CustomTask(Section):
    """A command of the user's own (MNT-23): an argument list, run without a shell, in the project's directory."""

    description: str = Field(min_length=1)
    command: tuple[str, ...] = Field(min_length=1)
    schedule: Schedule | None = None
    priority: Literal["high", "medium", "low"] = "medium"
    timeout_seconds: float = Field(600, gt=0)
    environment: tuple[str, ...] = Field(
        (), description="variables that are handed on; of others only PATH, HOME, LANG"
    )
    enabled: bool = False


class MaintenanceConfig(Section):
    """The whole file."""

    tasks: dict[TaskName, Task]
    custom_tasks: dict[TaskName, CustomTask] = Field(default_factory=dict)
    allow_custom_tasks: bool = Field(False, description="commands run with the rights of whoever runs Dagster")
    backup: Backups = Backups()
    cache: CacheRules = CacheRules()
    logs: Logs = Logs()
    retention: Retention = Retention()
    upkeep: Upkeep = Upkeep()
    dagster: DagsterRetention = DagsterRetention()
    capacity: Capacity = Capacity()
    audit: Audit = Audit()

    def faults(self) -> Faults:
        """Yield everything that only the whole file can tell."""
        for name, task in self.tasks.items():
            if name not in TASK_NAMES:
                yield ("tasks", name), f"no task of that name; there are {', '.join(sorted(TASK_NAMES))}"
            if task.after is not None and task.after not in self.tasks:
                yield ("tasks", name, "after"), f"no task {task.after!r}"
            if task.after is not None and task.schedule is not None:
                yield ("tasks", name, "schedule"), "a task has a time of its own or comes after another, not both"
        for name, custom in self.custom_tasks.items():
            if name in self.tasks:
                yield ("custom_tasks", name), "a task of this name exists"
            if custom.enabled and not self.allow_custom_tasks:
                yield ("custom_tasks", name, "enabled"), "needs allow_custom_tasks: true"
        for section in ("cache", "logs"):
            for path, message in getattr(self, section).faults():
                yield (section, *path), message
