"""`pake alerts channels` and `test`: whether messages get out."""

import asyncio
import os
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated, Any, Final

import typer
from rich.text import Text

from pake_pipelines.cli.ages import ago, lasting
from pake_pipelines.cli.console import err, fail, out, print_json
from pake_pipelines.cli.sources.options import Json, ask
from pake_pipelines.cli.tables import Rows
from pake_pipelines.config.alerting import AnyChannel
from pake_pipelines.config.loading import load_monitoring
from pake_pipelines.reports.amounts import counted
from pake_pipelines.settings import get_settings
from pake_pipelines.store import channel_states, notification_views
from pake_pipelines.store.channel_states import ChannelState
from pake_pipelines.store.database import Connection
from pake_pipelines.store.notification_views import Backlog

_COLOURS: Final = {"works": "green", "not tried yet": "dim", "off": "dim", "not configured": "yellow", "fails": "red"}


def channels(as_json: Json = False) -> None:
    """Show every channel: whether it works, what waits for it, the last error, and what it lacks here.

    Variables are looked for in this terminal's environment; Dagster's processes have that of `pake up`.
    """
    from pake_pipelines.alerts.channels.opening import lacking

    settings = get_settings()
    configured = load_monitoring(settings.configs).alerting.channels
    lacks = lacking(configured, settings, os.environ)

    async def read(connection: Connection) -> tuple[dict[str, ChannelState], dict[str, Backlog]]:
        return await channel_states.read_all(connection), await notification_views.backlogs(connection)

    states, backlogs = ask(settings, read)
    now = datetime.now(UTC)
    told = [
        _told(name, one, states.get(name), backlogs.get(name, Backlog()), lacks.get(name))
        for name, one in configured.items()
    ]
    if as_json:
        print_json(told)
        return
    out.print(_table(told, now))
    if any(one["dead"] for one in told):
        err.print("[dim]`pake alerts dead-letters` shows what was given up[/]")


def _told(
    name: str, channel: AnyChannel, state: ChannelState | None, backlog: Backlog, lacks: str | None
) -> dict[str, Any]:
    return {
        "channel": name,
        "kind": channel.kind,
        "state": _state(channel, state, lacks),
        "lacks": lacks,
        "failures": state.failures if state else 0,
        "failing_since": state.failing_since if state else None,
        "last_sent_at": state.last_sent_at if state else None,
        "last_error": state.last_error if state else None,
        "waiting": backlog.waiting,
        "oldest_at": backlog.oldest_at,
        "dead": backlog.dead,
    }


def _state(channel: AnyChannel, state: ChannelState | None, lacks: str | None) -> str:
    if not channel.enabled:
        return "off"
    if lacks:
        return "not configured"
    if state is None or (not state.failures and state.last_sent_at is None):
        return "not tried yet"
    return "fails" if state.failures else "works"


def _table(told: list[dict[str, Any]], now: datetime) -> Rows:
    table = Rows("channel", "kind", "state", "last sent", "waiting", "given up", "", right={"waiting", "given up"})
    for one in told:
        said = one["lacks"] or one["last_error"] or ""
        if one["failing_since"]:
            said = f"{counted(one['failures'], 'failure')} in a row, the first {ago(one['failing_since'], now)}: {said}"
        waiting = str(one["waiting"])
        if one["oldest_at"]:
            waiting += f" ({lasting(now - one['oldest_at'])})"
        table.add_row(
            one["channel"],
            one["kind"],
            Text(one["state"], style=_COLOURS[one["state"]]),
            ago(one["last_sent_at"], now) if one["last_sent_at"] else "-",
            waiting,
            one["dead"],
            Text(said, style="dim"),
        )
    return table


def try_out(
    channel: Annotated[str, typer.Argument(metavar="CHANNEL", help="As `pake alerts channels` names it.")],
    as_json: Json = False,
) -> None:
    """Send a test message by one channel now, and say what came of it; exit code 1 unless it was sent."""
    from pake_pipelines.alerts.trial import try_channel

    settings = get_settings()
    alerting = load_monitoring(settings.configs).alerting
    if channel not in alerting.channels:
        fail(f"no channel {channel!r}", hint=f"there are {', '.join(alerting.channels)}")
    trial = asyncio.run(try_channel(channel, alerting, settings, os.environ, datetime.now(UTC)))
    if as_json:
        print_json(asdict(trial))
    elif trial.state == "sent":
        note = f"; {trial.said}" if trial.said else ""
        out.print(Text(f"sent by {channel} in {trial.seconds:.1f} s{note}"), soft_wrap=True)
    else:
        hint = "sending it again would not help" if trial.state == "refused" else None
        fail(f"not sent by {channel} ({trial.state.replace('_', ' ')}): {trial.said}", hint=hint)
    if trial.state != "sent":
        raise typer.Exit(1)
