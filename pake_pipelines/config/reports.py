"""Typed form of `reports.yaml`: which reports are made when and who gets them, the status page, and analytics."""

from typing import Annotated, Final

from pydantic import Field

from pake_pipelines.config.alerting import Name
from pake_pipelines.config.analytics import Analytics
from pake_pipelines.config.schedule_text import Schedule
from pake_pipelines.config.section import Faults, Section

REPORT_NAMES: Final = frozenset({
    "capacity_report", "daily_operations_checklist", "deployment_report", "health_report", "insights_report",
    "log_report", "monitoring_report", "monthly_detailed_report", "monthly_operations_checklist", "qa_report",
    "ingestion_report", "security_report", "weekly_executive_summary", "weekly_operations_checklist",
    "yearly_operations_checklist",
})  # fmt: skip
EditionName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=60)]


class Edition(Section):
    """Reports that are made together and sent out; to every e-mail channel with recipients where none is named."""

    enabled: bool = True
    schedule: Schedule
    reports: tuple[str, ...] = Field(min_length=1)
    channels: tuple[Name, ...] | None = None


class StatusPage(Section):
    """The page that says how everything stands; a browser loads it anew every `refresh_seconds`."""

    enabled: bool = True
    every_minutes: float = Field(5, ge=1)
    refresh_seconds: int = Field(30, ge=5)


class Advising(Section):
    """Bounds of the recommendations that no alert rule or key figure has (QA-27..30, MON-10, ANA-05)."""

    pending_items: int = Field(100, ge=1)
    low_average: float = Field(0.6, gt=0, lt=1)
    low_confidence_share: float = Field(0.2, gt=0, lt=1)
    rejected_share: float = Field(0.1, gt=0, lt=1)
    active_alerts: int = Field(5, ge=1)
    growth_per_day: float = Field(0.1, gt=0, description="of what is there, in a day")
    decline_percent: float = Field(10, gt=0, description="of performance within a day")
    days_to_full: int = Field(30, ge=1)


class ReportsConfig(Section):
    """The whole file."""

    editions: dict[EditionName, Edition]
    keep: int = Field(60, ge=1, description="so many past copies of each report stay beside the newest")
    status_page: StatusPage = StatusPage()
    advice: Advising = Advising()
    analytics: Analytics

    def faults(self) -> Faults:
        """Yield everything that only the whole file can tell."""
        for name, edition in self.editions.items():
            for number, report in enumerate(edition.reports):
                if report not in REPORT_NAMES:
                    there = ", ".join(sorted(REPORT_NAMES))
                    yield ("editions", name, "reports", number), f"no report {report!r}; there are {there}"
        for path, message in self.analytics.faults():
            yield ("analytics", *path), message
