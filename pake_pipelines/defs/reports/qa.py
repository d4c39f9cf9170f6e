"""The QA report as an asset: how far the knowledge base can be trusted (QA-25..30)."""

from datetime import UTC, datetime

import dagster as dg

from pake_pipelines.defs.reports.handing_out import Delivery, hand_out, run_of
from pake_pipelines.defs.shared.resource import KnowledgeBase
from pake_pipelines.defs.shared.tags import KNOWLEDGE_POOL, OWNER, REPORTS_GROUP


@dg.asset(
    deps=["knowledge_nodes", "archive_sweep"],
    group_name=REPORTS_GROUP,
    owners=[OWNER],
    kinds={"python", "html"},
    pool=KNOWLEDGE_POOL,
    description="How far the knowledge base can be trusted: items by status, source and confidence, what each rule "
    "found, what holds scores back, what people decided, recent issues and what to do about them. As a page in the "
    "data directory's `reports/qa_report.html` and below as Markdown.",
)
async def qa_report(
    context: dg.AssetExecutionContext, config: Delivery, knowledge_base: KnowledgeBase
) -> dg.MaterializeResult:
    """Write the QA report unless nothing has changed since the last."""
    from pake_pipelines.config.loading import load_reports
    from pake_pipelines.pipeline.calibrate import score_version
    from pake_pipelines.reports.opening import open_desk
    from pake_pipelines.reports.qa.made import deliver, made_of, report_of

    kit, now = knowledge_base.kit(), datetime.now(UTC)
    settings = kit.settings
    async with knowledge_base.open(kit) as database:
        async with open_desk(database, settings, None, score_version(kit.quality), now) as desk:
            report = await report_of(desk)
        delivered = deliver(settings.data / "reports", report, load_reports(settings.configs).keep)
        told = {}
        if config.channels:
            made = made_of(report)
            told = await hand_out(database, settings, made, delivered.written, config.channels, run_of(context), now)
    statistics = report.statistics
    return dg.MaterializeResult(
        metadata={
            "dagster/row_count": statistics.total_items,
            "report": dg.MetadataValue.md(delivered.markdown),
            "page": dg.MetadataValue.path(str(delivered.written.page)),
            "written_anew": delivered.is_new,
            "quality_score": statistics.quality_score,
            **{name: count for name, count in statistics.by_status.items() if count},
            **told,
        }
    )
