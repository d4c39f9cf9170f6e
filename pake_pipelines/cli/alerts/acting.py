"""`pake alerts ack` and `resolve`: a person's word on alerts."""

from datetime import UTC, datetime
from typing import Annotated

import typer

from pake_pipelines.alerts import incidents
from pake_pipelines.cli.actor import at_the_terminal
from pake_pipelines.cli.alerts.naming import Ids, alerts_named
from pake_pipelines.cli.console import fail, out, print_json
from pake_pipelines.cli.sources.options import Json, ask
from pake_pipelines.config.loading import load_monitoring
from pake_pipelines.settings import get_settings
from pake_pipelines.store import alerts
from pake_pipelines.store.database import Connection

DryRun = Annotated[bool, typer.Option("--dry-run", help="Show what would change, and stop.")]


def ack(
    ids: Ids,
    comment: Annotated[str, typer.Option("--comment", help="What you are about to do; kept in the audit.")] = "",
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Take alerts up: they are neither repeated nor escalated, and their incidents are taken up, too."""
    actor, now = at_the_terminal(), datetime.now(UTC)

    async def carry_out(connection: Connection) -> tuple[list[str], list[str], list[str]]:
        named = await alerts_named(connection, ids)
        taken = await alerts.acknowledge(connection, named, actor, comment, now)
        theirs = [await incidents.take_up_alert(connection, one, actor, comment, now) for one in taken]
        return named, taken, sorted({name for names in theirs for name in names})

    named, taken, theirs = ask(get_settings(), carry_out, keep=not dry_run)
    left = [one for one in named if one not in taken]
    if as_json:
        print_json({"acknowledged": taken, "unchanged": left, "incidents": theirs, "dry_run": dry_run})
        return
    for one in taken:
        out.print(f"{one} is taken up by {actor}")
    for one in left:
        out.print(f"{one} is left as it is: somebody has it, or it is resolved")
    _tell_incidents(theirs, "taken up with it")
    _tell_dry(dry_run)


def resolve(
    ids: Ids,
    reason: Annotated[str, typer.Option("--reason", help="Why it is over; kept with the alert and in the audit.")],
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Close alerts by hand; what is still bad then opens no other alert until it was good once."""
    actor, now, settings = at_the_terminal(), datetime.now(UTC), get_settings()
    if not reason.strip():
        fail("a reason is needed")
    config = load_monitoring(settings.configs).alerting.incidents

    async def carry_out(connection: Connection) -> tuple[list[str], list[str], tuple[str, ...]]:
        named = await alerts_named(connection, ids)
        resolved = await alerts.resolve_by_hand(connection, named, actor, reason, now)
        return named, resolved, await incidents.resolved_by_hand(connection, config, resolved, actor, reason, now)

    named, resolved, theirs = ask(settings, carry_out, keep=not dry_run)
    left = [one for one in named if one not in resolved]
    if as_json:
        print_json({"resolved": resolved, "unchanged": left, "incidents": list(theirs), "dry_run": dry_run})
        return
    for one in resolved:
        out.print(f"{one} is resolved; its channels are told with the next round")
    for one in left:
        out.print(f"{one} was resolved already")
    _tell_incidents(theirs, "stays open: `pake incidents update ID --status resolved` closes it")
    _tell_dry(dry_run)


def _tell_incidents(names: "list[str] | tuple[str, ...]", said: str) -> None:
    for name in names:
        out.print(f"incident {name}: {said}", soft_wrap=True)


def _tell_dry(dry_run: bool) -> None:
    if dry_run:
        out.print("[dim]dry run: nothing was changed[/]")
