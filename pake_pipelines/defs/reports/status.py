"""The status page: an asset, and the sensor that keeps it new (REP-09, REP-10).

The sensor looks every 30 seconds whether anything is otherwise than the page says, and writes it inside of its tick: no
run is launched for it. What Dagster is told of it is bounded, as every report stays in its event log.
"""

import asyncio
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

import dagster as dg

from pake_pipelines.config.reports import StatusPage
from pake_pipelines.defs.health.watching import Watching
from pake_pipelines.defs.shared.tags import OWNER, REPORTS_GROUP, REPORTS_POOL
from pake_pipelines.store.errors import StoreError

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from pake_pipelines.model.dagster_facts import DagsterFacts
    from pake_pipelines.reports.status.renewal import Told
    from pake_pipelines.reports.status.writing import Status
    from pake_pipelines.store.database import Database

STATUS_ASSET: Final = "status_dashboard"
STATUS_SENSOR: Final = "status_page"
_LOOK_EVERY: Final = 30
_DEPS: Final = ("service_health", "alerts", "incidents", "system_metrics", "application_metrics", "database_health")
_NO_DATABASE: Final = "no database"


@dataclass(frozen=True, slots=True)
class StatusDefinitions:
    """The objects of the status page."""

    asset: dg.AssetsDefinition
    sensor: dg.SensorDefinition


def status_definitions(watching: Watching, page: StatusPage, *, on: bool) -> StatusDefinitions:
    """Return them; the sensor starts out stopped when `on` is false or the page is switched off."""
    return StatusDefinitions(_asset(watching), _sensor(watching, page, on=on and page.enabled))


def _asset(watching: Watching) -> dg.AssetsDefinition:
    @dg.asset(
        name=STATUS_ASSET,
        deps=_DEPS,
        group_name=REPORTS_GROUP,
        owners=[OWNER],
        kinds={"python", "html"},
        pool=REPORTS_POOL,
        description="How everything stands now, as one page for a wall or a phone: the data directory's "
        "`reports/status.html`, and `reports/status.json` for programs. The sensor "
        f"`{STATUS_SENSOR}` keeps it new; materializing it writes it at once.",
    )
    def status_dashboard(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
        facts, now = watching.facts(watching.place_of_run(context)), watching.clock()
        status = asyncio.run(_made(watching, facts, now))
        return dg.MaterializeResult(metadata=_metadata(status, _write(watching, status)))

    return status_dashboard


def _sensor(watching: Watching, page: StatusPage, *, on: bool) -> dg.SensorDefinition:
    every = timedelta(minutes=page.every_minutes)

    @dg.sensor(
        name=STATUS_SENSOR,
        minimum_interval_seconds=_LOOK_EVERY,
        default_status=dg.DefaultSensorStatus.RUNNING if on else dg.DefaultSensorStatus.STOPPED,
        description=f"Writes the status page every {page.every_minutes:g} minutes, and whenever a service, an alert or "
        f"an incident stands otherwise; reports `{STATUS_ASSET}`.",
    )
    def status_page(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
        from pake_pipelines.reports.status.renewal import Told

        before, now = Told.of(context.cursor), watching.clock()
        renewed = asyncio.run(_renewed(watching, context, before, now, every))
        if renewed is None:
            return dg.SkipReason("everything stands as the page says")
        status, marks = renewed
        path, word = _write(watching, status), status.overall.word.value
        due = before.is_report_due(word, now)
        after = Told(now, marks, now if due else before.reported_at, word)
        told = [dg.AssetMaterialization(STATUS_ASSET, metadata=_metadata(status, path))] if due else []
        return dg.SensorResult(asset_events=told, cursor=after.cursor, skip_reason=None if told else f"{word}: written")

    return status_page


async def _renewed(
    watching: Watching, context: dg.SensorEvaluationContext, before: "Told", now: "datetime", every: timedelta
) -> "tuple[Status, str] | None":
    """Return the page and the marks that it is of; None when the one that is there is new enough."""
    from pake_pipelines.reports.status.renewal import marks_of

    there = _directory(watching) / "status.html"
    try:
        async with watching.open() as database:
            async with database.connection() as connection:
                marks = await marks_of(connection, watching.config, now)
            if there.is_file() and not before.is_due(marks, now, every):
                return None
            return await _made_of(watching, database, watching.facts(watching.place(context)), now), marks
    except StoreError as error:
        if there.is_file() and not before.is_due(_NO_DATABASE, now, every):
            return None
        facts = watching.facts(watching.place(context))
        return _made_without_database(watching, facts, now, str(error)), _NO_DATABASE


async def _made(watching: Watching, facts: "DagsterFacts | None", now: "datetime") -> "Status":
    try:
        async with watching.open() as database:
            return await _made_of(watching, database, facts, now)
    except StoreError as error:
        return _made_without_database(watching, facts, now, str(error))


async def _made_of(watching: Watching, database: "Database", facts: "DagsterFacts | None", now: "datetime") -> "Status":
    from pake_pipelines.config.loading import load_quality
    from pake_pipelines.pipeline.calibrate import score_version
    from pake_pipelines.reports.opening import open_desk
    from pake_pipelines.reports.status.writing import make_status

    version = score_version(load_quality(watching.settings.configs))
    async with open_desk(database, watching.settings, facts, version, now) as desk:
        return await make_status(desk)


def _made_without_database(watching: Watching, facts: "DagsterFacts | None", now: "datetime", why: str) -> "Status":
    from pake_pipelines.config.loading import load_reports
    from pake_pipelines.reports.status.writing import make_status_without_database

    settings = watching.settings
    config, dagster = load_reports(settings.configs).status_page, settings.pages
    return make_status_without_database(_directory(watching), config, facts, now, dagster, why)


def _directory(watching: Watching) -> "Path":
    return watching.settings.data / "reports"


def _write(watching: Watching, status: "Status") -> "Path":
    from pake_pipelines.reports.status.writing import write_status

    return write_status(_directory(watching), status)


def _metadata(status: "Status", page: "Path") -> dict[str, Any]:
    return {
        "overall": status.overall.word.value,
        "because": list(status.overall.because),
        "page": dg.MetadataValue.path(str(page)),
        "bytes": len(status.html.encode()),
    }
