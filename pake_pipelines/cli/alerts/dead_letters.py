"""`pake alerts dead-letters`: messages that were given up, and another attempt at them."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated, Final

import typer
from rich.text import Text

from pake_pipelines.cli.actor import at_the_terminal
from pake_pipelines.cli.ages import moment
from pake_pipelines.cli.console import err, fail, out, print_json
from pake_pipelines.cli.sources.options import Json, ask
from pake_pipelines.cli.tables import Rows
from pake_pipelines.reports.amounts import counted
from pake_pipelines.settings import get_settings
from pake_pipelines.store import audit
from pake_pipelines.store.database import Connection
from pake_pipelines.store.notification_views import Notification, notifications
from pake_pipelines.store.notification_views import retry as send_again

app = typer.Typer(help="Messages that were given up, with the reasons, and another attempt at them.")
OfChannel = Annotated[str | None, typer.Option("--channel", metavar="NAME", help="Only those of this channel.")]
_STATES: Final = ("dead", "not_configured")
_MOST: Final = 10_000


@app.callback(invoke_without_command=True)
def list_letters(
    context: typer.Context,
    channel: OfChannel = None,
    limit: Annotated[int, typer.Option(min=1, max=_MOST, help="How many messages.")] = 50,
    as_json: Json = False,
) -> None:
    """List messages that were given up, or had no configured channel, the newest first."""
    if context.invoked_subcommand:
        return
    found = ask(
        get_settings(), lambda connection: notifications(connection, channel=channel, states=_STATES, limit=limit)
    )
    if as_json:
        print_json([asdict(one) for one in found])
        return
    if not found:
        out.print("no dead letters" + (f" of {channel}" if channel else ""))
        return
    out.print(_table(found))
    err.print("[dim]`pake alerts dead-letters retry` sends them after all[/]")


def _table(found: Sequence[Notification]) -> Rows:
    table = Rows("id", "channel", "given up", "tries", "message and reason", right={"id", "tries"})
    for one in found:
        said = Text.assemble(f"{one.kind}: {one.title}", (f"\n{one.last_error or ''}", "dim"))
        table.add_row(one.notification_id, one.channel, moment(one.ended_at), one.attempts, said)
    return table


@app.command()
def retry(
    ids: Annotated[list[int] | None, typer.Argument(metavar="ID...", help="Some of them; all otherwise.")] = None,
    channel: OfChannel = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say how many there are, and stop.")] = False,
    as_json: Json = False,
) -> None:
    """Let messages that were given up go out after all, with the next round."""
    if ids and channel:
        fail("give ids or --channel, not both")
    now = datetime.now(UTC)

    async def carry_out(connection: Connection) -> tuple[int, set[int]]:
        letters = await notifications(connection, channel=channel, states=_STATES, limit=_MOST)
        unknown = set(ids or ()) - {one.notification_id for one in letters}
        if unknown:
            return 0, unknown
        details = {"ids": ids, "channel": channel}
        count = await send_again(connection, now, ids=ids or None, channel=channel)
        await audit.record(
            connection, actor=at_the_terminal(), action="notification.retry", subject=channel or "all", details=details
        )
        return count, set()

    count, unknown = ask(get_settings(), carry_out, keep=not dry_run)
    if unknown:
        fail(f"no dead letter {', '.join(map(str, sorted(unknown)))}", hint="`pake alerts dead-letters` lists them")
    if as_json:
        print_json({"again": count, "dry_run": dry_run})
    elif dry_run:
        out.print(f"dry run: {counted(count, 'message')} would go out again")
    elif count:
        out.print(f"with the next round {counted(count, 'message')} will go out again")
    else:
        out.print("no dead letters")
