"""Whether work that takes much memory and can wait is to wait: what schedules ask before they launch a run."""

import asyncio

import dagster as dg

from pake_pipelines.store.errors import StoreError


def reason_to_wait(context: dg.ScheduleEvaluationContext) -> str | None:
    """Return why heavy work waits, None when it may begin.

    When the knowledge base does not answer nobody waits: the run's failure is seen where a missing tick would not be.
    """
    now = context.scheduled_execution_time
    try:
        held = asyncio.run(context.resources.knowledge_base.heavy_work_held(now))
    except StoreError as error:
        context.log.warning(f"whether heavy work is to wait is not known: {error}")
        return None
    return (
        "memory is short: a recovery holds back heavy work for a while (see the asset `recoveries`)" if held else None
    )
