"""The reports that are documents: an asset for each of the catalogue that has no asset of its own."""

import math
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

import dagster as dg

from pake_pipelines.defs.health.watching import Watching
from pake_pipelines.defs.reports.handing_out import Delivery, hand_out, run_of
from pake_pipelines.defs.shared.tags import OWNER, REPORTS_GROUP, REPORTS_POOL
from pake_pipelines.reports.catalogue import REPORTS, ReportKind

if TYPE_CHECKING:
    from pake_pipelines.reports.document import Document
    from pake_pipelines.reports.writing import Made, Written

OWN_ASSETS: Final = frozenset({"ingestion_report", "qa_report", "monitoring_report"})
NOTHING_FAILED: Final = "nothing_failed"
_CHECKLIST: Final = "_checklist"
# what a report is on, as far as assets make it: in the UI it stands behind them
_DEPS: Final[Mapping[str, tuple[str, ...]]] = {
    "health_report": ("service_health", "alerts", "incidents", "health_trends"),
    "security_report": ("security_metrics", "incidents"),
    "capacity_report": ("system_metrics", "forecasts"),
    "insights_report": ("insights", "metric_anomalies"),
    "weekly_executive_summary": ("health_trends", "forecasts"),
    "monthly_detailed_report": ("health_trends", "forecasts"),
    "daily_operations_checklist": ("service_health", "alerts"),
    "weekly_operations_checklist": ("incidents", "forecasts"),
    "monthly_operations_checklist": ("incidents", "forecasts"),
}


def document_assets(watching: Watching, made_every: Mapping[str, timedelta]) -> list[dg.AssetsDefinition]:
    """Return the assets; those that an edition makes at least as often as `made_every` says are to stay fresh."""
    return [
        _asset(name, kind, watching, made_every.get(name)) for name, kind in REPORTS.items() if name not in OWN_ASSETS
    ]


def _asset(name: str, kind: ReportKind, watching: Watching, every: timedelta | None) -> dg.AssetsDefinition:
    is_checklist = name.endswith(_CHECKLIST)
    check = dg.AssetCheckSpec(
        NOTHING_FAILED, asset=name, description="No item of the checklist failed, and none is unknown."
    )

    @dg.asset(
        name=name,
        deps=_DEPS.get(name, ()),
        group_name=REPORTS_GROUP,
        owners=[OWNER],
        kinds={"python", "html"},
        pool=REPORTS_POOL,
        description=f"{kind.description} As a page in the data directory's `reports/{name}.html`, below as Markdown.",
        check_specs=[check] if is_checklist else None,
        freshness_policy=None if every is None else dg.FreshnessPolicy.time_window(fail_window=_late(every)),
    )
    async def report(context: dg.AssetExecutionContext, config: Delivery) -> dg.MaterializeResult:
        made, written, told = await produced(name, watching, context, config.channels)
        checked = [_nothing_failed(name, made.document)] if is_checklist and made.document else []
        return dg.MaterializeResult(metadata={**metadata_of(made, written), **told}, check_results=checked)

    return report


def _late(every: timedelta) -> timedelta:
    return every * 1.25 + timedelta(hours=2)


async def produced(
    name: str, watching: Watching, context: dg.AssetExecutionContext, channels: Sequence[str]
) -> "tuple[Made, Written, dict[str, Any]]":
    """Write the report `name`, and hand it out to `channels`."""
    from pake_pipelines.config.loading import load_quality, load_reports
    from pake_pipelines.pipeline.calibrate import score_version
    from pake_pipelines.reports.opening import open_desk
    from pake_pipelines.reports.writing import make, write_files

    settings, now = watching.settings, watching.clock()
    facts = watching.facts(watching.place_of_run(context))
    version = score_version(load_quality(settings.configs))
    async with watching.open() as database:
        async with open_desk(database, settings, facts, version, now) as desk:
            made = await make(desk, name)
        written = write_files(settings.data / "reports", made, load_reports(settings.configs).keep)
        return made, written, await hand_out(database, settings, made, written, channels, run_of(context), now)


def metadata_of(made: "Made", written: "Written") -> dict[str, Any]:
    """Return what a materialization says of a report: its figures, its text and where its page lies."""
    from pake_pipelines.reports.rendering.keys import slug

    figures = made.document.figures if made.document else ()
    numbers = {slug(one.name): one.value for one in figures if _is_drawn(one.value)}
    return {
        **numbers,
        **_counts(made.document),
        "status": made.tone.value,
        "lead": made.lead,
        "report": dg.MetadataValue.md(made.markdown),
        "page": dg.MetadataValue.path(str(written.page)),
    }


def _is_drawn(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _counts(document: "Document | None") -> dict[str, int]:
    from pake_pipelines.reports.document import Checklist
    from pake_pipelines.reports.rendering.values import verdict_counts

    blocks = [block for section in document.sections for block in section.blocks] if document else []
    items = [item for block in blocks if isinstance(block, Checklist) for item in block.items]
    return verdict_counts(items) if items else {}


def _nothing_failed(name: str, document: "Document") -> dg.AssetCheckResult:
    counts = _counts(document)
    failed, unknown = counts.get("fail", 0), counts.get("unknown", 0)
    return dg.AssetCheckResult(
        asset_key=name,
        check_name=NOTHING_FAILED,
        passed=bool(counts) and not failed and not unknown,
        severity=dg.AssetCheckSeverity.WARN,
        description=f"{failed} failed, {unknown} unknown, {counts.get('manual', 0)} by hand"
        if counts
        else "the checklist has no items",
        metadata=counts,
    )
