"""The monthly operations checklist (DOC-03, DOC-12, MNT-25, BAK-06)."""

from typing import Final

from pake_pipelines.reports.checklists import ahead, standing, tasks
from pake_pipelines.reports.checklists.evaluation import evaluate
from pake_pipelines.reports.checklists.item import CheckList, ListItem, both
from pake_pipelines.reports.checklists.reading import read
from pake_pipelines.reports.desk import Desk
from pake_pipelines.reports.document import Document

MONTHLY: Final = CheckList(
    "monthly_operations_checklist",
    "Monthly operations checklist",
    "monthly",
    (
        ListItem(
            "security_audit",
            "Configuration and dependencies were audited, without findings",
            "`pake maintenance run configuration_audit`, `pake maintenance run dependency_scan`",
            both(
                tasks.without("monthly", "configuration_audit", tasks.ERRORS),
                tasks.without("monthly", "dependency_scan", tasks.VULNERABILITIES),
            ),
            runbook="vulnerabilities",
        ),
        ListItem(
            "security_updates",
            "No update of the system is pending",
            "install them with the package manager of the system",
            tasks.without("monthly", "system_updates", tasks.PENDING),
            runbook="pending-updates",
        ),
        ListItem(
            "performance_optimization",
            "The database was optimised thoroughly",
            "`pake maintenance run deep_optimization`",
            tasks.done("deep_optimization", "monthly"),
            runbook="bloat",
        ),
        ListItem(
            "capacity_assessment",
            "The capacity report was made",
            "`pake report run capacity_report`, and read it",
            ahead.report_made("capacity_report", "monthly"),
            asset="capacity_report",
        ),
        ListItem(
            "backup_test",
            "A backup of the month was restored and compared",
            "`pake backup verify --latest`",
            standing.restored("monthly"),
            runbook="backup-damaged",
        ),
        ListItem(
            "recovery_test",
            "Recovery was tried in a scratch place",
            "`pake backup drill`",
            tasks.done("recovery_drill", "monthly"),
            runbook="restore",
        ),
        ListItem(
            "incident_review",
            "All incidents of the month are closed",
            "`pake incidents list`",
            standing.incidents_closed,
            runbook="incidents",
        ),
        ListItem(
            "clean_up",
            "Files, backups, items and old records were cleaned up",
            "`pake maintenance list`",
            tasks.all_done(
                "monthly", "storage_cleanup", "log_cleanup", "backup_retention", "retention_sweep", "monthly_archival"
            ),
            runbook="maintenance-failed",
        ),
        ListItem(
            "thresholds",
            "Bounds of alerts and key figures were reviewed",
            "`pake alerts rules`: which fired for nothing, which should have?",
        ),
        ListItem(
            "architecture",
            "The architecture was reviewed",
            "docs/architecture.md: is it still so, and would you still do it so?",
        ),
        ListItem(
            "documentation",
            "Documentation was reviewed",
            "docs/: try a runbook that was not needed this month",
        ),
    ),
)


async def write(desk: Desk) -> Document:
    """Write the checklist as of now."""
    return evaluate(MONTHLY, await read(desk, MONTHLY))
