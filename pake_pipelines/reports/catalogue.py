"""The reports: what each is called, says, and by which function it is written. When stands in `reports.yaml`."""

import importlib
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from pake_pipelines.reports.desk import Desk
from pake_pipelines.reports.document import Document

if TYPE_CHECKING:
    from pake_pipelines.reports.writing import Made

Writer = Callable[[Desk], Awaitable["Document | Made"]]
_ROOM: Final = "pake_pipelines.reports"


@dataclass(frozen=True, slots=True)
class ReportKind:
    """A report: `function` is `module:name` below this room, imported when the report is written.

    It returns a document; those whose JSON or pages are of their own making return all forms of it.
    """

    function: str
    title: str
    description: str

    def load(self) -> Writer:
        """Import the function."""
        module, _, name = self.function.partition(":")
        found: Writer = getattr(importlib.import_module(f"{_ROOM}.{module}"), name)
        return found


REPORTS: Final[Mapping[str, ReportKind]] = {
    "ingestion_report": ReportKind(
        "ingestion.made:write", "Ingestion report", "What was read within a day, and what failed (REP-04, ING-19..23)."
    ),
    "qa_report": ReportKind(
        "qa.made:write", "QA report", "How far the knowledge base can be trusted, and what to do (REP-02, QA-25..30)."
    ),
    "monitoring_report": ReportKind(
        "monitoring.made:write",
        "Monitoring report",
        "How services and metrics stood, alerts and incidents, and what to do (REP-03, MON-08).",
    ),
    "health_report": ReportKind(
        "health.report:write",
        "Health report",
        "How the services stand and stood, and what to do (REP-05, REP-11).",
    ),
    "log_report": ReportKind(
        "log.report:write",
        "Log report",
        "What was done by whom, and what the logs say by level (REP-06, MON-46).",
    ),
    "security_report": ReportKind(
        "security.report:write",
        "Security report",
        "Refused logins and addresses, audits, known vulnerabilities, open incidents, and what to do (REP-07, SEC-01).",
    ),
    "capacity_report": ReportKind(
        "capacity.report:write",
        "Capacity report",
        "How full everything is, where it goes, and when it is full (ANA-10..13, ANA-16).",
    ),
    "deployment_report": ReportKind(
        "deployment.report:write",
        "Deployment report",
        "What is installed and configured here, against what is needed (REP-01, ENV-16).",
    ),
    "insights_report": ReportKind(
        "insights.report:write",
        "Insights",
        "What is odd, what declines, what grows, and what comes next (ANA-02..08, ANA-14).",
    ),
    "weekly_executive_summary": ReportKind(
        "executive.report:write",
        "Weekly executive summary",
        "One page for people who were elsewhere this week (REP-11).",
    ),
    "monthly_detailed_report": ReportKind(
        "monthly.report:write",
        "Monthly detailed report",
        "The month day by day, beside the month before (REP-08, REP-11).",
    ),
    "daily_operations_checklist": ReportKind(
        "checklists.daily:write", "Daily operations checklist", "Each item evaluated, none assumed (DOC-01, DOC-10)."
    ),
    "weekly_operations_checklist": ReportKind(
        "checklists.weekly:write", "Weekly operations checklist", "Each item evaluated, none assumed (DOC-02, DOC-11)."
    ),
    "monthly_operations_checklist": ReportKind(
        "checklists.monthly:write",
        "Monthly operations checklist",
        "Each item evaluated, none assumed (DOC-03, DOC-12).",
    ),
    "yearly_operations_checklist": ReportKind(
        "checklists.yearly:write", "Yearly operations checklist", "Each item evaluated, none assumed (DOC-13)."
    ),
}
