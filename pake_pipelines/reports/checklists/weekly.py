"""The weekly operations checklist (DOC-02, DOC-11, SEC-12, SEC-13)."""

from typing import Final

from pake_pipelines.reports.checklists import ahead, standing, tasks
from pake_pipelines.reports.checklists.evaluation import evaluate
from pake_pipelines.reports.checklists.item import CheckList, ListItem
from pake_pipelines.reports.checklists.reading import read
from pake_pipelines.reports.desk import Desk
from pake_pipelines.reports.document import Document

WEEKLY: Final = CheckList(
    "weekly_operations_checklist",
    "Weekly operations checklist",
    "weekly",
    (
        ListItem(
            "security_incidents",
            "No incident is open",
            "`pake incidents list`",
            standing.open_incidents,
            runbook="incidents",
        ),
        ListItem(
            "performance_trends",
            "Nothing declines over the week",
            "the asset `health_trends` says by how much",
            ahead.trends,
            runbook="performance-declines",
        ),
        ListItem(
            "performance_analysis",
            "No job became slower",
            "the asset `run_performance` has the figures",
            ahead.run_performance,
            runbook="slower-runs",
        ),
        ListItem(
            "capacity",
            "The machine has room to work",
            "`pake maintenance run capacity_check`",
            tasks.without("often", "capacity_check", tasks.OVER),
            runbook="high-load",
        ),
        ListItem(
            "capacity_scaling",
            "Nothing has to be scaled up",
            "the asset `capacity_report` says what, and when",
            ahead.scaling,
            runbook="filling-up",
        ),
        ListItem(
            "maintenance_tasks",
            "All tasks of the week were done",
            "`pake maintenance list`",
            tasks.all_tasks,
            runbook="maintenance-does-not-run",
        ),
        ListItem(
            "updates",
            "No update of the system is pending",
            "install them with the package manager of the system",
            tasks.without("weekly", "system_updates", tasks.PENDING),
            runbook="pending-updates",
        ),
        ListItem(
            "backup_verification",
            "The newest backup was verified",
            "`pake maintenance run backup_verification`",
            tasks.done("backup_verification", "weekly"),
            runbook="backup-damaged",
        ),
        ListItem(
            "configuration_audit",
            "The audit of the configuration has no errors",
            "`pake maintenance run configuration_audit`",
            tasks.without("weekly", "configuration_audit", tasks.ERRORS),
            runbook="audit-findings",
        ),
        ListItem(
            "security_review",
            "The security report was made",
            "`pake report run security_report`, and read it",
            ahead.report_made("security_report", "weekly"),
            asset="security_report",
        ),
        ListItem(
            "audit_log",
            "The log report was made",
            "`pake report run log_report`, and read who did what by hand",
            ahead.report_made("log_report", "weekly"),
            asset="log_report",
        ),
        ListItem(
            "documentation",
            "What changed this week is written down",
            "configuration, runbooks, decisions: would somebody else find it?",
        ),
    ),
)


async def write(desk: Desk) -> Document:
    """Write the checklist as of now."""
    return evaluate(WEEKLY, await read(desk, WEEKLY))
