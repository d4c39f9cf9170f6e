"""The daily operations checklist (DOC-01, DOC-10)."""

from typing import Final

from pake_pipelines.reports.checklists import standing, tasks
from pake_pipelines.reports.checklists.evaluation import evaluate
from pake_pipelines.reports.checklists.item import CheckList, ListItem
from pake_pipelines.reports.checklists.reading import read
from pake_pipelines.reports.desk import Desk
from pake_pipelines.reports.document import Document

DAILY: Final = CheckList(
    "daily_operations_checklist",
    "Daily operations checklist",
    "daily",
    (
        ListItem(
            "health_status",
            "Health: every service serves",
            "`pake health --now`, then the page of what is down",
            standing.health,
            runbook="service-down",
        ),
        ListItem(
            "security_alerts",
            "No alert on security fires",
            "`pake alerts list`",
            standing.security_alerts,
            runbook="security-incident",
        ),
        ListItem(
            "performance_metrics",
            "Key figures are within their bounds",
            "`pake monitor check`",
            standing.key_figures,
            runbook="performance-declines",
        ),
        ListItem(
            "backup_status",
            "A young backup is there, and a proven one",
            "`pake backup create`, `pake backup verify --latest`",
            standing.backups,
            runbook="backup-old",
        ),
        ListItem(
            "error_logs",
            "The logs have no more errors than usual",
            "`pake monitor errors`",
            standing.error_logs,
            runbook="failed-runs",
            asset="log_report",
        ),
        ListItem(
            "service_availability",
            "Critical services served all day",
            "`pake services status`",
            standing.availability,
            runbook="service-down",
        ),
        ListItem(
            "log_rotation",
            "Logs were rotated and cleaned up",
            "`pake maintenance run log_cleanup`",
            tasks.done("log_cleanup", "daily"),
            runbook="maintenance-failed",
        ),
        ListItem(
            "docker_usage",
            "What Docker holds is known",
            "`pake maintenance run docker_usage`; without Docker, switch the task off",
            tasks.done("docker_usage", "daily"),
            runbook="maintenance-failed",
        ),
        ListItem(
            "database_upkeep",
            "The database was looked after",
            "`pake maintenance run database_upkeep`",
            tasks.any_done("daily", "database_upkeep", "full_optimization"),
            runbook="bloat",
        ),
    ),
)


async def write(desk: Desk) -> Document:
    """Write the checklist as of now."""
    return evaluate(DAILY, await read(desk, DAILY))
