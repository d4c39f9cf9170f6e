"""`pake qa calibrate`: let scores mean the share of good items, by the labels of people."""

import asyncio
from dataclasses import asdict
from typing import Annotated, Any

import typer
from rich.text import Text

from pake_pipelines.cli.actor import at_the_terminal
from pake_pipelines.cli.console import fail, out, print_json
from pake_pipelines.cli.sources.options import Json
from pake_pipelines.cli.tables import Rows
from pake_pipelines.pipeline.calibrate import Proposal, propose, put_in_force, retire
from pake_pipelines.pipeline.kit import Kit
from pake_pipelines.quality.calibration import Choice, HeldOut
from pake_pipelines.reports.amounts import counted
from pake_pipelines.settings import get_settings
from pake_pipelines.store.database import open_database

_NEXT = "the next scan judges everything anew: `pake qa scan --full`"


def calibrate(
    method: Annotated[Choice, typer.Option("--method", help="auto takes platt below 200 labels.")] = "auto",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what it would do, and store nothing.")] = False,
    retiring: Annotated[
        bool, typer.Option("--retire", help="Take the calibration in force out of it; scores count as they are.")
    ] = False,
    force: Annotated[bool, typer.Option("--force", help="Also when it does worse on sources held out.")] = False,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Of how sources are held out.")] = 0,
    as_json: Json = False,
) -> None:
    """Fit a calibration to the stored labels and put it in force.

    It is checked on sources that it was not fitted on, and refused with fewer than 50 labels, with fewer than 10 of a
    kind, or when it makes the Brier score worse there. docs/scores.md explains it.
    """
    if retiring:
        _retire(dry_run=dry_run, as_json=as_json)
        return
    proposal, number = asyncio.run(_calibrate(method, seed, dry_run=dry_run, force=force))
    if as_json:
        print_json(_as_json(proposal, number))
    else:
        _show(proposal)
    refusal = proposal.fitted.refusal or (None if force else proposal.fitted.objection)
    if refusal is not None:
        overruled = "" if proposal.fitted.refusal else "; --force puts it in force all the same"
        fail(f"no calibration: {refusal}", hint=f"`pake qa label` asks for more labels{overruled}")
    if not as_json:
        out.print("[dim]dry run: nothing was stored[/]" if number is None else f"calibration {number} is in force")
        if number is not None:
            out.print(_NEXT)


async def _calibrate(choice: Choice, seed: int, *, dry_run: bool, force: bool) -> tuple[Proposal, int | None]:
    """Return what was found, and the number of the calibration if it is in force by now."""
    kit = Kit.of(get_settings())
    async with open_database(kit.database) as database:
        proposal = await propose(kit, database, choice, seed=seed)
        refused = proposal.calibration is None or (proposal.fitted.objection is not None and not force)
        if refused or dry_run:
            return proposal, None
        return proposal, await put_in_force(database, proposal, at_the_terminal())


def _retire(*, dry_run: bool, as_json: bool) -> None:
    if dry_run:
        fail("--retire has nothing to try: it goes without --dry-run")
    number = asyncio.run(_retired())
    if as_json:
        print_json({"retired": number})
    elif number is None:
        out.print("no calibration is in force")
    else:
        out.print(f"calibration {number} is out of force; scores count as they are")
        out.print(_NEXT)


async def _retired() -> int | None:
    async with open_database(Kit.of(get_settings()).database) as database:
        return await retire(database, at_the_terminal())


def _as_json(proposal: Proposal, number: int | None) -> dict[str, Any]:
    fitted, calibration = proposal.fitted, proposal.calibration
    return {
        "in_force": number is not None,
        "calibration_id": number,
        "labels": len(proposal.given.labels),
        "method": fitted.method,
        "version": calibration.version if calibration else None,
        "parameters": calibration.to_stored()[1] if calibration else None,
        "held_out": {method: asdict(one) for method, one in (fitted.held_out or {}).items()},
        "items": proposal.items,
        "moved": [asdict(one) for one in proposal.moved],
        "refused_because": fitted.refusal or fitted.objection,
    }


def _show(proposal: Proposal) -> None:
    labels = proposal.given.labels
    good, sources = sum(one.good for one in labels), len({one.source for one in labels})
    of = counted(sources, "source")
    out.print(f"{counted(len(labels), 'label')} of {of}: {good} good, {len(labels) - good} bad")
    if proposal.fitted.held_out:
        _show_held_out(proposal)
    if proposal.calibration is not None:
        _show_moved(proposal)


def _show_held_out(proposal: Proposal) -> None:
    figures = ("Brier before", "after", "gain, 95 % interval", "calibration error before", "after")
    table = Rows("on sources held out", *figures, right=figures)
    for method, one in (proposal.fitted.held_out or {}).items():
        chosen = method == proposal.fitted.method
        table.add_row(Text(method, style="bold" if chosen else "dim"), *_held_out(one))
    out.print(table)


def _held_out(one: HeldOut) -> tuple[str, ...]:
    gain = "-" if one.gain.low is None or one.gain.high is None else f"{one.gain.low:+.4f} to {one.gain.high:+.4f}"
    before, after = one.calibration_error_before.value, one.calibration_error_after.value
    return f"{one.brier_before:.4f}", f"{one.brier_after:.4f}", gain, f"{before:.3f}", f"{after:.3f}"


def _show_moved(proposal: Proposal) -> None:
    total = sum(one.items for one in proposal.moved)
    out.print(f"by score alone, {total:,} of {counted(proposal.items, 'item')} would stand elsewhere:")
    for one in proposal.moved:
        out.print(f"  {one.items:,} {one.before}, then {one.after}")
