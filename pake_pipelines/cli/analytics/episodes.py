"""`pake analytics anomalies`: what did what it does not do, and when."""

from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer
from rich.text import Text

from pake_pipelines.cli.ages import lasting, moment
from pake_pipelines.cli.console import out, print_json
from pake_pipelines.cli.metric_view import shown_value
from pake_pipelines.cli.sources.options import Json, ask
from pake_pipelines.cli.tables import Rows
from pake_pipelines.foresight.finding import subject
from pake_pipelines.health.catalogue import CATALOGUE
from pake_pipelines.reports.amounts import counted
from pake_pipelines.settings import get_settings
from pake_pipelines.store import anomalies as stored
from pake_pipelines.store import monitor_ticks
from pake_pipelines.store.anomalies import Anomaly
from pake_pipelines.store.database import Connection
from pake_pipelines.store.monitor_ticks import MonitorTick


def anomalies(
    days: Annotated[float, typer.Option(min=0.1, max=400, help="Of how many days, up to now.")] = 7,
    open_only: Annotated[bool, typer.Option("--open", help="Only those that are not over.")] = False,
    as_json: Json = False,
) -> None:
    """List the episodes in which a series did what it does not do, the newest first."""
    now = datetime.now(UTC)

    async def read(connection: Connection) -> tuple[list[Anomaly], MonitorTick | None]:
        tick = await monitor_ticks.read(connection, stored.TICK)
        if open_only:
            return await stored.open_now(connection), tick
        return await stored.between(connection, now - timedelta(days=days), now + timedelta(days=1)), tick

    found, tick = ask(get_settings(), read)
    if as_json:
        print_json([asdict(one) for one in found])
        return
    judged = f"judged last at {moment(tick.ticked_at)} UTC" if tick else "nobody has judged yet: `pake analytics run`"
    if tick and tick.memory.get("off"):
        judged = "watching is switched off (`analytics.anomalies.enabled` in configs/reports.yaml)"
    if not found:
        lately = "day" if days == 1 else f"{days:g} days"
        out.print(f"nothing odd {'now' if open_only else f'in the last {lately}'}; {judged}", soft_wrap=True)
        return
    out.print(f"{counted(len(found), 'episode')}; {judged}", soft_wrap=True)
    out.print(_table(found, now))


def _table(found: list[Anomaly], now: datetime) -> Rows:
    columns = ("since (UTC)", "for", "series", "kind", "value", "usually", "score")
    table = Rows(*columns, right={"score"}, folding={"for", "series", "kind", "usually"})
    for one in found:
        unit = CATALOGUE[one.metric].unit if one.metric in CATALOGUE else "count"
        usual = "-"
        if one.expected_low is not None:
            usual = f"{shown_value(one.expected_low, unit)} to {shown_value(one.expected_high, unit)}"
        took = lasting((one.ended_at or now) - one.started_at)
        table.add_row(
            moment(one.started_at),
            Text(took if one.ended_at else f"{took}, open", "" if one.ended_at else "yellow"),
            subject(one.metric, one.labels),
            one.kind,
            shown_value(one.value, unit),
            usual,
            f"{one.score:.2f}",
        )
    return table
