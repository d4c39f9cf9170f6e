"""The tasks: what each is called, does, and by which function. When it runs stands in `maintenance.yaml`."""

import importlib
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from pake_pipelines.maintenance.workplace import Workplace
from pake_pipelines.model.maintenance import Outcome

TaskFunction = Callable[[Workplace], Awaitable[Outcome]]
_ROOM: Final = "pake_pipelines.maintenance"


@dataclass(frozen=True, slots=True)
class TaskKind:
    """A task: `function` is `module:name` below this room, imported when it runs; `options` tell its levels apart."""

    function: str
    description: str
    kinds: frozenset[str] = frozenset({"python", "postgres"})
    options: Mapping[str, Any] = field(default_factory=dict)

    def load(self) -> TaskFunction:
        """Import the function."""
        module, _, name = self.function.partition(":")
        found: TaskFunction = getattr(importlib.import_module(f"{_ROOM}.{module}"), name)
        return found


TASKS: Final[Mapping[str, TaskKind]] = {
    "database_backup": TaskKind(
        "backup.create:run",
        "Dumps the databases from one snapshot each, with a manifest of checksums, row counts and row hashes (BAK-01).",
    ),
    "config_backup": TaskKind(
        "backup.configuration:run", "Packs the configuration files, without secrets (BAK-03).", frozenset({"python"})
    ),
    "file_backup": TaskKind(
        "backup.mirror:run",
        "Copies the files that no dump holds beside the backups: archives of items, and raw bytes where asked for.",
        frozenset({"python"}),
    ),
    "backup_proof": TaskKind(
        "backup.verification:prove_newest",
        "Restores the newest backup into a scratch server and compares every row: proven, damaged or unavailable.",
    ),
    "base_backup": TaskKind(
        "backup.base:run",
        "Takes a base backup when one is due, and removes base backups and log that no moment of the kept days needs.",
    ),
    "backup_retention": TaskKind(
        "backup.retention:run",
        "Removes backups that are older than they are kept. The last proven one stays, however old (BAK-14).",
        frozenset({"python"}),
    ),
    "backup_verification": TaskKind(
        "backup.verification:run",
        "Proves the newest backup once more, bytes as they lie there now (BAK-10).",
        options={"scope": "latest"},
    ),
    "backup_verification_all": TaskKind(
        "backup.verification:run", "Proves every backup that is kept (BAK-10).", options={"scope": "all"}
    ),
    "recovery_drill": TaskKind(
        "backup.drill:run",
        "Builds everything from the newest backup in a scratch place, runs a partition there, measures RPO and RTO.",
    ),
    "log_cleanup": TaskKind(
        "cleanup.logs:run", "Rotates log files, packs old ones and deletes the oldest (LOG-07).", frozenset({"python"})
    ),
    "storage_cleanup": TaskKind(
        "cleanup.storage:run",
        "Removes temporary files that nobody has open, and raw bytes that nothing refers to (MNT-33).",
    ),
    "retention_sweep": TaskKind(
        "retention.sweep:run",
        "Moves items that are too old, or too many for their source, into archive files that are read back before any "
        "row goes (ING-16).",
    ),
    "monthly_archival": TaskKind(
        "retention.reports:run", "Packs old reports into an archive of their month (MNT-14).", frozenset({"python"})
    ),
    "cache_light_cleanup": TaskKind(
        "cache.cleanup:run", "Removes cache entries that have expired (CCH-04).", options={"level": "light"}
    ),
    "cache_cleanup": TaskKind(
        "cache.cleanup:run", "Cleans the cache as far as its state asks for (CCH-01..04).", options={"level": "smart"}
    ),
    "cache_deep_cleanup": TaskKind(
        "cache.cleanup:run",
        "Chooses the policy by replaying the access log and brings the cache down to its target (CCH-09).",
        options={"level": "deep"},
    ),
    "semantic_dedup_cleanup": TaskKind(
        "duplicates:run",
        "Archives nodes that repeat their group's canonical node and removes vectors and signatures that no text needs "
        "any more. Its figures count what was really done. Nothing that was read is deleted.",
    ),
    "database_upkeep": TaskKind(
        "upkeep.database:run",
        "Vacuums and analyzes the tables that need it, and reports sizes, unused indexes and the vector index (DB-16).",
        options={"level": "light"},
    ),
    "full_optimization": TaskKind(
        "upkeep.database:run",
        "The same, and rebuilds bloated or invalid indexes without stopping writers (MNT-13).",
        options={"level": "full"},
    ),
    "deep_optimization": TaskKind(
        "upkeep.database:run",
        "The same with half of the bound for bloat, and a vector index that finds too little, after a proven backup "
        "(MNT-30, BAK-15).",
        options={"level": "deep"},
    ),
    "dagster_upkeep": TaskKind(
        "upkeep.dagster:run",
        "Prunes Dagster's own records by age; materializations and check results stay (MNT-22).",
    ),
    "capacity_check": TaskKind(
        "host.capacity:run", "Holds a window of processor, memory, disk and database samples against their bounds."
    ),
    "docker_usage": TaskKind(
        "host.docker:run", "Reports what Docker holds on this host; prunes nothing (MNT-33).", frozenset({"python"})
    ),
    "system_updates": TaskKind(
        "host.updates:run", "Reports pending updates of the system, security updates apart.", frozenset({"python"})
    ),
    "dependency_scan": TaskKind(
        "audit.dependencies:run",
        "Looks for known vulnerabilities in the installed packages; says `unavailable` where nobody could be asked.",
        frozenset({"python"}),
    ),
    "configuration_audit": TaskKind(
        "audit.configuration:run",
        "Looks for placeholders, example secrets, secrets used twice, open files and bindings (SEC-06, SEC-09).",
        frozenset({"python"}),
    ),
}
