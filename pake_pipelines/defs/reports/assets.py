"""The reports: each an asset whose materialization carries the report and where its files lie."""

from datetime import UTC, datetime

import dagster as dg

from pake_pipelines.defs.reports.ingestion import ingestion_report
from pake_pipelines.defs.shared.resource import KnowledgeBase
from pake_pipelines.defs.shared.tags import KNOWLEDGE_POOL, OWNER, REPORTS_GROUP


def report_assets() -> list[dg.AssetsDefinition]:
    """Return the report assets."""
    return [ingestion_report, qa_report]


@dg.asset(
    deps=["knowledge_nodes", "archive_sweep"],
    group_name=REPORTS_GROUP,
    owners=[OWNER],
    kinds={"python", "html"},
    pool=KNOWLEDGE_POOL,
    description="How far the knowledge base can be trusted: items by status, source and confidence, what each rule "
    "found, what holds scores back, what people decided, recent issues and what to do about them. As a page in the "
    "data directory's `reports/qa.html` and below as Markdown.",
)
async def qa_report(knowledge_base: KnowledgeBase) -> dg.MaterializeResult:
    """Write the QA report unless nothing has changed since the last."""
    from pake_pipelines.pipeline.calibrate import score_version
    from pake_pipelines.reports.deliver import deliver_qa_report

    kit = knowledge_base.kit()
    async with knowledge_base.open(kit) as database:
        delivered = await deliver_qa_report(
            database, kit.settings.data / "reports", kit.quality, score_version(kit.quality), datetime.now(UTC)
        )
    statistics = delivered.statistics
    return dg.MaterializeResult(
        metadata={
            "dagster/row_count": statistics.total_items,
            "report": dg.MetadataValue.md(delivered.markdown),
            "page": dg.MetadataValue.path(str(delivered.html)),
            "written_anew": delivered.written,
            "quality_score": statistics.quality_score,
            **{name: count for name, count in statistics.by_status.items() if count},
        }
    )
