"""`pake status`: is it up, what does it hold, what comes next."""

from datetime import UTC, datetime
from typing import Annotated, Any, Final

import typer
from rich.markup import escape

from pake_pipelines.cli.console import out, print_json
from pake_pipelines.cli.dagster_api import DagsterApi, DagsterError
from pake_pipelines.cli.stack import running
from pake_pipelines.cli.summary import read_summary, summary_table
from pake_pipelines.settings import Settings, get_settings
from pake_pipelines.store.database import addresses, masked
from pake_pipelines.store.errors import StoreError

_NEXT: Final = 3


def status(as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False) -> None:
    """Show what runs, what the knowledge base holds and when schedules tick; exit code 1 when it is down."""
    settings = get_settings()
    held = running(settings)
    dagster = _dagster(DagsterApi(held[1])) if held else {"state": "down"}
    try:
        summaries, visits = read_summary(settings)
        database = {"state": "up", "address": masked(addresses(settings).knowledge)}
    except StoreError as error:
        summaries, visits = [], []
        database = {"state": "down", "reason": str(error)}
    if as_json:
        rows = [{name: getattr(one, name) for name in one.__slots__} for one in summaries]
        print_json({"dagster": dagster, "database": database, "sources": rows, "visits": visits})
    else:
        _show(held, dagster, database, settings)
        if summaries:
            out.print(summary_table(summaries, visits))
    if dagster["state"] != "up" or database["state"] != "up":
        raise typer.Exit(1)


def _dagster(api: DagsterApi) -> dict[str, Any]:
    try:
        daemons, schedules = api.daemons(), api.schedules()
    except DagsterError as error:
        return {"state": "unknown", "reason": str(error), "address": api.address}
    unhealthy = [name for name, healthy in daemons.items() if not healthy]
    state = "degraded" if unhealthy else "up"
    return {"state": state, "address": api.address, "unhealthy_daemons": unhealthy, "schedules": schedules}


def _show(held: tuple[int, str] | None, dagster: dict[str, Any], database: dict[str, Any], settings: Settings) -> None:
    where = f"{dagster['address']} (process {held[0]})" if held else "start it with `pake up`"
    out.print(f"Dagster     {_word(dagster['state'])}  {where}", soft_wrap=True)
    for name in dagster.get("unhealthy_daemons", []):
        out.print(f"            [yellow]the {name.lower()} daemon is not healthy[/]")
    stands = database.get("address") or database["reason"]
    out.print(f"PostgreSQL  {_word(database['state'])}  {escape(stands)}", soft_wrap=True)
    out.print(f"data        {escape(str(settings.data))}", soft_wrap=True)
    running_ones = [one for one in dagster.get("schedules", []) if one["running"] and one["next"]]
    for schedule in sorted(running_ones, key=lambda one: one["next"])[:_NEXT]:
        tick = datetime.fromtimestamp(schedule["next"], UTC)
        out.print(f"next        {tick:%a %d %b %H:%M} UTC  {schedule['name']}")
    if len(running_ones) > _NEXT:
        out.print(f"            [dim]and {len(running_ones) - _NEXT} more: `pake schedules --all`[/]")
    out.print()


def _word(state: str) -> str:
    colour = {"up": "green", "down": "red"}.get(state, "yellow")
    return f"[{colour}]{state:<8}[/]"
