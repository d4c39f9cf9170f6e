"""Editions: reports that are made together by schedule and go out to the channels that `reports.yaml` names."""

import os
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

import dagster as dg

from pake_pipelines.config.reports import Edition, ReportsConfig
from pake_pipelines.config.schedule_text import cron_of
from pake_pipelines.defs.shared.tags import PRIORITIES
from pake_pipelines.defs.shared.unfinished import goes_on
from pake_pipelines.foresight.intervals import distances
from pake_pipelines.settings import Settings

if TYPE_CHECKING:
    from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition as AssetJob

_SECONDS: Final = 1800
_ANY_MOMENT: Final = datetime(2026, 1, 1, tzinfo=UTC)

Tick = Callable[[dg.ScheduleEvaluationContext], dg.RunRequest | dg.SkipReason]


def job_name(edition: str) -> str:
    """Return the name of an edition's job."""
    return f"{edition}_job"


def edition_jobs(config: ReportsConfig) -> "dict[str, AssetJob]":
    """Return the job of each edition."""
    return {
        name: dg.define_asset_job(
            job_name(name),
            selection=dg.AssetSelection.assets(*dict.fromkeys(edition.reports)),
            description=f"Makes {', '.join(edition.reports)}. Run by hand it delivers nothing.",
            tags={"dagster/max_runtime": str(_SECONDS), "dagster/priority": PRIORITIES["low"]},
        )
        for name, edition in config.editions.items()
    }


def edition_schedules(
    settings: Settings, config: ReportsConfig, jobs: "Mapping[str, AssetJob]", *, on: bool
) -> list[dg.ScheduleDefinition]:
    """Return the schedule of each edition; those that are disabled, or all unless `on`, start out stopped."""
    return [_schedule(name, one, settings, jobs[name], on=on) for name, one in config.editions.items()]


def _schedule(name: str, edition: Edition, settings: Settings, job: "AssetJob", *, on: bool) -> dg.ScheduleDefinition:
    to = "every e-mail channel" if edition.channels is None else ", ".join(edition.channels) or "nobody"
    running = on and edition.enabled
    return dg.ScheduleDefinition(
        name=name,
        job=job,
        cron_schedule=cron_of(edition.schedule),
        execution_timezone="UTC",
        description=f"{', '.join(edition.reports)}, to {to}. Made {edition.schedule}.",
        execution_fn=_tick(name, edition, settings),
        default_status=dg.DefaultScheduleStatus.RUNNING if running else dg.DefaultScheduleStatus.STOPPED,
    )


def _tick(name: str, edition: Edition, settings: Settings) -> Tick:
    def tick(context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        if goes_on(context.instance, job_name(name)):
            return dg.SkipReason("the last one goes on")
        return dg.RunRequest(run_config=run_config(edition, settings), tags={"pake/edition": name})

    return tick


def run_config(edition: Edition, settings: Settings) -> dict[str, Any]:
    """Return the run config by which each report of an edition is delivered."""
    from pake_pipelines.alerts.digest import audience
    from pake_pipelines.config.loading import load_monitoring

    who = audience(load_monitoring(settings.configs).alerting, edition.channels, settings, os.environ)
    # those that cannot be used are named, too: the report's materialization says why
    channels = [*who.channels, *who.left_out]
    return {"ops": {report: {"config": {"channels": channels}} for report in edition.reports}}


def made_every(config: ReportsConfig) -> dict[str, timedelta]:
    """Return how long it is at most from one making of a report to the next, for those that an edition makes."""
    found: dict[str, timedelta] = {}
    for edition in config.editions.values():
        gap = max(distances(cron_of(edition.schedule), _ANY_MOMENT))
        for report in edition.reports if edition.enabled else ():
            found[report] = min(gap, found.get(report, gap))
    return found
