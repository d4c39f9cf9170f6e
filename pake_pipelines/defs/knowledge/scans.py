"""The scans for what waits to be judged (QA-10): three jobs, and the schedules that launch them when there is need.

What waits is known item by item from the queue (`stage_marks`): that is their cursor. A window of time would lose
whatever comes late, fails, or commits out of order (D-27). A tick costs one query while nothing waits.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Final

import dagster as dg

from pake_pipelines.config.frequency import frequency_to_cron
from pake_pipelines.config.quality import Scans
from pake_pipelines.config.sources import SourcesConfig
from pake_pipelines.defs.shared import heavy_work
from pake_pipelines.defs.shared.tags import PRIORITIES
from pake_pipelines.defs.shared.unfinished import goes_on
from pake_pipelines.pipeline.names import Scan, scan_config
from pake_pipelines.store.errors import StoreError

if TYPE_CHECKING:
    from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition as AssetJob

    from pake_pipelines.pipeline.gate import Withheld
    from pake_pipelines.store.backlog import Backlog

_PRIORITIES: Final = {Scan.FULL: "maintenance", Scan.INCREMENTAL: "low", Scan.PRIORITY: "high"}
_SAID: Final[Mapping[Scan, str]] = {
    Scan.FULL: "Judges everything that was judged by other rules than today's, archives what stayed low, writes the "
    "report.",
    Scan.INCREMENTAL: "Judges today's items and whatever waits of any day: new, changed, or with new evidence.",
    Scan.PRIORITY: "The same for the items of sources that a schedule of high priority reads.",
}


def scan_jobs() -> "list[AssetJob]":
    """Return the jobs of the scans."""
    return [
        dg.define_asset_job(
            scan.job,
            selection=dg.AssetSelection.assets(*scan.assets),
            description=_SAID[scan],
            tags={"dagster/max_runtime": "7200"},
        )
        for scan in Scan
    ]


def scan_schedules(
    jobs: "Sequence[AssetJob]", scans: Scans, sources: SourcesConfig, *, on: bool
) -> list[dg.ScheduleDefinition]:
    """Return the schedules of the scans; all start out stopped when `on` is false."""
    every = {Scan.FULL: scans.full, Scan.INCREMENTAL: scans.incremental, Scan.PRIORITY: scans.priority}
    return [
        dg.ScheduleDefinition(
            name=scan.schedule,
            job=job,
            cron_schedule=frequency_to_cron(every[scan]),
            execution_timezone="UTC",
            description=_SAID[scan],
            execution_fn=_tick(scan, sources),
            required_resource_keys={"knowledge_base"},
            default_status=dg.DefaultScheduleStatus.RUNNING if on else dg.DefaultScheduleStatus.STOPPED,
        )
        for scan, job in zip(Scan, jobs, strict=True)
    ]


def _tick(scan: Scan, config: SourcesConfig) -> Callable[[dg.ScheduleEvaluationContext], dg.RunRequest | dg.SkipReason]:
    def tick(context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        sources = config.urgent if scan is Scan.PRIORITY else None
        if sources == ():
            return dg.SkipReason("no schedule of high priority reads an enabled source")
        if goes_on(context.instance, scan.job):
            return dg.SkipReason("the last one goes on; what waits is its, or the next one's")
        if scan is not Scan.FULL and (idle := _idle(context, sources)):
            return dg.SkipReason(idle)
        if scan is not Scan.PRIORITY and (held := heavy_work.reason_to_wait(context)):
            return dg.SkipReason(held)
        return dg.RunRequest(
            partition_key=context.scheduled_execution_time.strftime("%Y-%m-%d"),
            run_config=scan_config(everywhere=scan is Scan.FULL, sources=sources),
            tags={"dagster/priority": PRIORITIES[_PRIORITIES[scan]]},
        )

    return tick


def _idle(context: dg.ScheduleEvaluationContext, sources: Sequence[str] | None) -> str | None:
    """Return why there is nothing to do, None when something waits.

    When the knowledge base does not answer, the run asks again: its failure is seen where a missing tick would not be.
    """
    try:
        waiting, withheld = asyncio.run(
            context.resources.knowledge_base.backlog(context.scheduled_execution_time, sources)
        )
    except StoreError as error:
        context.log.warning(f"what waits is not known: {error}")
        return None
    if waiting.items:
        context.log.info(_said(waiting))
        return None
    return "\n".join(["nothing waits", *_kept_back(withheld)])


def _said(waiting: "Backlog") -> str:
    since = f", new ones since {waiting.since:%Y-%m-%d %H:%M} UTC" if waiting.since else ""
    return f"{waiting.items} items wait{since}"


def _kept_back(withheld: "Withheld") -> list[str]:
    return [
        f"but for what the gate of {one.day} withholds: {one.failing} of {one.judged} items break a rule"
        for one in withheld.days
    ]
