"""The yearly operations checklist (DOC-13, MNT-25, SEC-12)."""

from typing import Final

from pake_pipelines.reports.checklists import standing, tasks
from pake_pipelines.reports.checklists.evaluation import evaluate
from pake_pipelines.reports.checklists.item import CheckList, ListItem, both
from pake_pipelines.reports.checklists.reading import read
from pake_pipelines.reports.desk import Desk
from pake_pipelines.reports.document import Document

YEARLY: Final = CheckList(
    "yearly_operations_checklist",
    "Yearly operations checklist",
    "yearly",
    (
        ListItem(
            "full_update",
            "System and dependencies are up to date",
            "the package manager of the system, then `pake maintenance run system_updates` and "
            "`pake maintenance run dependency_scan`",
            both(
                tasks.without("weekly", "system_updates", tasks.PENDING),
                tasks.without("weekly", "dependency_scan", tasks.VULNERABILITIES),
            ),
            runbook="pending-updates",
        ),
        ListItem(
            "backup_verification_all",
            "Every backup was restored and compared",
            "`pake maintenance run backup_verification_all`",
            tasks.done("backup_verification_all", "yearly"),
            runbook="backup-damaged",
        ),
        ListItem(
            "configuration_audit",
            "The audit of the configuration has neither errors nor warnings",
            "`pake maintenance run configuration_audit`",
            tasks.without("weekly", "configuration_audit", tasks.ERRORS, tasks.WARNINGS),
            runbook="audit-findings",
        ),
        ListItem(
            "monitoring_setup",
            "Metrics are sampled, alert rules judged, and people told",
            "`pake monitor check`, `pake alerts test`",
            standing.watched,
            runbook="channels",
        ),
        ListItem(
            "disaster_recovery",
            "The disaster recovery drill was held",
            "`pake backup drill`",
            tasks.done("recovery_drill", "yearly"),
            runbook="restore",
        ),
        ListItem(
            "credentials",
            "Credentials and webhook addresses were changed",
            "those in the environment: mail, webhooks, databases, the key of the backups (`pake backup key`)",
        ),
        ListItem(
            "access",
            "Who can log in, and run maintenance, was reviewed",
            "accounts of the machine, the mode of the project's directories, who has the key of the backups",
        ),
        ListItem(
            "documentation",
            "Documentation is up to date",
            "docs/: read all of it once, as somebody new would",
        ),
    ),
)


async def write(desk: Desk) -> Document:
    """Write the checklist as of now."""
    return evaluate(YEARLY, await read(desk, YEARLY))
