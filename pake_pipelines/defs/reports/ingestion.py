"""The ingestion report as an asset: what the run's sources brought, and the last 24 hours (ING-19..23)."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

import dagster as dg

from pake_pipelines.defs.reports.handing_out import Delivery, hand_out, run_of
from pake_pipelines.defs.shared.resource import KnowledgeBase
from pake_pipelines.defs.shared.tags import KNOWLEDGE_POOL, OWNER, REPORTS_GROUP
from pake_pipelines.defs.sources.assets import ENTRIES

if TYPE_CHECKING:
    from pake_pipelines.reports.ingestion.report import Ingested

_KEY: Final = dg.AssetKey("ingestion_report")
_ERROR_FREE: Final = "ingestion_error_free"

_SPEC = dg.AssetSpec(
    _KEY,
    deps=[ENTRIES],
    description="What came of this run's visits to its sources, and of all visits of the last 24 hours; who is not "
    "asked at present and why, and who is due next. As a page in the data directory's "
    "`reports/ingestion_report.html` and below as Markdown.",
    group_name=REPORTS_GROUP,
    owners=[OWNER],
    kinds={"python", "html"},
)
_CHECK = dg.AssetCheckSpec(
    _ERROR_FREE, asset=_KEY, description="Every source that the run asked could be read. Silent when it asked none."
)


# only a step that may yield part of what it promises can leave a check unsaid
@dg.multi_asset(name="ingestion_report", specs=[_SPEC], check_specs=[_CHECK], can_subset=True, pool=KNOWLEDGE_POOL)
async def ingestion_report(context: dg.AssetExecutionContext, config: Delivery, knowledge_base: KnowledgeBase):  # type: ignore[no-untyped-def]  # Dagster reads a return annotation as one output's type
    """Write the ingestion report on the run, or on the newest that read anything where this one did not."""
    from pake_pipelines.config.loading import load_reports
    from pake_pipelines.reports.ingestion.made import figures, made_of, report_of
    from pake_pipelines.reports.writing import write_files

    kit, now = knowledge_base.kit(), datetime.now(UTC)
    settings, skipped = kit.settings, _skipped(context)
    async with knowledge_base.open(kit) as database:
        async with database.connection() as connection:
            about = None if skipped is None else context.run_id
            report = await report_of(connection, about, skipped or {}, now)
        made = made_of(report)
        written = write_files(settings.data / "reports", made, load_reports(settings.configs).keep)
        told = await hand_out(database, settings, made, written, config.channels, run_of(context), now)
    run = report.run
    if _KEY in context.selected_asset_keys:
        yield dg.MaterializeResult(
            _KEY,
            metadata={
                "report": dg.MetadataValue.md(made.markdown),
                "page": dg.MetadataValue.path(str(written.page)),
                "sources_asked": len(run.visits),
                "sources_passed_over": len(run.skipped),
                "processed": run.processed,
                "errors": len(run.failed),
                **figures(report),
                **told,
            },
        )
    if run.visits and dg.AssetCheckKey(_KEY, _ERROR_FREE) in context.selected_asset_check_keys:
        yield _error_free(run)


def _skipped(context: dg.AssetExecutionContext) -> Mapping[str, Any] | None:
    """Return the sources that this run passed over, as its materialization of `entries` tells; None without one."""
    made = context.instance.get_records_for_run(context.run_id, of_type=dg.DagsterEventType.ASSET_MATERIALIZATION)
    for record in made.records:
        materialization = record.asset_materialization
        if materialization and materialization.asset_key == ENTRIES:
            skipped = materialization.metadata["sources_skipped"].value
            return skipped if isinstance(skipped, Mapping) else {}
    return None


def _error_free(run: "Ingested") -> dg.AssetCheckResult:
    return dg.AssetCheckResult(
        asset_key=_KEY,
        check_name=_ERROR_FREE,
        passed=not run.failed,
        severity=dg.AssetCheckSeverity.WARN,
        description=f"{len(run.failed)} of {len(run.visits)} sources could not be read" if run.failed else None,
        metadata={visit.source: visit.error or "" for visit in run.failed},
    )
