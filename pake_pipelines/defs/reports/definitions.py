"""Everything of reports, composed: what the door adds to the project's definitions."""

from pake_pipelines.config.reports import ReportsConfig
from pake_pipelines.defs.health.watching import Watching
from pake_pipelines.defs.reports.documents import document_assets
from pake_pipelines.defs.reports.editions import edition_jobs, edition_schedules, made_every
from pake_pipelines.defs.reports.ingestion import ingestion_report
from pake_pipelines.defs.reports.qa import qa_report
from pake_pipelines.defs.reports.status import status_definitions
from pake_pipelines.defs.shared.room import Room


def report_definitions(watching: Watching, config: ReportsConfig) -> Room:
    """Compose them; schedules and the sensor start out stopped unless automation is on."""
    settings = watching.settings
    jobs = edition_jobs(config)
    status = status_definitions(watching, config.status_page, on=settings.automation_enabled)
    return Room(
        assets=[ingestion_report, qa_report, *document_assets(watching, made_every(config)), status.asset],
        jobs=list(jobs.values()),
        schedules=edition_schedules(settings, config, jobs, on=settings.automation_enabled),
        sensors=[status.sensor],
    )
