"""`pake review`: what waits for a person, and the person's word, which automation does not overrule."""

import asyncio
from dataclasses import asdict
from typing import Annotated, Final

import typer
from rich.text import Text

from pake_pipelines.cli.actor import at_the_terminal
from pake_pipelines.cli.console import err, fail, out, print_json
from pake_pipelines.cli.items import item_named
from pake_pipelines.cli.sources.options import Json, ask
from pake_pipelines.cli.tables import Rows
from pake_pipelines.config.loading import load_quality
from pake_pipelines.model.judgement import ReviewDecision
from pake_pipelines.model.status import VerificationStatus
from pake_pipelines.pipeline.review import Reviewed, ReviewError, Ruling
from pake_pipelines.pipeline.review import review as carry_out
from pake_pipelines.settings import get_settings
from pake_pipelines.store import reviews
from pake_pipelines.store.database import addresses, open_database
from pake_pipelines.store.reviews import Reviewable

app = typer.Typer(
    help="Decide on items yourself: your word holds until a new version of the item comes.", no_args_is_help=True
)
_HELP = "Its pake_id, the beginning of it, or part of its title."
Items = Annotated[list[str], typer.Argument(metavar="ITEM", help=_HELP, show_default=False)]
Why = Annotated[str | None, typer.Option("--reason", help="Why; kept in the audit and shown with the verdict.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Show the verdicts as they would be, and change nothing.")]
_WAITING: Final = (VerificationStatus.QUARANTINED, VerificationStatus.PENDING)
_COLOURS: Final = {"verified": "green", "pending": "yellow", "quarantined": "magenta", "rejected": "red"}


@app.command("list")
def list_queue(
    status: Annotated[
        list[VerificationStatus], typer.Option("--status", help="Which ones; may be given several times.")
    ] = list(_WAITING),  # noqa: B006  # typer reads it and never changes it
    source: Annotated[str | None, typer.Option("--source", help="Only items of this source.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="How many items.")] = 20,
    as_json: Json = False,
) -> None:
    """List what waits for a person: quarantined items first, then those that come closest to being verified."""
    settings = get_settings()
    statuses = [one.value for one in status]
    found = ask(settings, lambda connection: reviews.queue(connection, statuses, source=source, limit=limit))
    if as_json:
        print_json([asdict(one) for one in found])
        return
    counts = ask(settings, lambda connection: reviews.count_by_status(connection, source=source))
    waiting = sum(counts.get(one, 0) for one in statuses)
    if not found:
        out.print(f"nothing is {' or '.join(statuses)}" + (f" of {source}" if source else ""))
        return
    out.print(_table(found))
    said = ", ".join(f"{counts[one]} {one}" for one in statuses if counts.get(one))
    err.print(f"[dim]{len(found)} of {waiting} shown ({said}); `pake node explain ID` says everything about one[/]")


def _table(found: list[Reviewable]) -> Rows:
    table = Rows("item", "status", "score", "title and reason", right={"score"})
    for one in found:
        said = Text.assemble(one.title or "(no title)", (f"  {one.source_name}", "dim"))
        for reason in one.reasons[:1]:
            said.append(f"\n{reason}", style="dim")
        status = Text(one.status, style=_COLOURS.get(one.status, ""))
        table.add_row(str(one.pake_id)[:8], status, f"{one.confidence:.2f}", said)
    return table


@app.command()
def approve(items: Items, reason: Why = None, dry_run: DryRun = False, as_json: Json = False) -> None:
    """Verify items, whatever rules and scores say."""
    _decide("approved", items, reason, dry_run=dry_run, as_json=as_json)


@app.command()
def reject(items: Items, reason: Why = None, dry_run: DryRun = False, as_json: Json = False) -> None:
    """Reject items, whatever rules and scores say."""
    _decide("rejected", items, reason, dry_run=dry_run, as_json=as_json)


@app.command()
def requeue(items: Items, reason: Why = None, dry_run: DryRun = False, as_json: Json = False) -> None:
    """Put items back into the queue: they are pending until a person decides or a new version comes."""
    _decide("requeued", items, reason, dry_run=dry_run, as_json=as_json)


def _decide(decision: ReviewDecision, named: list[str], reason: str | None, *, dry_run: bool, as_json: bool) -> None:
    outcome = asyncio.run(_review(decision, named, reason, dry_run=dry_run))
    if as_json:
        print_json({"decision": decision, "dry_run": dry_run, "items": [_as_json(one) for one in outcome]})
        return
    if dry_run:
        out.print("[dim]dry run: this is what would be, nothing was changed[/]")
    for one in outcome:
        before, after = one.before.status, one.after.status
        change = f"{before}, as before" if before == after else f"{before} to {after}"
        item = Text.assemble((f"{str(one.after.pake_id)[:8]}  ", "dim"), one.after.title, "  ")
        out.print(item.append(change, style=_COLOURS.get(after, "")), soft_wrap=True)


def _as_json(one: Reviewed) -> dict[str, object]:
    return {
        "pake_id": str(one.after.pake_id),
        "title": one.after.title,
        "before": one.before.status,
        "after": one.after.status,
        "reasons": list(one.after.reasons),
    }


async def _review(decision: ReviewDecision, named: list[str], reason: str | None, *, dry_run: bool) -> list[Reviewed]:
    settings = get_settings()
    rules = load_quality(settings.configs)
    async with open_database(addresses(settings).knowledge) as database:
        async with database.connection() as connection:
            ids = [await item_named(connection, one) for one in named]
        try:
            ruling = Ruling(decision, tuple(dict.fromkeys(ids)), at_the_terminal(), reason)
            return await carry_out(rules, database, ruling, dry_run=dry_run)
        except ReviewError as error:
            first = ", ".join(str(one) for one in error.items)
            fail(f"{first} {error}", hint=f"`pake node explain {error.items[0]}` says how far it came, and why")
