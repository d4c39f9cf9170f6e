"""From a report that is written to people: what every report asset does when its run says so."""

import os
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

import dagster as dg
from pydantic import Field

if TYPE_CHECKING:
    from pake_pipelines.reports.writing import Made, Written
    from pake_pipelines.settings import Settings
    from pake_pipelines.store.database import Database


class Delivery(dg.Config):
    """Who gets the report of a run; nobody, unless its edition or whoever launches it says so."""

    channels: list[str] = Field(default=[], description="Channels of monitoring.yaml that the report goes to.")


def run_of(context: dg.AssetExecutionContext) -> str:
    """Return the run by which a message is told apart: the first of those that try the same again."""
    return context.run.root_run_id or context.run_id


async def hand_out(
    database: "Database",
    settings: "Settings",
    made: "Made",
    written: "Written",
    channels: Sequence[str],
    run: str,
    now: datetime,
) -> dict[str, Any]:
    """Put a report into the outboxes of `channels`; return what is to be said of that. Raises StoreError."""
    from pake_pipelines.alerts.digest import Outgoing, audience, put_report
    from pake_pipelines.config.loading import load_monitoring

    if not channels:
        return {}
    who = audience(load_monitoring(settings.configs).alerting, channels, settings, os.environ)
    report = Outgoing(made.name, made.title, made.markdown, written.copy or written.page)
    await put_report(database, report, who.channels, run, now)
    told: dict[str, Any] = {"sent_to": [name for name in who.channels if name not in who.lacking]}
    if not_sent := {**who.left_out, **who.lacking}:
        told["not_sent"] = not_sent
    return told
