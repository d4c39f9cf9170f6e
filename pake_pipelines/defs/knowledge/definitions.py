"""Everything behind the sources, composed: what the door adds to the project's definitions."""

import dagster as dg

from pake_pipelines.config.quality import QualityConfig
from pake_pipelines.config.sources import SourcesConfig
from pake_pipelines.defs.knowledge.assets import knowledge_assets
from pake_pipelines.defs.knowledge.link_checks import link_check_asset, link_check_job, link_check_schedule
from pake_pipelines.defs.knowledge.scans import scan_jobs, scan_schedules
from pake_pipelines.defs.knowledge.sweep import archive_sweep
from pake_pipelines.defs.shared.room import Room
from pake_pipelines.settings import Settings


def knowledge_definitions(
    settings: Settings, config: QualityConfig, sources: SourcesConfig, partitions: dg.PartitionsDefinition[str]
) -> Room:
    """Compose them; schedules start out stopped unless automation is on."""
    on, scans, links = settings.automation_enabled, scan_jobs(), link_check_job()
    return Room(
        assets=[*knowledge_assets(partitions), link_check_asset(partitions), archive_sweep],
        jobs=[*scans, links],
        schedules=[
            *scan_schedules(scans, config.scans, sources, on=on),
            link_check_schedule(links, config.links, on=on),
        ],
    )
