"""The judgement of anomalies within a tick of the sensor `metrics`: no run is launched for what takes a second."""

import asyncio
from typing import TYPE_CHECKING, Any

import dagster as dg

from pake_pipelines.config.loading import load_reports
from pake_pipelines.defs.analytics.assets import ANOMALIES
from pake_pipelines.defs.analytics.telling import told
from pake_pipelines.defs.health.told import events
from pake_pipelines.defs.health.watching import Watching

if TYPE_CHECKING:
    from pake_pipelines.foresight.finding import Finding


def judge_anomalies(context: dg.SensorEvaluationContext, watching: Watching) -> list[Any]:
    """Judge when it is due; return what is to be reported, which is nothing while all is as it was.

    What fails is said in the tick's log and costs nothing else of the tick; when it goes on failing, the metric
    `metric_anomaly` is unknown, of which the rules learn.
    """
    try:
        finding = asyncio.run(_judge(watching))
    except Exception:  # whatever it is, it must not cost the samples that were just made
        context.log.exception("anomalies were not judged")
        return []
    return [] if finding is None else list(events(told(ANOMALIES, finding)))


async def _judge(watching: Watching) -> "Finding | None":
    from pake_pipelines.foresight.anomalies import judge_if_due, lately

    config, now = load_reports(watching.settings.configs).analytics.anomalies, watching.clock()
    async with watching.open() as database:
        judged = await judge_if_due(database, config, now)
        if judged is None or not (judged.begun or judged.ended or judged.given_up):
            return None
        return await lately(database, judged, now)
